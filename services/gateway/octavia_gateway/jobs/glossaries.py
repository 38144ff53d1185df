"""A job's lists of terms: objects of their own, so that events carry references and not a thousand terms."""

from uuid import UUID

from octavia_common.artifacts import ArtifactStore, artifact_key, sha256_of
from octavia_common.documents import Glossary, Pronunciations
from octavia_common.events import ArtifactRef, JobOptions

VERSION = "1"


async def write_terms(
    store: ArtifactStore, user_id: UUID, job_id: UUID, terms: Glossary | Pronunciations
) -> ArtifactRef:
    """Store the terms for this job alone, so that they go with it."""
    key = artifact_key(
        user_id,
        "glossary" if isinstance(terms, Glossary) else "pronunciations",
        inputs=[sha256_of(terms.model_dump_json().encode())],
        engine="gateway",
        version=VERSION,
        params={"job": str(job_id)},
    )
    return await store.write_document(key, terms)


async def read_terms(
    store: ArtifactStore, options: JobOptions
) -> tuple[Glossary | None, Pronunciations | None]:
    """The lists that a job was made with."""
    glossary, pronunciation = options.glossary, options.pronunciation
    return (
        None if glossary is None else await store.read_document(glossary, Glossary),
        None if pronunciation is None else await store.read_document(pronunciation, Pronunciations),
    )
