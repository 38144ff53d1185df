"""The object store: where every file of the platform lies, addressed by what it was made from."""

from octavia_common.artifacts.client import S3Client
from octavia_common.artifacts.keys import artifact_key, sha256_of, upload_key, user_prefix
from octavia_common.artifacts.multipart import MultipartUploads, Part, UnfinishedUpload, UploadedPart
from octavia_common.artifacts.once import made_once
from octavia_common.artifacts.part_stream import PartStream
from octavia_common.artifacts.s3 import S3ArtifactStore, open_store
from octavia_common.artifacts.store import ArtifactStore

__all__ = [
    "ArtifactStore",
    "MultipartUploads",
    "Part",
    "PartStream",
    "S3ArtifactStore",
    "S3Client",
    "UnfinishedUpload",
    "UploadedPart",
    "artifact_key",
    "made_once",
    "open_store",
    "sha256_of",
    "upload_key",
    "user_prefix",
]
