"""A service that is always ready, and that starts a program in a session of its own, as engines do.

Writes the process ids of both into its state directory.
"""

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        return


engine = subprocess.Popen(["sleep", "1000"], start_new_session=True)
server = HTTPServer(("127.0.0.1", int(os.environ["HEALTH_PORT"])), Ready)
with (Path(sys.argv[1]) / "pids").open("a") as stream:
    stream.write(f"{os.getpid()} {engine.pid}\n")
server.serve_forever()
