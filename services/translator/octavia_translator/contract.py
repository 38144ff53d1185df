"""What the translator takes from Kafka and gives to it, as its AsyncAPI document is made from."""

from octavia_common import events as e
from octavia_common.commands.asyncapi import Contract

CONTRACT = Contract(
    service="translator",
    receives=(e.ChunkTranscribed,),
    sends=(
        e.ChunkTranslated,
        e.ChunkHeld,
        e.LanguageFailed,
        e.ChunkWritten,
        e.JobFailed,
        e.EnginePublished,
    ),
)
