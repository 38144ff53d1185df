"""Replicas of the gateway that cost nothing to start, so that a thousand can be killed.

One process loads the application; a line on its standard input has it fork a replica, which serves the
whole application but for Kafka and signing in (callers are who their token says, by user id). It answers
with the replica's process id and port. All of them end with it.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
from dataclasses import replace
from uuid import UUID

import uvicorn
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.database import Database
from octavia_common.outbox.outbox import Outbox
from octavia_gateway.app import build_app
from octavia_gateway.auth.user import User
from octavia_gateway.composition import Gateway, compose
from octavia_gateway.settings import GatewaySettings
from starlette.types import ASGIApp

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent ends."""


class TokenIsUser:
    """Believes everybody."""

    async def authenticate(self, credential: str) -> User:
        return User(user_id=UUID(credential), email="somebody@example.org", is_admin=False)


async def serve(database: Database, gateway: Gateway, app: ASGIApp, listener: socket.socket) -> None:
    """Serve until killed."""
    await database.open()
    background = [asyncio.create_task(run()) for run in (gateway.hub.run, gateway.streams.run)]
    config = uvicorn.Config(app, lifespan="off", loop="none", http="httptools", log_level="warning")
    await uvicorn.Server(config).serve([listener])
    for task in background:
        task.cancel()


def main() -> None:
    """Fork a replica for each line, until there are no more."""
    settings = GatewaySettings()
    database = Database(settings.database_url.get_secret_value(), schema="gateway", pool_size=3)
    gateway = compose(settings, database, Outbox("gateway", "gateway"), FakeArtifactStore())
    app = build_app(replace(gateway.resources, authenticator=TokenIsUser()))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    gc.freeze()
    for _ in sys.stdin:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        child = os.fork()
        if child == 0:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            asyncio.run(serve(database, gateway, app, listener))
            os._exit(0)
        print(child, listener.getsockname()[1], flush=True)
        listener.close()
        # Those killed meanwhile are let go.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


if __name__ == "__main__":
    main()
