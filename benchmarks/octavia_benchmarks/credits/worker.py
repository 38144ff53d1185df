"""A replica as a process: says `ready`, waits for a line, does its `Task` and says what came of it."""

import asyncio
import json
import sys
from dataclasses import asdict

from octavia_billing.repositories import BY_KEY
from octavia_common.database import Database

from octavia_benchmarks.credits.replica import Replica, Task


async def _told_to_begin() -> None:
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def _work(task: Task) -> None:
    database = Database(task.url, schema="billing", pool_size=4, session=BY_KEY)
    await database.open()
    try:
        done = await Replica(database, task.batch).work(task, _told_to_begin)
    finally:
        await database.close()
    print(json.dumps(asdict(done)), flush=True)


if __name__ == "__main__":
    asyncio.run(_work(Task(**json.loads(sys.argv[1]))))
