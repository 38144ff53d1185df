"""A loaded Coqui model: lines in, samples out. The only module that calls into the package's models."""

import hashlib
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from octavia_common.spelling import numbers_spelled_out
from TTS.tts.models.vits import Vits
from TTS.utils.synthesizer import Synthesizer

from octavia_synthesizer.engine import LineUnspeakableError, OwnVoice, Samples
from octavia_synthesizer.engines.coqui.files import ModelFiles
from octavia_synthesizer.engines.coqui.short_texts import Script

MOST_OWN_VOICES = 32
"""Voices made of sources' own that are kept ready; making one anew costs a second."""

SEARCH_SECONDS = 0.12
"""How far from where a padded text's first part should end its pause is looked for."""


@dataclass(frozen=True)
class ModelLine:
    """What to say. `language` and `speaker` are the model's own words, None where it has none; `own` comes
    before `speaker`; `seed` tells one take from another."""

    script: Script
    language: str | None
    speaker: str | None
    own: OwnVoice | None
    seed: int


class CoquiModel:
    """One model on one device. Not for several threads at once."""

    def __init__(self, files: ModelFiles, device: str, *, speakers: Sequence[str] = ()) -> None:
        """Raises what Coqui raises: many things. `speakers`: use these, of those it has."""
        self.files = files
        vocoder = files.vocoder
        self._synthesizer = Synthesizer(
            tts_checkpoint=files.checkpoint,
            tts_config_path=files.config,
            vocoder_checkpoint=vocoder[0] if vocoder else None,
            vocoder_config=vocoder[1] if vocoder else None,
        )
        self._synthesizer.to(device)
        self._synthesizer.eval()
        self._model: Any = self._synthesizer.tts_model
        manager = self._model.speaker_manager
        if manager is not None and manager.encoder is not None:
            manager.use_cuda = device.startswith("cuda")
        self.sample_rate = int(self._synthesizer.output_sample_rate)
        self.languages: tuple[str, ...] = tuple(self._model.language_manager.language_names)
        every = tuple(str(name) for name in manager.speaker_names) if manager is not None else ()
        chosen = tuple(name for name in speakers if name in every)
        self.speakers: tuple[str, ...] = () if len(every) < 2 else chosen or every
        self.clones = bool(self._synthesizer.tts_config.supports_cloning)
        self._voices = tempfile.TemporaryDirectory(prefix="octavia-voices-")
        self._made: OrderedDict[str, Path] = OrderedDict()

    def close(self) -> None:
        """Forget voices that were made."""
        self._voices.cleanup()

    def speak(self, lines: Sequence[ModelLine]) -> list[Samples]:
        """Each line's samples; together where the model can. Raises LineUnspeakableError."""
        _seed(lines)
        with torch.inference_mode():
            if isinstance(self._model, Vits):
                return self._speak_together(self._model, lines)
            return [self._speak_alone(line) for line in lines]

    def _speak_alone(self, line: ModelLine) -> Samples:
        # Padding cannot be cut off again without the model's durations; a whole sentence has to do.
        text = line.script.kept
        wav = self._synthesizer.tts(
            text=text,
            speaker_name=self._speaker(line),
            language_name=line.language if len(self.languages) > 1 else None,
            voice_dir=self._voices.name,
            split_sentences=True,
        )
        return np.asarray(wav, dtype=np.float32)

    def _speak_together(self, model: Any, lines: Sequence[ModelLine]) -> list[Samples]:
        tokens = [self._tokens(line.script.text, line.language) for line in lines]
        lengths = torch.tensor([len(each) for each in tokens], device=model.device)
        padded = torch.zeros((len(lines), int(lengths.max())), dtype=torch.long, device=model.device)
        for row, each in enumerate(tokens):
            padded[row, : len(each)] = torch.tensor(each, dtype=torch.long)
        who = [
            model._get_speaker_id_or_dvector(self._speaker(line), None, self._voices.name) for line in lines
        ]
        languages = [model._get_language_id(line.language) for line in lines]
        made = model.inference(
            padded,
            aux_input={
                "x_lengths": lengths,
                "speaker_ids": _joined([ids for ids, _ in who]),
                "d_vectors": _joined([vector for _, vector in who]),
                "language_ids": None if None in languages else torch.tensor(languages, device=model.device),
            },
        )
        waves = made["model_outputs"].squeeze(1).float().cpu().numpy()
        frames = made["y_mask"].sum(dim=(1, 2)).cpu().numpy()
        samples_a_frame = waves.shape[1] / made["y_mask"].shape[-1]
        durations = made["durations"].squeeze(1).cpu().numpy()
        upsampled = made["y_mask"].shape[-1] / max(1.0, float(durations.sum(axis=1).max()))
        spoken = []
        for row, line in enumerate(lines):
            wave = waves[row, : round(float(frames[row]) * samples_a_frame)]
            if line.script.padded:
                first = len(self._tokens(line.script.kept, line.language))
                end = float(durations[row, :first].sum()) * upsampled * samples_a_frame
                wave = wave[: self._pause_near(wave, round(end))]
            spoken.append(np.ascontiguousarray(wave, dtype=np.float32))
        return spoken

    def _tokens(self, text: str, language: str | None) -> list[int]:
        tokenizer = self._model.tokenizer
        word = language if language is not None else (self.languages[0] if self.languages else None)
        if tokenizer.phonemizer is None and "1" not in tokenizer.characters.vocab:
            text = numbers_spelled_out(text, word or "en")
        tokens: list[int] = tokenizer.text_to_ids(text, language=word)
        # Signs that it does not know are left out by the tokenizer; what remains may be stops and blanks.
        if not any(tokenizer.characters.id_to_char(token).isalpha() for token in set(tokens)):
            raise LineUnspeakableError(
                "The model knows none of the signs of this line.", model=self.files.title
            )
        return tokens

    def _pause_near(self, wave: Samples, place: int) -> int:
        """The quietest moment around a place: the pause behind a sentence."""
        reach, step = int(SEARCH_SECONDS * self.sample_rate), max(1, self.sample_rate // 100)
        begin, end = max(step, place - reach), min(len(wave), place + reach)
        if end - begin < step:
            return max(step, min(place, len(wave)))
        levels = [float(np.abs(wave[at : at + step]).mean()) for at in range(begin, end - step + 1, step)]
        return begin + int(np.argmin(levels)) * step + step // 2

    def _speaker(self, line: ModelLine) -> str | None:
        """The model's word for who speaks; a speaker's own voice is made where it is not yet."""
        if line.own is None:
            return line.speaker
        name = line.own.sha256
        if name not in self._made:
            heard = Path(self._voices.name) / f"{name}.wav"
            heard.write_bytes(line.own.wav)
            try:
                self._model.clone_voice([str(heard)], speaker_id=name, voice_dir=self._voices.name)
            finally:
                heard.unlink(missing_ok=True)
            self._made[name] = Path(self._voices.name) / f"{name}.pth"
            while len(self._made) > MOST_OWN_VOICES:
                _, oldest = self._made.popitem(last=False)
                oldest.unlink(missing_ok=True)
        self._made.move_to_end(name)
        return name


def _seed(lines: Sequence[ModelLine]) -> None:
    """The same lines sound the same again, as far as the device computes alike."""
    said = "|".join(f"{line.script.text}#{line.seed}" for line in lines)
    torch.manual_seed(int.from_bytes(hashlib.sha256(said.encode()).digest()[:4], "big"))


def _joined(parts: Sequence[Any]) -> Any:
    return None if any(part is None for part in parts) else torch.cat(list(parts), dim=0)


def out_of_memory(error: BaseException) -> bool:
    """Whether the device's memory ran out."""
    return isinstance(error, (torch.cuda.OutOfMemoryError, MemoryError))


def free_memory() -> None:
    """Give the device back what is kept in reserve."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def chosen_device(wanted: str) -> str:
    """`auto` as a device. Raises ValueError for a GPU that is not there."""
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"COQUI_DEVICE={wanted}: torch sees no GPU here")
    return wanted


def device_memory(device: str) -> int | None:
    """Bytes of the GPU that this process holds; None without one."""
    return int(torch.cuda.memory_reserved(device)) if device.startswith("cuda") else None
