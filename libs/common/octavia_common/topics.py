"""The manifest of topics: the only place that knows a topic's name, partitions and retention.

Topics are created by `octavia topics apply`, never by a client. Which event goes where stands here
too, so a publisher hands over an event and nothing else.
"""

from dataclasses import dataclass

from octavia_common import events as e
from octavia_common.events import EventData

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    """One topic. `retention_ms` None keeps for ever; `compacted` keeps the last of each key."""

    name: str
    partitions: int
    carries: tuple[type[EventData], ...]
    retention_ms: int | None = 7 * DAY_MS
    compacted: bool = False
    description: str = ""


JOINED = 12
"""Partitions of topics keyed by job or user."""

SPREAD = 24
"""Partitions of chunk topics: the most workers of one stage that can share them."""

USERS_REGISTERED = Topic("users.registered", JOINED, (e.UserRegistered,), None, description="New accounts")
JOBS_SUBMITTED = Topic(
    "jobs.submitted",
    JOINED,
    (e.JobSubmitted, e.JobsSubmitted),
    description="Jobs to be held, singly or together, and begun",
)
JOBS_OUTCOME = Topic(
    "jobs.outcome",
    JOINED,
    (e.JobAssembled, e.VideoGenerated, e.JobFailed, e.JobCancelled),
    description="How a job's work ended, before billing has had its word",
)
CREDITS_GRANTS = Topic("credits.grants", JOINED, (e.GrantRequested,), description="Grants to be posted")
CREDITS_RESERVED = Topic(
    "credits.reserved", JOINED, (e.CreditsReserved,), description="Jobs whose credits are held: begin"
)
CREDITS_RESOLVED = Topic(
    "credits.resolved",
    JOINED,
    (e.CreditsRejected, e.CreditsCaptured, e.CreditsReleased),
    description="How a hold was resolved: the job's terminal state",
)
CREDITS_LEDGER = Topic(
    "credits.ledger", JOINED, (e.LedgerPosted,), None, description="Every line of every user's history"
)
CREDITS_PRICES = Topic(
    "credits.prices", 1, (e.PricesPublished,), None, compacted=True, description="The price list in force"
)
MEDIA_PLANNED = Topic("media.planned", JOINED, (e.MediaPlanned,), description="How a source was cut")
CHUNKS_RELEASED = Topic("chunks.released", SPREAD, (e.ChunkReleased,), description="Chunks to recognise")
CHUNKS_TRANSCRIBED = Topic(
    "chunks.transcribed", SPREAD, (e.ChunkTranscribed,), description="Chunks to translate"
)
CHUNKS_TRANSLATED = Topic("chunks.translated", SPREAD, (e.ChunkTranslated,), description="Chunks to speak")
CHUNKS_SPOKEN = Topic(
    "chunks.spoken", SPREAD, (e.ChunkSpoken,), description="Spoken chunks, to be recognised again and judged"
)
CHUNKS_SYNTHESIZED = Topic(
    "chunks.synthesized",
    JOINED,
    (e.ChunkSynthesized, e.ChunkWritten),
    description="Chunks that are spoken, or only written, to be joined",
)
CHUNKS_HELD = Topic("chunks.held", JOINED, (e.ChunkHeld,), description="Chunks that wait for review")
ASSEMBLY_REQUESTED = Topic(
    "assembly.requested", SPREAD, (e.AssemblyRequested,), description="Languages to put together"
)
MEDIA_ASSEMBLED = Topic(
    "media.assembled",
    JOINED,
    (e.LanguageAssembled, e.LanguageFailed),
    description="Finished languages of jobs, and those that cannot be made",
)
EXPORTS_REQUESTED = Topic(
    "exports.requested", SPREAD, (e.ExportRequested,), description="Other files to be made of results"
)
EXPORTS_MADE = Topic("exports.made", JOINED, (e.ExportMade, e.ExportFailed), description="How exports ended")
VIDEOS_SUBMITTED = Topic(
    "videos.submitted", JOINED, (e.VideosSubmitted,), description="Videos to be held, together, and begun"
)
VIDEOS_RESERVED = Topic(
    "videos.reserved", JOINED, (e.VideoReserved,), description="Videos whose credits are held: begin"
)
VIDEOS_PROGRESS = Topic(
    "videos.progress",
    JOINED,
    (e.VideoProgressed, e.VideoExpired),
    description="How far a video is, and that one is gone",
)
VIDEOS_CALLBACKS = Topic(
    "videos.callbacks",
    JOINED,
    (e.VideoCallbackReceived,),
    1 * DAY_MS,
    description="Providers that called back: look at their record",
)
VIDEOS_MODELS = Topic(
    "videos.models",
    1,
    (e.VideoModelsPublished,),
    None,
    compacted=True,
    description="What the provider of videos can be asked for",
)
ENGINES_PUBLISHED = Topic(
    "engines.published", 1, (e.EnginePublished,), None, compacted=True, description="What each engine can do"
)

DEAD_LETTERS = Topic(
    "dead-letters", 1, (), 30 * DAY_MS, description="What could not be parsed or failed past its retries"
)

EVENT_TOPICS: tuple[Topic, ...] = (
    USERS_REGISTERED,
    JOBS_SUBMITTED,
    JOBS_OUTCOME,
    CREDITS_GRANTS,
    CREDITS_RESERVED,
    CREDITS_RESOLVED,
    CREDITS_LEDGER,
    CREDITS_PRICES,
    MEDIA_PLANNED,
    CHUNKS_RELEASED,
    CHUNKS_TRANSCRIBED,
    CHUNKS_TRANSLATED,
    CHUNKS_SPOKEN,
    CHUNKS_SYNTHESIZED,
    CHUNKS_HELD,
    ASSEMBLY_REQUESTED,
    MEDIA_ASSEMBLED,
    EXPORTS_REQUESTED,
    EXPORTS_MADE,
    VIDEOS_SUBMITTED,
    VIDEOS_RESERVED,
    VIDEOS_PROGRESS,
    VIDEOS_CALLBACKS,
    VIDEOS_MODELS,
    ENGINES_PUBLISHED,
)

CHUNK_STAGES = ("transcriber.recogniser", "translator", "synthesizer")
"""Consumer groups of the stages that a chunk goes through, in their order; each member is a worker."""

STAGE_SERVICES = ("transcriber", "translator", "synthesizer", "assembler")


def retry_topic(service: str) -> Topic:
    """Where a stage service parks work that is to be tried again later."""
    return Topic(f"{service}.retry", 3, (), 1 * DAY_MS, description=f"Work the {service} tries again later")


ALL_TOPICS: tuple[Topic, ...] = (
    *EVENT_TOPICS,
    *(retry_topic(service) for service in STAGE_SERVICES),
    DEAD_LETTERS,
)

_TOPIC_OF: dict[type[EventData], Topic] = {kind: topic for topic in EVENT_TOPICS for kind in topic.carries}
_KIND_OF: dict[str, type[EventData]] = {kind.TYPE: kind for kind in _TOPIC_OF}


def topic_of(kind: type[EventData]) -> Topic:
    """The topic that events of `kind` are published to. Raises KeyError for an undeclared kind."""
    return _TOPIC_OF[kind]


def kind_of(type_name: str) -> type[EventData]:
    """The model of a CloudEvents `type`. Raises KeyError for an unknown one."""
    return _KIND_OF[type_name]
