"""espeak-ng: formant speech in more than a hundred languages, on a CPU, offline.

The program is GPL and is called as a process. Text reaches it on standard input, never as an
argument.
"""

import asyncio
import shutil
import struct
import subprocess

import numpy as np
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, UnsupportedLanguageError
from octavia_common.events import Voice
from octavia_common.media.sandbox import ToolFailedError, ToolLimits, run_tool

from octavia_synthesizer.engine import (
    LineUnspeakableError,
    Sound,
    SpeechRequest,
    SynthesisEngine,
    UnknownVoiceError,
)
from octavia_synthesizer.engines.phonemes import Sounds, codes_of, sounds_of
from octavia_synthesizer.engines.voices import CHOICES, best_voices, variant_of, voice_of

NATURAL_WORDS_A_MINUTE = 175
"""espeak-ng's default rate."""

WAV_HEADER = 44
"""espeak-ng's `--stdout` writes a plain header with no true sizes in it, then 16-bit samples."""

_PHONEME_BRACKETS = str.maketrans("[]", "()")


class EspeakSynthesizer(SynthesisEngine):
    """Speaks a line in about 20 ms; other rates are spoken, not stretched."""

    name = "espeak"
    reads_ipa = True
    rates = (80 / NATURAL_WORDS_A_MINUTE, 450 / NATURAL_WORDS_A_MINUTE)

    def __init__(self, *, threads: int = 2, timeout_seconds: float = 60.0) -> None:
        super().__init__()
        self.threads = threads
        self._limits = ToolLimits(seconds=timeout_seconds, memory_bytes=1024**3, file_bytes=256 * 1024**2)
        self._voices: dict[str, str] = {}
        self._sounds: dict[str, Sounds] = {}

    def load(self) -> None:
        """Find the program and its voices. Raises EngineUnavailableError where it is missing."""
        if shutil.which("espeak-ng") is None:
            raise EngineUnavailableError("espeak-ng is missing: install it (apt-get install espeak-ng).")
        self.version = _ask_espeak("--version").partition(":")[2].split()[0]
        self._voices = best_voices(_ask_espeak("--voices"))
        if not self._voices:
            raise EngineUnavailableError("espeak-ng has no voices: install espeak-ng-data.")

    def languages(self) -> list[str]:
        return list(self._voices)

    def voice_for(self, language: str, speaker: str) -> str:
        return _varied(self._voice_of(language), variant_of(speaker))

    def voices(self) -> list[Voice]:
        return [Voice(id=name, title=title) for name, (_, title) in CHOICES.items()]

    def voice_called(self, voice_id: str, language: str) -> str:
        if voice_id not in CHOICES:
            raise UnknownVoiceError(
                f"espeak-ng has no voice {voice_id}; it has {', '.join(CHOICES)}.", voice=voice_id
            )
        return _varied(self._voice_of(language), CHOICES[voice_id][0])

    def codes_of(self, ipa: str, voice: str) -> str | None:
        base = voice.partition("+")[0]
        if base not in self._sounds:
            self._sounds[base] = sounds_of(lambda lines: _ask_espeak("-v", base, "-q", "--ipa", text=lines))
        return codes_of(ipa, self._sounds[base])

    def _voice_of(self, language: str) -> str:
        voice = voice_of(language, self._voices)
        if voice is None:
            raise UnsupportedLanguageError(
                f"espeak-ng does not speak {language}; it speaks {', '.join(self._voices)}.",
                language=language,
                supported=list(self._voices),
            )
        return voice

    def work(self, request: SpeechRequest, cancel: CancelToken) -> Sound:
        speed = round(NATURAL_WORDS_A_MINUTE * request.rate)
        text = _written(request).encode()
        command = ["espeak-ng", "-b", "1", "-v", request.voice, "-s", str(speed), "-z", "--stdin", "--stdout"]
        try:
            done = asyncio.run(run_tool(command, limits=self._limits, cancel=cancel, stdin=text))
        except ToolFailedError as error:
            raise LineUnspeakableError(
                "espeak-ng could not speak this line.", voice=request.voice, reason=error.stderr[-500:]
            ) from error
        return _sound(done.stdout)


def _written(request: SpeechRequest) -> str:
    """The line as espeak-ng reads it: "[[…]]" are phoneme codes, and in the text itself mean nothing."""
    text, pieces, last = request.text, [], 0
    for sounding in request.soundings:
        pieces.append(text[last : sounding.start].translate(_PHONEME_BRACKETS))
        pieces.append(f"[[{sounding.codes}]]")
        last = sounding.end
    return "".join(pieces) + text[last:].translate(_PHONEME_BRACKETS)


def _varied(voice: str, variant: str) -> str:
    return f"{voice}+{variant}" if variant else voice


def _sound(wav: bytes) -> Sound:
    if len(wav) <= WAV_HEADER:
        return Sound(np.zeros(0, dtype=np.float32), 22_050)
    if wav[:4] != b"RIFF" or wav[8:16] != b"WAVEfmt ":
        raise LineUnspeakableError("espeak-ng answered with something that is no WAV file.")
    channels, sample_rate = struct.unpack_from("<HI", wav, 22)
    if channels != 1:
        raise LineUnspeakableError(f"espeak-ng answered with {channels} channels instead of one.")
    data = wav[WAV_HEADER : len(wav) - (len(wav) - WAV_HEADER) % 2]
    return Sound(np.frombuffer(data, dtype="<i2").astype(np.float32) / np.float32(32768), sample_rate)


def _ask_espeak(*arguments: str, text: str = "") -> str:
    """What `espeak-ng` prints, of `text` on its standard input. Raises EngineUnavailableError where it does
    not run."""
    try:
        done = subprocess.run(
            ["espeak-ng", *arguments, *(("--stdin",) if text else ())],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            input=text,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailableError(f"espeak-ng does not run: {error}") from None
    return done.stdout
