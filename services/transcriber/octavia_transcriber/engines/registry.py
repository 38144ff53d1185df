"""Engines by the name that the setting TRANSCRIBER_ENGINE gives them."""

from collections.abc import Callable

from octavia_common.errors import EngineUnavailableError

from octavia_transcriber.engines.base import Recogniser
from octavia_transcriber.settings import TranscriberSettings


def _pocketsphinx(settings: TranscriberSettings) -> Recogniser:
    from octavia_transcriber.engines.pocketsphinx import PocketsphinxRecogniser

    return PocketsphinxRecogniser()


def _timed(settings: TranscriberSettings) -> Recogniser:
    from octavia_transcriber.engines.timed import TimedRecogniser

    return TimedRecogniser(settings.timed_engine_seconds)


ENGINES: dict[str, Callable[[TranscriberSettings], Recogniser]] = {
    "pocketsphinx": _pocketsphinx,
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
