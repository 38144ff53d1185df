"""What the assembler takes from Kafka and puts there."""

from octavia_common import events
from octavia_common.commands.asyncapi import Contract

CONTRACT = Contract(
    service="assembler",
    receives=(
        events.MediaPlanned,
        events.ChunkSynthesized,
        events.ChunkWritten,
        events.AssemblyRequested,
        events.ExportRequested,
        events.LanguageAssembled,
        events.LanguageFailed,
        events.CreditsRejected,
        events.CreditsCaptured,
        events.CreditsReleased,
        events.JobFailed,
        events.JobCancelled,
    ),
    sends=(
        events.AssemblyRequested,
        events.LanguageAssembled,
        events.LanguageFailed,
        events.JobAssembled,
        events.JobFailed,
        events.ExportMade,
        events.ExportFailed,
    ),
)
