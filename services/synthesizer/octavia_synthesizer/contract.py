"""What the synthesizer takes from Kafka and gives to it, as its AsyncAPI document is made from."""

from octavia_common import events as e
from octavia_common.commands.asyncapi import Contract

CONTRACT = Contract(
    service="synthesizer",
    receives=(e.ChunkTranslated,),
    sends=(
        e.ChunkSpoken,
        e.ChunkSynthesized,
        e.LanguageFailed,
        e.JobFailed,
        e.EnginePublished,
    ),
)
