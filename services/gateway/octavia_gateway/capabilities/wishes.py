"""Whether the engines can fulfil what a job wishes beside its languages. Pure."""

from collections.abc import Collection, Iterable, Sequence

from octavia_common.events import JobKind

from octavia_gateway.capabilities.errors import (
    OptionNotHeededError,
    SpeechNotCheckedError,
    UnknownModelSizeError,
    UnknownVoiceError,
)
from octavia_gateway.capabilities.languages import primary
from octavia_gateway.capabilities.models import Capabilities


def check_wishes(
    can: Capabilities,
    wished: Iterable[str],
    *,
    voices: Collection[str],
    model_size: str | None,
    targets: Sequence[str],
    kind: JobKind = JobKind.VIDEO_TRANSLATE,
) -> None:
    """Refuse what would be ignored in silence: options `wished` by name, `voices` by id.

    A recogniser that offers no sizes takes a size as the hint that it is.
    Raises OptionNotHeededError, SpeechNotCheckedError, UnknownVoiceError, UnknownModelSizeError (422).
    """
    heeded = can.options_of(kind)
    for name in wished:
        if name not in heeded or (name == "clone_voice" and not can.clones_voices):
            raise OptionNotHeededError(name, heeded)
        unheard = [target for target in targets if name == "check_speech" and not can.hears(target)]
        if unheard:
            raise SpeechNotCheckedError(unheard)
    for voice in voices:
        for target in targets:
            _check_voice(can, voice, target)
    if model_size is not None and can.model_sizes and model_size not in can.model_sizes:
        raise UnknownModelSizeError(model_size, can.model_sizes)


def _check_voice(can: Capabilities, asked: str, target: str) -> None:
    speaking = [
        name
        for name, voice in can.voices.items()
        if voice.language is None or primary(voice.language) == primary(target)
    ]
    if asked not in speaking:
        raise UnknownVoiceError(asked, target, speaking)
