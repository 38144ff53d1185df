"""The engines; one is chosen by setting and only that one is imported."""

from typing import get_args

from octavia_synthesizer.engine import SynthesisEngine
from octavia_synthesizer.settings import SynthesizerSettings

NAMES: tuple[str, ...] = get_args(SynthesizerSettings.model_fields["synthesizer_engine"].annotation)
"""What the setting SYNTHESIZER_ENGINE may be."""


def make_engine(settings: SynthesizerSettings) -> SynthesisEngine:
    """The engine that the settings name, not yet started."""
    if settings.synthesizer_engine == "timed":
        from octavia_synthesizer.engines.timed import TimedSynthesizer

        return TimedSynthesizer(settings.timed_engine_seconds)
    if settings.synthesizer_engine == "coqui":
        from octavia_synthesizer.engines.coqui.engine import CoquiSynthesizer

        return CoquiSynthesizer(
            settings.coqui_models,
            models_dir=settings.coqui_models_dir,
            download=settings.coqui_download,
            speakers=settings.coqui_speakers,
            device=settings.coqui_device,
            batch=settings.coqui_batch,
            accepted_licences=settings.coqui_accept_licences,
        )
    from octavia_synthesizer.engines.espeak import EspeakSynthesizer

    return EspeakSynthesizer(
        threads=settings.synthesizer_threads, timeout_seconds=settings.synthesizer_line_timeout_seconds
    )
