"""What can be wrong with a wish that the engines would have to heed."""

from collections.abc import Mapping, Sequence

from octavia_gateway.problems import ApiError


class CapabilitiesUnknownError(ApiError):
    """A service has not told yet what its engine can do."""

    status = 503
    code = "capabilities_unknown"

    def __init__(self) -> None:
        super().__init__("What the engines can do is not known yet. Try again in a few seconds.")


class UnsupportedLanguagesError(ApiError):
    """A pair of languages that the engines cannot do; `supported` lists what they can."""

    status = 422
    code = "unsupported_language"

    def __init__(self, source: str, targets: Sequence[str], supported: Mapping[str, Sequence[str]]) -> None:
        told = _worth_telling(source, supported)
        can = "; ".join(f"{name} to {', '.join(into)}" for name, into in told.items())
        super().__init__(
            f"Cannot translate {source} to {', '.join(targets)}. "
            f"What can be done: {can or 'see /api/v1/capabilities'}.",
            source_language=source,
            target_languages=list(targets),
            supported={name: list(into) for name, into in told.items()},
        )


MOST_PAIRS = 200
"""An error that lists more is no help."""


def _worth_telling(source: str, pairs: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """All pairs where they are few, else those of the source."""
    if sum(len(into) for into in pairs.values()) <= MOST_PAIRS:
        return pairs
    return {name: into for name, into in pairs.items() if name == source.lower().split("-")[0]}


class LanguageNotDetectedError(ApiError):
    """The recogniser cannot tell languages, so the job must name its own."""

    status = 422
    code = "language_not_detected"

    def __init__(self, languages: Sequence[str]) -> None:
        super().__init__(
            f"The recogniser here cannot tell languages: name the source language ({', '.join(languages)}).",
            languages=", ".join(languages),
        )


class OptionNotHeededError(ApiError):
    """A wish that no engine here can fulfil; nothing was held."""

    status = 422
    code = "option_not_heeded"

    def __init__(self, option: str, heeded: Sequence[str]) -> None:
        can = f"they heed {', '.join(heeded)}" if heeded else "they heed none"
        super().__init__(
            f"The engines here do not heed the option {option}; {can}. Leave it out.",
            option=option,
            heeded=", ".join(heeded) or "-",
        )


class SpeechNotCheckedError(ApiError):
    """Dubbed lines are to be checked in a language that the recogniser does not understand."""

    status = 422
    code = "speech_not_checked"

    def __init__(self, languages: Sequence[str]) -> None:
        super().__init__(
            f"The recogniser here does not understand {', '.join(languages)}, so it cannot check "
            "what is spoken in it. Leave check_speech out.",
            languages=", ".join(languages),
        )


class UnknownVoiceError(ApiError):
    """A voice that is not offered, or that does not speak a language of the job."""

    status = 422
    code = "unknown_voice"

    def __init__(self, voice: str, target: str, voices: Sequence[str]) -> None:
        super().__init__(
            f"There is no voice {voice} that speaks {target}. There are: {', '.join(voices) or 'none'}.",
            voice=voice,
            target_language=target,
            voices=", ".join(voices) or "-",
        )


class UnknownModelSizeError(ApiError):
    """A size of the recogniser's model that the operator does not offer."""

    status = 422
    code = "unknown_model_size"

    def __init__(self, size: str, sizes: Sequence[str]) -> None:
        super().__init__(
            f"There is no recogniser of size {size}; choose one of {', '.join(sizes)}, or leave it out.",
            model_size=size,
            sizes=", ".join(sizes),
        )
