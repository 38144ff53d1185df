"""The diarizer of the settings."""

from octavia_transcriber.settings import TranscriberSettings
from octavia_transcriber.speakers.base import Diarizer, OneSpeaker
from octavia_transcriber.speakers.clustering import ClusterRules
from octavia_transcriber.speakers.embeddings import EmbeddingDiarizer


def make_diarizer(settings: TranscriberSettings) -> Diarizer:
    """By voices where a model is set, else one speaker; not yet started."""
    if settings.speaker_model is None:
        return OneSpeaker()
    rules = ClusterRules(distance=settings.speaker_distance)
    return EmbeddingDiarizer(settings.speaker_model, rules, threads=settings.speaker_threads)
