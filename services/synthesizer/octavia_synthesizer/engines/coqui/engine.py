"""The engine: chooses model and voice for a line, and hears out what the model made of it."""

import io
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import soundfile
import structlog
from octavia_common.artifacts import sha256_of
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, UnsupportedLanguageError
from octavia_common.events import EnginePublished, Voice

from octavia_synthesizer.engine import (
    LineUnspeakableError,
    OwnVoice,
    Sound,
    SpeechRequest,
    SynthesisEngine,
    UnknownVoiceError,
)
from octavia_synthesizer.engines.coqui.batches import Batcher
from octavia_synthesizer.engines.coqui.choice import ModelChoice, best, choices
from octavia_synthesizer.engines.coqui.files import find_files
from octavia_synthesizer.engines.coqui.licences import UNKNOWN
from octavia_synthesizer.engines.coqui.short_texts import script_of
from octavia_synthesizer.engines.coqui.takes import judged

if TYPE_CHECKING:
    from octavia_synthesizer.engines.coqui.model import CoquiModel, ModelLine

log = structlog.get_logger(__name__)

MOST_TAKES = 3
"""A take that came out wrong is made again at most twice."""

_NUMBERED = re.compile(r"^\D*(\d+)$")


@dataclass(frozen=True)
class Way:
    """How a language is spoken: by which model, and what that calls it."""

    place: int
    model: "CoquiModel"
    word: str


