"""Migrations of the services' schemas; they only go forward.

Stands apart from `database` because a running service never needs it, nor the packages it imports.
"""

from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
import psycopg.sql
from yoyo import get_backend, read_migrations

COMMON_MIGRATIONS = Path(str(files("octavia_common").joinpath("outbox/migrations")))


def migrate(database_url: str, schema: str, *folders: Path) -> None:
    """Bring `schema` up to date: the outbox and inbox of common first, then `folders` in order.

    Runs under yoyo's lock, so that several processes may call it at once.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        # Two processes that create the same schema at once collide in the catalogue: take turns.
        connection.execute("SELECT pg_advisory_lock(hashtext('octavia-migrate'))")
        connection.execute(psycopg.sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(_identifier(schema)))
        backend = get_backend(_yoyo_url(database_url, schema))
        try:
            for folder in (COMMON_MIGRATIONS, *folders):
                migrations = read_migrations(str(folder))
                with backend.lock():
                    backend.apply_migrations(backend.to_apply(migrations))
        finally:
            backend.connection.close()


def migrations_of_installed_services() -> dict[str, Path]:
    """Schema → folder of migrations, for every service installed in this environment."""
    return {
        point.name: Path(str(files(point.value).joinpath("migrations")))
        for point in sorted(entry_points(group="octavia.migrations"), key=lambda point: point.name)
    }


def _identifier(name: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(name)


def _yoyo_url(database_url: str, schema: str) -> str:
    parts = urlsplit(database_url)
    query = dict(parse_qsl(parts.query)) | {"schema": schema}
    return urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, urlencode(query, quote_via=quote), ""))
