"""The engines; one is chosen by setting and only that one is imported."""

from octavia_synthesizer.engine import SynthesisEngine
from octavia_synthesizer.settings import SynthesizerSettings


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
            speakers=settings.coqui_speakers,
            device=settings.coqui_device,
            batch=settings.coqui_batch,
            accepted_licences=settings.coqui_accept_licences,
        )
    from octavia_synthesizer.engines.espeak import EspeakSynthesizer

    return EspeakSynthesizer(
        threads=settings.synthesizer_threads, timeout_seconds=settings.synthesizer_line_timeout_seconds
    )