class CoquiSynthesizer(SynthesisEngine):
    """Speaks by one model a language, or by one for several."""

    name = "coqui"
    attempts = 3
    seeds = True

    def __init__(
        self,
        models: str,
        *,
        models_dir: Path | None = None,
        download: bool = True,
        speakers: str = "",
        device: str = "auto",
        batch: int = 8,
        accepted_licences: str = "",
    ) -> None:
        super().__init__()
        self.threads = batch
        self._models_setting = models
        self._models_dir = models_dir
        self._download = download
        self._wanted_speakers = _listed(speakers)
        self._accepted = _listed(accepted_licences)
        self._device = device
        self._models: list[CoquiModel] = []
        self._ways: dict[str, Way] = {}
        self._voices: dict[str, tuple[Way | None, str]] = {}
        self._batcher: Batcher[tuple[int, ModelLine], Any] | None = None

    def load(self) -> None:
        """Load the models and speak a line with each. Raises EngineUnavailableError with one clear line."""
        try:
            package = version("coqui-tts")
            from octavia_synthesizer.engines.coqui import model as coqui
        except (PackageNotFoundError, ImportError) as error:
            raise EngineUnavailableError(
                f"Coqui TTS is missing here ({error}): run the synthesizer in its environment "
                "(make engines ENGINES=coqui), or choose another SYNTHESIZER_ENGINE."
            ) from None
        try:
            wanted, device = choices(self._models_setting), coqui.chosen_device(self._device)
        except ValueError as error:
            raise EngineUnavailableError(f"{error}.") from None
        with tempfile.TemporaryDirectory(prefix="octavia-coqui-") as scratch:
            for choice in wanted:
                self._load(choice, device, Path(scratch))
        self.clones_voices = all(model.clones for model in self._models)
        self._voices = self._offered()
        self.version = "-".join((package, *(model.files.digest for model in self._models)))
        self._batcher = Batcher(
            self._speak, most=self.threads, out_of_memory=coqui.out_of_memory, forget=coqui.free_memory
        )
        for way in {way.place: way for way in self._ways.values()}.values():
            self._warm_up(way)
        log.info("warm", device=device, gpu_bytes=coqui.device_memory(device), languages=list(self._ways))

    def unload(self) -> None:
        if self._batcher is not None:
            self._batcher.close()
            self._batcher = None
        for model in self._models:
            model.close()
        self._models, self._ways = [], {}

    def languages(self) -> Sequence[str]:
        return list(self._ways)

    def voice_for(self, language: str, speaker: str) -> str:
        """Speakers of the source take the model's in turn: `S1` the first, `S2` the second."""
        speakers = self._way(language).model.speakers
        if not speakers:
            return ""
        numbered = _NUMBERED.match(speaker)
        number = int(numbered[1]) - 1 if numbered else crc32(speaker.encode())
        return speakers[number % len(speakers)]

    def voices(self) -> Sequence[Voice]:
        told = []
        for name, (way, speaker) in self._voices.items():
            language = None if way is None else next(tag for tag, each in self._ways.items() if each == way)
            told.append(Voice(id=name, title=speaker, language=language))
        return told

    def voice_called(self, voice_id: str, language: str) -> str:
        way = self._way(language)
        bound, speaker = self._voices.get(voice_id, (None, ""))
        if not speaker or (bound is not None and bound.place != way.place):
            raise UnknownVoiceError(
                f"Coqui has no voice {voice_id[:100]} that speaks {language}.", voice=voice_id
            )
        return speaker

    def published(self) -> EnginePublished:
        files = [model.files for model in self._models]
        return (
            super()
            .published()
            .model_copy(
                update={
                    "model": ", ".join(each.title for each in files),
                    "licence": ", ".join(dict.fromkeys(each.licence for each in files)),
                }
            )
        )

    def work(self, request: SpeechRequest, cancel: CancelToken) -> Sound:
        """The first take that is right, else the least wrong. Raises LineUnspeakableError without any."""
        if self._batcher is None:
            raise RuntimeError("the engine was not started")
        from octavia_synthesizer.engines.coqui.model import ModelLine

        way, script = self._way(request.language), script_of(request.text)
        usable: Sound | None = None
        faults: list[str] = []
        for take in range(MOST_TAKES):
            cancel.raise_if_cancelled()
            seed = request.seed * MOST_TAKES + take
            line = ModelLine(script, way.word, request.voice or None, request.own, seed)
            samples = self._batcher.spoken((way.place, line), (way.place, request.own is None), cancel)
            verdict = judged(samples, way.model.sample_rate, request.text)
            if verdict is None:
                return Sound(samples, way.model.sample_rate)
            faults.append(verdict.fault)
            if verdict.usable and usable is None:
                usable = Sound(samples, way.model.sample_rate)
        log.warning("a line came out wrong each time", faults=faults, model=way.model.files.title)
        if usable is not None:
            return usable
        raise LineUnspeakableError(
            "The voice made no speech of this line.", faults=faults, model=way.model.files.title
        )

    def _speak(self, lines: Sequence[tuple[int, "ModelLine"]]) -> list[Any]:
        """A batch, all of one model: the batcher sees to that."""
        return list(self._models[lines[0][0]].speak([line for _, line in lines]))

    def _load(self, choice: ModelChoice, device: str, scratch: Path) -> None:
        from octavia_synthesizer.engines.coqui.model import CoquiModel

        files = find_files(
            choice,
            models_dir=self._models_dir,
            accepted=self._accepted,
            scratch=scratch,
            download=self._download,
        )
        try:
            model = CoquiModel(files, device, speakers=self._wanted_speakers)
        except Exception as error:  # whatever Coqui and torch raise over files that are not what they seem
            raise EngineUnavailableError(
                f"The model {files.title} cannot be loaded: {type(error).__name__}: {str(error)[:300]}"
            ) from error
        log.info("model loaded", model=files.title, licence=files.licence, speakers=len(model.speakers))
        if files.licence == UNKNOWN:
            log.warning("nothing says under which licence this model may be used", model=files.title)
        self._models.append(model)
        for tag, word in choice.speaks(model.languages).items():
            self._ways.setdefault(tag, Way(len(self._models) - 1, model, word))

    def _offered(self) -> dict[str, tuple[Way | None, str]]:
        """Voices by id: the speaker's name where there is one model, else behind its language."""
        ways = list({way.place: (tag, way) for tag, way in self._ways.items()}.values())
        if len(ways) == 1 and len(self._ways) > 1:
            return {name: (None, name) for name in ways[0][1].model.speakers}
        return {f"{tag}:{name}": (way, name) for tag, way in ways for name in way.model.speakers}

    def _way(self, language: str) -> Way:
        found = best(language, list(self._ways))
        if found is None:
            raise UnsupportedLanguageError(
                f"Coqui speaks {', '.join(self._ways)} here, not {language}; COQUI_MODELS adds more.",
                language=language,
                supported=list(self._ways),
            )
        return self._ways[found]

    def _warm_up(self, way: Way) -> None:
        """The first line costs seconds: kernels are chosen, memory is taken."""
        tag = next(tag for tag, each in self._ways.items() if each.place == way.place)
        try:
            text = WARM_UP.get(tag.split("-")[0], WARM_UP["en"])
            request = SpeechRequest(text, tag, self.voice_for(tag, "S1"))
            sound = self.work(request, CancelToken())
            if way.model.clones:
                self.work(replace(request, own=_voice_of(sound)), CancelToken())
        except LineUnspeakableError as error:
            log.warning("nothing came of the line to warm up with", language=tag, context=error.context)


WARM_UP = {
    "en": "This line warms up the voice.",
    "zh": "今天天气很好。",
    "ja": "今日はいい天気です。",
    "ko": "오늘은 날씨가 좋습니다.",
    "ru": "Сегодня хорошая погода.",
    "uk": "Сьогодні гарна погода.",
    "ar": "الطقس جميل اليوم.",
    "el": "Σήμερα ο καιρός είναι καλός.",
}
"""By language, where the Latin alphabet is not known to a voice."""


def _voice_of(sound: Sound) -> OwnVoice:
    """A sound as clean speech to make a voice of."""
    buffer = io.BytesIO()
    soundfile.write(buffer, sound.samples, sound.sample_rate, format="WAV", subtype="PCM_16")
    return OwnVoice(sha256_of(buffer.getvalue()), buffer.getvalue())


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
