"""What the transcriber takes from Kafka and gives to it, as its AsyncAPI document is made from."""

from octavia_common import events as e
from octavia_common.commands.asyncapi import Contract

CONTRACT = Contract(
    service="transcriber",
    receives=(
        e.CreditsReserved,
        e.MediaPlanned,
        e.ChunkReleased,
        e.ChunkSpoken,
        e.ChunkSynthesized,
        e.ChunkHeld,
        e.LanguageAssembled,
        e.LanguageFailed,
        e.ChunkWritten,
        e.JobFailed,
        e.JobCancelled,
    ),
    sends=(
        e.MediaPlanned,
        e.ChunkReleased,
        e.ChunkTranscribed,
        e.ChunkTranslated,
        e.ChunkWritten,
        e.ChunkSynthesized,
        e.ChunkHeld,
        e.LanguageFailed,
        e.JobFailed,
        e.EnginePublished,
    ),
)
