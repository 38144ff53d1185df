"""Starts one engine and prints on one line of JSON what came of it: `python -m … module:OFFER NAME`."""

import asyncio
import json
import sys

from octavia_common.commands.engines import probed

if __name__ == "__main__":
    answer = asyncio.run(probed(sys.argv[1], sys.argv[2]))
    print(json.dumps(answer), flush=True)
