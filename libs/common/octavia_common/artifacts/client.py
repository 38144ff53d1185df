"""The one place that talks to an S3 server, through the `minio` client.

The client is synchronous: its calls run in threads of this module's own, as many as there are
connections, each for one bounded request, so that nothing waits on a slow reader and the loop never
blocks. minio has no public call for the parts of a multipart upload; its private ones are used here
and nowhere else (7.2.20; pinned below 8 in the package's dependencies).
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Part as MinioPart
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from minio.xml import Element, SubElement, getbytes
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from octavia_common.artifacts.signing import signed_address
from octavia_common.errors import ArtifactMissingError, OctaviaError, PermanentError, TransientError
from octavia_common.settings import ServiceSettings

T = TypeVar("T")

CONNECTIONS = 16
"""Connections and threads of one process to the store."""

TRIES = 6
"""Most tries of one call, with waits of up to 0.1, 0.2, 0.4, 0.8 and 1.6 s between them: the first wait is
short because mostly a connection went stale."""

_MISSING = frozenset({"NoSuchKey", "NoSuchUpload", "NoSuchVersion", "ResourceNotFound"})
_OUR_FAULT = frozenset(
    {"EntityTooLarge", "EntityTooSmall", "InvalidPart", "InvalidPartOrder", "KeyTooLongError"}
)


class PreconditionFailedError(OctaviaError):
    """An object is already there. Never leaves the store: the first writer has won."""

    code = "artifact_exists"
    status = 409


class RangeError(OctaviaError):
    """The object is shorter than what was asked of it. Never leaves the store."""

    code = "range_not_satisfiable"
    status = 416


@dataclass(frozen=True)
class ObjectInfo:
    """What a HEAD request says; `sha256` is None where no digest was kept with the object."""

    size_bytes: int
    media_type: str
    sha256: str | None


class S3Client:
    """Calls on one bucket, with time-outs, bounded retries and our errors instead of the vendor's."""

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        *,
        region: str = "us-east-1",
        public_endpoint: str = "",
        connections: int = CONNECTIONS,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 60.0,
    ) -> None:
        address = _address("S3_ENDPOINT", endpoint)
        public = _address("S3_PUBLIC_ENDPOINT", public_endpoint) if public_endpoint else address
        self.bucket = bucket
        self._region = region
        self._pool = urllib3.PoolManager(
            maxsize=connections,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(connect=connect_timeout_seconds, read=read_timeout_seconds),
        )
        self.minio = Minio(
            address.netloc,
            access_key,
            secret_key,
            secure=address.scheme == "https",
            region=region,
            http_client=self._pool,
        )
        # Asks nothing of anybody: it only builds the addresses that clients of the platform are given.
        self.public = Minio(
            public.netloc, access_key, secret_key, secure=public.scheme == "https", region=region
        )
        self._access_key, self._secret_key = access_key, secret_key
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="s3")

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> Self:
        """The client that a service's settings describe."""
        return cls(
            settings.s3_endpoint,
            settings.s3_access_key.get_secret_value(),
            settings.s3_secret_key.get_secret_value(),
            settings.s3_bucket,
            region=settings.s3_region,
            public_endpoint=settings.s3_public_endpoint,
        )

    async def close(self) -> None:
        """Wait for calls in hand and close the connections."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._pool.clear()

    async def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a blocking call in a thread, again where it fails for a passing reason.

        It must be harmless to repeat. Raises ArtifactMissingError, TransientError, PermanentError.
        """
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=0.1, max=2.0),
            retry=retry_if_exception_type(TransientError),
            reraise=True,
        ):
            with attempt:
                return await self._call_once(function, *args, **kwargs)
        raise AssertionError("unreachable: tenacity returns or raises")

    async def call_once(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """As `call`, without another try: for checks that must answer at once."""
        return await self._call_once(function, *args, **kwargs)

    async def _call_once(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise translated(error) from None

    def part_address(
        self,
        key: str,
        upload_id: str,
        number: int,
        *,
        size_bytes: int,
        expires: timedelta,
        public: bool,
    ) -> str:
        """A signed address to PUT one part of exactly `size_bytes` to; `public` as clients reach it."""
        minio = self.public if public else self.minio
        url = minio._base_url.build(
            method="PUT",
            region=self._region,
            bucket_name=self.bucket,
            object_name=key,
            query_params={"partNumber": str(number), "uploadId": upload_id},
        )
        return signed_address(
            "PUT",
            url,
            access_key=self._access_key,
            secret_key=self._secret_key,
            region=self._region,
            expires=expires,
            headers={"content-length": str(size_bytes)},
        )

    # -- one request each; blocking, to be run through `call` ---------------------------------------

    def head(self, key: str) -> ObjectInfo:
        """Size, media type and digest of an object."""
        found = self.minio.stat_object(self.bucket, key)
        headers: Mapping[str, str] = found.metadata or {}
        return ObjectInfo(
            size_bytes=found.size or 0,
            media_type=found.content_type or "application/octet-stream",
            sha256=headers.get("x-amz-meta-sha256"),
        )

    def get(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer where the object ends before."""
        response = self.minio.get_object(self.bucket, key, offset=offset, length=length)
        try:
            # A server that ignores ranges would send everything: never take more than was asked for.
            data = response.read(length)
        finally:
            response.close()
            response.release_conn()
        if offset and response.status != 206:
            raise ServerError("the object store ignored a range", response.status)
        return bytes(data)

    def put(self, key: str, data: bytes, media_type: str, sha256: str) -> None:
        """Write an object that must not exist yet, in one piece."""
        headers: dict[str, str | list[str] | tuple[str]] = {
            "Content-Type": media_type,
            "If-None-Match": "*",
            "x-amz-meta-sha256": sha256,
        }
        self.minio._put_object(self.bucket, key, data, headers)

    def create_multipart(self, key: str, media_type: str, sha256: str | None) -> str:
        """Begin a multipart upload; returns its id."""
        headers: dict[str, str | list[str] | tuple[str]] = {"Content-Type": media_type}
        if sha256 is not None:
            headers["x-amz-meta-sha256"] = sha256
        return self.minio._create_multipart_upload(self.bucket, key, headers)

    def put_part(self, key: str, upload_id: str, number: int, data: bytes | bytearray | memoryview) -> str:
        """Write a part (numbers count from 1); returns its etag."""
        # minio says bytes and takes whatever has a buffer; a copy of a part would be a part more of memory.
        return self.minio._upload_part(self.bucket, key, cast(bytes, data), None, upload_id, number)

    def list_parts(self, key: str, upload_id: str) -> list[MinioPart]:
        """All parts that are there, by number."""
        parts: list[MinioPart] = []
        marker: str | None = None
        while True:
            page = self.minio._list_parts(self.bucket, key, upload_id, part_number_marker=marker)
            parts += page.parts
            if not page.is_truncated or not page.parts:
                return sorted(parts, key=lambda part: part.part_number)
            marker = str(page.parts[-1].part_number)

    def list_multipart(self, prefix: str) -> list[tuple[str, str]]:
        """Key and upload id of every unfinished multipart upload below `prefix`."""
        found: list[tuple[str, str]] = []
        key_marker: str | None = None
        id_marker: str | None = None
        while True:
            page = self.minio._list_multipart_uploads(
                self.bucket, prefix=prefix, key_marker=key_marker, upload_id_marker=id_marker
            )
            # Not every server heeds the prefix.
            found += [
                (upload.object_name, upload.upload_id)
                for upload in page.uploads
                if upload.object_name.startswith(prefix) and upload.upload_id
            ]
            if not page.is_truncated or not page.uploads or page.next_key_marker == key_marker:
                return found
            key_marker, id_marker = page.next_key_marker, page.next_upload_id_marker

    def complete_multipart(self, key: str, upload_id: str, parts: list[tuple[int, str]]) -> None:
        """Make one object, which must not exist yet, of the parts."""
        # minio's own call can send no condition.
        root = Element("CompleteMultipartUpload")
        for number, etag in parts:
            part = SubElement(root, "Part")
            SubElement(part, "PartNumber", str(number))
            SubElement(part, "ETag", f'"{etag}"')
        response = self.minio._execute(
            "POST",
            self.bucket,
            key,
            body=getbytes(root),
            headers={"Content-Type": "application/xml", "If-None-Match": "*"},
            query_params={"uploadId": upload_id},
        )
        if b"<Error" in response.data:  # S3 may say 200 first and find out afterwards that it failed
            raise ServerError("completing a multipart upload failed", response.status)

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts."""
        self.minio._abort_multipart_upload(self.bucket, key, upload_id)


def _address(setting: str, endpoint: str) -> SplitResult:
    address = urlsplit(endpoint)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise ValueError(f"{setting} must look like http://host:port, not {endpoint!r}")
    return address


def translated(error: Exception) -> OctaviaError:
    """Our error for one of the vendor's; what a server cannot do just now is transient."""
    if isinstance(error, S3Error):
        code = error.code or ""
        if code in _MISSING:
            return ArtifactMissingError(
                "The file is no longer in the store; it was deleted, or its time there is over.",
                key=error.object_name,
            )
        if code == "PreconditionFailed":
            return PreconditionFailedError("There is already an object under this key.")
        if code == "InvalidRange":
            return RangeError("The object is shorter than expected.")
        if code in _OUR_FAULT:
            return PermanentError(f"The object store refused the upload: {code}.", s3_code=code)
        if code in ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"):
            return TransientError(
                "The object store refuses our key; check S3_ACCESS_KEY and S3_SECRET_KEY.", s3_code=code
            )
        if code == "NoSuchBucket":
            return TransientError("The bucket is missing in the object store; check S3_BUCKET.", s3_code=code)
        return TransientError("The object store cannot do this just now; try again later.", s3_code=code)
    if isinstance(error, ServerError):
        return TransientError(
            "The object store has a problem; try again later.", http_status=error.status_code
        )
    if isinstance(error, InvalidResponseError):
        return TransientError("The object store answered something that is not S3; check S3_ENDPOINT.")
    return TransientError(
        "The object store cannot be reached; check S3_ENDPOINT and that the server runs.",
        reason=type(error).__name__,
    )
