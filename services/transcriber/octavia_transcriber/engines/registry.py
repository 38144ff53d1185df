"""Engines by the name that the setting TRANSCRIBER_ENGINE gives them."""

from collections.abc import Callable

from octavia_common.errors import EngineUnavailableError

from octavia_transcriber.engines.base import Recogniser
from octavia_transcriber.settings import TranscriberSettings


def _pocketsphinx(settings: TranscriberSettings) -> Recogniser:
    from octavia_transcriber.engines.pocketsphinx import PocketsphinxRecogniser

    return PocketsphinxRecogniser()


def _faster_whisper(settings: TranscriberSettings) -> Recogniser:
    from octavia_transcriber.engines.whisper.guards import Guards
    from octavia_transcriber.engines.whisper.models import WhisperModels, WhisperOptions, offered
    from octavia_transcriber.engines.whisper.recogniser import WhisperRecogniser

    models = WhisperModels(
        WhisperOptions(
            model=settings.whisper_model,
            sizes=offered(settings.whisper_model_sizes, settings.whisper_model),
            folder=settings.whisper_models_dir,
            download=settings.whisper_download,
            device=settings.whisper_device,
            compute_type=settings.whisper_compute_type,
            threads=settings.whisper_threads,
            workers=settings.whisper_chunks_at_once,
            kept=settings.whisper_models_kept,
        )
    )
    guards = Guards(
        least_log_probability=settings.whisper_least_log_probability,
        most_no_speech=settings.whisper_most_no_speech,
        most_compression=settings.whisper_most_compression,
    )
    return WhisperRecogniser(
        models,
        guards,
        batch_size=settings.whisper_batch_size,
        beam_size=settings.whisper_beam_size,
        abreast=settings.whisper_chunks_at_once,
    )


def _timed(settings: TranscriberSettings) -> Recogniser:
    from octavia_transcriber.engines.timed import TimedRecogniser

    return TimedRecogniser(settings.timed_engine_seconds)


ENGINES: dict[str, Callable[[TranscriberSettings], Recogniser]] = {
    "pocketsphinx": _pocketsphinx,
    "faster-whisper": _faster_whisper,
    "timed": _timed,
}


def make_engine(settings: TranscriberSettings) -> Recogniser:
    """The engine of the settings, not yet started. Raises EngineUnavailableError for an unknown name."""
    try:
        make = ENGINES[settings.transcriber_engine]
    except KeyError:
        raise EngineUnavailableError(
            f"TRANSCRIBER_ENGINE={settings.transcriber_engine} is no engine; "
            f"choose one of {', '.join(ENGINES)}."
        ) from None
    return make(settings)
