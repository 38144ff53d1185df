"""Starts chains all at once and waits for the last: run as a module, it prints the seconds that took."""

import io
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from celery import chain

from octavia_benchmarks.celery_chain.app import (
    assemble,
    key_of,
    recognise,
    settings,
    split,
    synthesize,
    translate,
)
from octavia_benchmarks.traffic import read

_SECONDS = 300


def put_sources(jobs: list[str]) -> None:
    """Write what a job reads and no step of it wrote: the uploaded source."""
    store = settings.store()
    requests = [request for step in read(settings.traffic).values() for request in step]
    written = {request.name for request in requests if request.method == "PUT"}
    sources = {r.name: r.size for r in requests if r.method == "GET" and r.name not in written}

    def put(job: str) -> None:
        for name, size in sources.items():
            store.put_object(settings.bucket, key_of(job, name), io.BytesIO(os.urandom(size)), size)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, jobs))


def run(jobs: list[str]) -> float:
    """Seconds from the first chain's start until every chain's result is there."""
    began = time.perf_counter()
    steps = [recognise.s(), translate.s(), synthesize.s(), assemble.s()]
    results = [chain(split.s(job), *steps).apply_async() for job in jobs]
    for result in results:
        result.get(timeout=_SECONDS)
    return time.perf_counter() - began


def main() -> None:
    """Arguments: how many jobs to warm up with, how many to measure."""
    warm_up, count = (int(argument) for argument in sys.argv[1:])
    jobs = [uuid4().hex for _ in range(warm_up + count)]
    put_sources(jobs)
    run(jobs[:warm_up])
    print(run(jobs[warm_up:]))


if __name__ == "__main__":
    main()
