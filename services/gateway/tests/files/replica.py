"""One replica of the gateway, as a process of its own: it can be killed and measured.

The whole application, but for Kafka, which files do not need, and for signing in, which has tests of
its own: callers are who their token says, by user id.
"""

import asyncio
import socket
from dataclasses import replace
from uuid import UUID

import uvicorn
from octavia_common.artifacts import open_store
from octavia_common.database import Database
from octavia_common.outbox.outbox import Outbox
from octavia_gateway.app import build_app
from octavia_gateway.auth.user import UnauthenticatedError, User
from octavia_gateway.composition import compose
from octavia_gateway.settings import GatewaySettings

SCHEMA = "gateway"


class TokenIsUser:
    async def authenticate(self, credential: str) -> User:
        try:
            user_id = UUID(credential)
        except ValueError:
            raise UnauthenticatedError("not a user id") from None
        return User(user_id=user_id, email="somebody@example.org", is_admin=False)


async def serve() -> None:
    settings = GatewaySettings()
    database = Database(settings.database_url.get_secret_value(), schema=SCHEMA, pool_size=4)
    await database.open()
    store = open_store(settings)
    gateway = compose(settings, database, Outbox("gateway", SCHEMA), store)
    app = build_app(replace(gateway.resources, authenticator=TokenIsUser()))
    listener = socket.create_server(("127.0.0.1", 0))
    # Small, so that tests know how much of what was sent can lie where nobody has read it.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    print(listener.getsockname()[1], flush=True)
    running = [asyncio.create_task(gateway.resources.files.sweeper.run())]
    if settings.remote_uploads:
        running.append(asyncio.create_task(gateway.remote.run()))
    config = uvicorn.Config(app, lifespan="off", loop="none", http="httptools", log_level="warning")
    await uvicorn.Server(config).serve([listener])
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    gateway.close()
    await store.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(serve())
