"""What the gateway takes from Kafka and puts there, as its AsyncAPI document is made from."""

from octavia_common import events
from octavia_common.commands.asyncapi import Contract

from octavia_gateway.projection.wiring import ACCOUNT_TOPICS, WORK_TOPICS

CONTRACT = Contract(
    service="gateway",
    receives=tuple(kind for topic in (*WORK_TOPICS, *ACCOUNT_TOPICS) for kind in topic.carries),
    sends=(
        events.UserRegistered,
        events.GrantRequested,
        events.JobSubmitted,
        events.JobsSubmitted,
        events.JobCancelled,
        events.JobFailed,
        events.MediaPlanned,
        events.ChunkTranscribed,
        events.ChunkTranslated,
        events.ChunkWritten,
        events.LanguageFailed,
        events.ExportRequested,
        events.VideosSubmitted,
        events.VideoCallbackReceived,
    ),
)
