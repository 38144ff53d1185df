"""The Celery application: five tasks that ask of the object store what the five stages ask, and pass on.

Its processes are told by the environment where Redis and the object store are (see `settings.py`), and by a
file what to ask. Acknowledged late, as the platform does: a killed worker's task is worked on again.
"""

import io
import os
from typing import Any

from celery import Celery
from minio.error import S3Error

from octavia_benchmarks.celery_chain.settings import Settings
from octavia_benchmarks.traffic import Request, read

settings = Settings.from_environment()
app = Celery("baseline", broker=settings.redis, backend=settings.redis)
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=4,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)
_steps = read(settings.traffic)
_store = settings.store()


def key_of(job: str, name: str) -> str:
    """Where an object of a job lies."""
    return f"celery/{job}/{name}"


def _ask(job: str, request: Request) -> None:
    key = key_of(job, request.name)
    match request.method:
        case "HEAD":
            try:
                _store.stat_object(settings.bucket, key)
            except S3Error as error:
                if error.code != "NoSuchKey":
                    raise
        case "GET":
            response = _store.get_object(settings.bucket, key)
            try:
                response.read()
            finally:
                response.close()
                response.release_conn()
        case "PUT":
            data = os.urandom(request.size)
            _store.put_object(settings.bucket, key, io.BytesIO(data), len(data))


def _task(step: str, **options: Any) -> Any:
    def work(job: str) -> str:
        for request in _steps[step]:
            _ask(job, request)
        return job

    return app.task(work, name=f"baseline.{step}", **options)


split = _task("split")
recognise = _task("recognise")
translate = _task("translate")
synthesize = _task("synthesize")
assemble = _task("assemble", ignore_result=False)
