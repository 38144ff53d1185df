"""`octavia migrate`: bring the tables of every installed service up to date."""

import typer

from octavia_common.migrations import migrate, migrations_of_installed_services
from octavia_common.settings import ServiceSettings

app = typer.Typer(help="Bring the tables of the services up to date.")


@app.callback(invoke_without_command=True)
def migrate_command() -> None:
    """Apply every migration not applied yet, a schema a service; safe to run again and at once."""
    url = ServiceSettings().database_url.get_secret_value()
    for schema, folder in migrations_of_installed_services().items():
        migrate(url, schema, folder)
        typer.echo(f"{schema}: up to date")
