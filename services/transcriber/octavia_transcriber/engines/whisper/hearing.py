"""The calls of faster-whisper: find speech, decode a batch of windows, decode one again.

Whatever is asked of the package is asked here. Written against its 1.2: of a window without time stamps the
batched pipeline gives one segment, in the order of the windows.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Word

from octavia_transcriber.engines.whisper.guards import Figures, Guards
from octavia_transcriber.engines.whisper.models import LoadedModel
from octavia_transcriber.engines.whisper.windows import MOST_SECONDS, Stretch
from octavia_transcriber.planning.features import SAMPLE_RATE

Sound = NDArray[np.float32]

TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Of a second try, one after the other; the first was at 0."""

_PAUSE_MS = 160
_MARGIN_MS = 200
_LEAST_SECONDS = 0.05


@dataclass(frozen=True)
class Heard:
    """What was heard in a window; times of words are those of the whole sound."""

    words: tuple[Word, ...]
    figures: Figures


def to_float(samples: NDArray[np.int16]) -> Sound:
    """Samples from -1 to 1, as Whisper takes them."""
    return samples.astype(np.float32) / np.float32(32_768)


def find_stretches(sound: Sound) -> list[Stretch]:
    """Where somebody speaks, by Silero's detector, which faster-whisper brings with it."""
    vad = importlib.import_module("faster_whisper.vad")
    options = vad.VadOptions(
        min_silence_duration_ms=_PAUSE_MS, speech_pad_ms=_MARGIN_MS, max_speech_duration_s=MOST_SECONDS
    )
    found = vad.get_speech_timestamps(sound, options) if len(sound) else []
    return [Stretch(each["start"] / SAMPLE_RATE, each["end"] / SAMPLE_RATE) for each in found]


def hear(
    loaded: LoadedModel,
    sound: Sound,
    clips: Sequence[Stretch],
    code: str,
    batch_size: int,
    *,
    beam_size: int,
    hot_words: Sequence[str] = (),
    most_tokens: int | None = None,
    cancel: CancelToken | None = None,
) -> list[Heard]:
    """What is said in each clip, decoded in batches. Raises JobCancelledError between two of them."""
    # A new one each time: it keeps the time of the last word, also of a call that was cancelled.
    pipeline = importlib.import_module("faster_whisper").BatchedInferencePipeline(loaded.whisper)
    segments, _ = pipeline.transcribe(
        sound,
        language=code,
        beam_size=beam_size,
        condition_on_previous_text=False,
        word_timestamps=True,
        without_timestamps=True,
        clip_timestamps=[{"start": clip.start, "end": clip.end} for clip in clips],
        batch_size=batch_size,
        hotwords=_hot(hot_words),
        max_new_tokens=most_tokens,
    )
    heard = []
    for segment in segments:
        if cancel is not None:
            cancel.raise_if_cancelled()
        heard.append(_heard(segment, 0.0))
    if len(heard) != len(clips):
        raise RuntimeError(f"faster-whisper gave {len(heard)} segments for {len(clips)} windows")
    return [
        Heard(tuple(_within(each.words, clip)), each.figures) for each, clip in zip(heard, clips, strict=True)
    ]


def hear_again(
    loaded: LoadedModel,
    sound: Sound,
    clip: Stretch,
    code: str,
    guards: Guards,
    *,
    hot_words: Sequence[str] = (),
    cancel: CancelToken,
) -> Iterator[Heard]:
    """What is said in one clip, by trying temperatures until the guards are content, sentence by sentence."""
    part = sound[round(clip.start * SAMPLE_RATE) : round(clip.end * SAMPLE_RATE)]
    segments, _ = loaded.whisper.transcribe(
        part,
        language=code,
        temperature=list(TEMPERATURES),
        compression_ratio_threshold=guards.most_compression,
        log_prob_threshold=guards.least_log_probability,
        no_speech_threshold=guards.most_no_speech,
        hallucination_silence_threshold=guards.silence_seconds,
        condition_on_previous_text=False,
        word_timestamps=True,
        vad_filter=False,
        hotwords=_hot(hot_words),
    )
    for segment in segments:
        cancel.raise_if_cancelled()
        heard = _heard(segment, clip.start)
        yield Heard(tuple(_within(heard.words, clip)), heard.figures)


def _hot(words: Sequence[str]) -> str | None:
    return ", ".join(words) or None


def _heard(segment: Any, offset: float) -> Heard:
    words = tuple(
        Word(
            text=word.word.strip(),
            start=round(offset + float(word.start), 3),
            end=round(offset + float(word.end), 3),
            confidence=round(min(1.0, max(0.0, float(word.probability))), 3),
        )
        for word in segment.words or ()
        if word.word.strip()
    )
    figures = Figures(
        log_probability=float(segment.avg_logprob),
        no_speech=float(segment.no_speech_prob),
        compression=float(segment.compression_ratio),
    )
    return Heard(words, figures)


def _within(words: Sequence[Word], clip: Stretch) -> Iterator[Word]:
    """The words in order, within their clip, and none without length: attention gives times, not clocks."""
    earliest = clip.start
    for word in words:
        start = min(max(word.start, earliest), max(clip.start, clip.end - _LEAST_SECONDS))
        end = min(max(word.end, start + _LEAST_SECONDS), clip.end)
        yield word.model_copy(update={"start": round(start, 3), "end": round(end, 3)})
        earliest = start
