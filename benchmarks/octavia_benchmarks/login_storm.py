"""A storm of logins, as a process of its own: `python -m octavia_benchmarks.login_storm PORT RATE`.

Every login comes from another address and tries another account, so that no limit of one caller stops it: it
is the worst that strangers can do to the hashing of passwords. Runs until its standard input is closed, then
says what it was answered, as JSON.
"""

import asyncio
import json
import random
import sys
from collections import Counter

from octavia_benchmarks.raw_http import Line, request

LINES = 128
"""Connections; a login that finds none free is not sent, and counted as such."""


async def storm(port: int, rate: float) -> Counter[str]:
    """Send `rate` logins a second until the standard input is closed; how many had which answer."""
    free = [Line("127.0.0.1", port) for _ in range(LINES)]
    answers: Counter[str] = Counter()
    running: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    closed = loop.run_in_executor(None, sys.stdin.read)

    async def log_in(line: Line) -> None:
        stranger = f"{random.getrandbits(48):x}@example.org"
        address = ".".join(str(random.randrange(1, 255)) for _ in range(4))
        body = {"email": stranger, "password": "not the right one"}
        try:
            answers[
                str(await line.ask(request("POST", "/api/v1/auth/login", body, X_Forwarded_For=address)))
            ] += 1
        except (OSError, EOFError):
            line.close()
            answers["broken"] += 1
        free.append(line)

    begun = loop.time()
    count = 0
    while not closed.done():
        due = int((loop.time() - begun) * rate)
        for _ in range(due - count):
            if free:
                task = asyncio.create_task(log_in(free.pop()))
                running.add(task)
                task.add_done_callback(running.discard)
            else:
                answers["not sent"] += 1
        count = due
        await asyncio.sleep(0.005)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return answers


if __name__ == "__main__":
    print(json.dumps(asyncio.run(storm(int(sys.argv[1]), float(sys.argv[2])))))
