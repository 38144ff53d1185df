"""A job's glossary: an object of its own, so that events carry a reference and not a thousand terms."""

from uuid import UUID

from octavia_common.artifacts import ArtifactStore, artifact_key, sha256_of
from octavia_common.documents import Glossary
from octavia_common.events import ArtifactRef

VERSION = "1"


async def write_glossary(
    store: ArtifactStore, user_id: UUID, job_id: UUID, glossary: Glossary
) -> ArtifactRef:
    """Store the terms for this job alone, so that they go with it."""
    key = artifact_key(
        user_id,
        "glossary",
        inputs=[sha256_of(glossary.model_dump_json().encode())],
        engine="gateway",
        version=VERSION,
        params={"job": str(job_id)},
    )
    return await store.write_document(key, glossary)
