"""What the videogen takes from Kafka and gives to it, as its AsyncAPI document is made from."""

from octavia_common import events as e
from octavia_common.commands.asyncapi import Contract

CONTRACT = Contract(
    service="videogen",
    receives=(e.VideoReserved, e.VideoCallbackReceived, e.JobFailed, e.JobCancelled),
    sends=(e.VideoModelsPublished, e.VideoProgressed, e.VideoGenerated, e.VideoExpired, e.JobFailed),
)
