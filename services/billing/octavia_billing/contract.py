"""What billing takes from Kafka and gives to it, as its AsyncAPI document is made from."""

from octavia_common import events as e
from octavia_common.commands.asyncapi import Contract

CONTRACT = Contract(
    service="billing",
    receives=(
        e.UserRegistered,
        e.GrantRequested,
        e.JobSubmitted,
        e.JobsSubmitted,
        e.JobAssembled,
        e.JobFailed,
        e.JobCancelled,
        e.VideosSubmitted,
        e.VideoGenerated,
    ),
    sends=(
        e.PricesPublished,
        e.CreditsReserved,
        e.CreditsRejected,
        e.CreditsCaptured,
        e.CreditsReleased,
        e.LedgerPosted,
        e.VideoReserved,
    ),
)
