"""Cuts a source at silences: fetch, probe, extract the sound, find speech, plan chunks."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import SpeechRegion
from octavia_common.events import JobKind, JobSpec
from octavia_common.media import (
    AudioInfo,
    DamagedMediaError,
    MediaKind,
    ToolLimits,
    TruncatedMediaError,
    ffmpeg,
    probe,
    safe_input,
)
from octavia_common.messaging.handlers import Work

from octavia_transcriber.planning.chunks import ChunkRules, Cut, cut_into_chunks
from octavia_transcriber.planning.features import SAMPLE_RATE, Features, extract
from octavia_transcriber.planning.speech import find_speech
from octavia_transcriber.speakers.base import DiarizationRequest, Diarizer
from octavia_transcriber.splitting.cutter import LongerThanQuotedError, SampleSpan, longest_paid
from octavia_transcriber.splitting.voices import SAMPLE_RATE as VOICE_RATE
from octavia_transcriber.splitting.voices import VOICES, Stretch, clean_speech
from octavia_transcriber.wav import to_wav

BYTES_PER_SECOND = 2 * SAMPLE_RATE
_BLOCK_SECONDS = 30
_MISSING_SECONDS = 2.0
_MISSING_SHARE = 0.01
_FADE_SAMPLES = VOICE_RATE // 100
_BREATH_SAMPLES = VOICE_RATE // 5


@dataclass(frozen=True)
class ExtractedSource:
    """A source whose sound lies as PCM (16 kHz, mono, 16 bit) in a scratch file."""

    pcm: Path
    duration_seconds: float
    cuts: Sequence[Cut]
    voice_pcm: Path
    """The same at 24 kHz; only there where voices are wanted."""
    clean: Mapping[str, Sequence[Stretch]]
    """Where each speaker's clean speech is."""
    frame_rate: float | None = None

    async def audio(self, span: SampleSpan) -> bytes:
        """The samples of a chunk as a WAV file."""
        return to_wav(await asyncio.to_thread(_read, self.pcm, span))

    async def voices(self) -> Mapping[str, bytes]:
        """Clean speech of each speaker who has enough of it, as WAV files of 24 kHz."""
        return {
            speaker: to_wav(await asyncio.to_thread(_join, self.voice_pcm, stretches), VOICE_RATE)
            for speaker, stretches in self.clean.items()
        }


class SilenceCutter:
    """The cutter of real media. Memory stays flat: a block of sound at a time, and 4 MB an hour of
    features; the sound itself (115 MB an hour) lies on the scratch disk."""

    name = "silence"
    version = "2"

    def __init__(
        self, store: ArtifactStore, rules: ChunkRules | None = None, diarizer: Diarizer | None = None
    ) -> None:
        """`diarizer` is started by whoever made it; None: everybody is one speaker."""
        self._store = store
        self._rules = rules or ChunkRules()
        self._diarizer = diarizer if diarizer is not None and diarizer.tells_apart else None

    def params(self, spec: JobSpec) -> Mapping[str, Any]:
        # What is not asked for is not named, so that plans that were made before it could be serve on.
        params = asdict(self._rules)
        if (only := _preview_of(spec)) is not None:
            params["seconds"] = only
        if self._diarizer is not None:
            params["speakers"] = {
                "engine": self._diarizer.name,
                "version": self._diarizer.version,
                "count": spec.options.speakers,
                **self._diarizer.params(),
            }
        if spec.options.clone_voice:
            params["voices"] = VOICES
        return params

    async def cut(self, spec: JobSpec, work: Work) -> ExtractedSource:
        heard_alone = spec.kind is JobKind.AUDIO_TRANSLATE or spec.source.media_type.startswith("audio/")
        kind = MediaKind.AUDIO if heard_alone else MediaKind.VIDEO
        only = _preview_of(spec)
        source = await self._store.fetch(spec.source, work.scratch / "source")
        info = await probe(source, kind=kind, cancel=work.cancel)
        track = info.require_audio()
        pcm = work.scratch / "sound.pcm"
        # A moment more than was paid for, so that too long can be told from right; of a preview no more.
        most = longest_paid(spec.duration_seconds) + 1 if only is None else only
        await _extract_sound(source, kind, track, pcm, most, work.cancel)
        heard = (await asyncio.to_thread(pcm.stat)).st_size / BYTES_PER_SECOND
        _check_length(heard, track, max(heard, info.duration_seconds), spec)
        voice_pcm, wanted = work.scratch / "voices.pcm", spec.options.clone_voice
        if wanted:
            await _extract_sound(source, kind, track, voice_pcm, most, work.cancel, VOICE_RATE)
        await asyncio.to_thread(source.unlink)
        duration = max(heard, info.duration_seconds) if only is None else only
        features, regions = await asyncio.to_thread(_listen, pcm, heard, work.cancel)
        if self._diarizer is not None and regions:
            request = DiarizationRequest(pcm, regions, spec.options.speakers)
            regions = list(await self._diarizer.run(request, work.cancel))
        cuts = await asyncio.to_thread(_plan, features, regions, heard, duration, self._rules)
        clean = await asyncio.to_thread(clean_speech, regions, features) if wanted else {}
        return ExtractedSource(pcm, duration, cuts, voice_pcm, clean, info.video.fps if info.video else None)


async def _extract_sound(
    source: Path,
    kind: MediaKind,
    track: AudioInfo,
    pcm: Path,
    most_seconds: float,
    cancel: CancelToken,
    rate: int = SAMPLE_RATE,
) -> None:
    """Decode a track to PCM whose first sample is the first instant of the source's own clock.

    `async=1` and `first_pts=0` put silence where the track begins late or has holes, so that a sample's
    number is its time. No more than `most_seconds` are decoded.
    """
    await ffmpeg(
        *safe_input(source, kind),
        *("-map", f"0:{track.index}", "-vn", "-sn", "-dn"),
        *("-af", f"aresample={rate}:async=1:first_pts=0"),
        *("-ac", "1", "-t", f"{most_seconds:.3f}", "-f", "s16le", str(pcm)),
        limits=ToolLimits(file_bytes=int((most_seconds + 60) * 2 * rate)),
        cancel=cancel,
    )


def _preview_of(spec: JobSpec) -> float | None:
    """How much of the source is worked on, from its start; None: all of it."""
    return spec.worked_seconds if spec.worked_seconds < spec.duration_seconds else None


def _check_length(heard: float, track: AudioInfo, plays: float, spec: JobSpec) -> None:
    quoted, only = spec.duration_seconds, _preview_of(spec)
    if plays > longest_paid(quoted):
        raise LongerThanQuotedError(plays, quoted)
    if heard <= 0:
        # There is a track, and not one sample of it can be decoded: that is no silence.
        raise DamagedMediaError
    stated = track.duration_seconds if only is None else min(track.duration_seconds or only, only)
    if stated is not None and heard < stated - _MISSING_SECONDS - _MISSING_SHARE * stated:
        raise TruncatedMediaError


def _listen(pcm: Path, heard: float, cancel: CancelToken) -> tuple[Features, list[SpeechRegion]]:
    features = extract(_blocks(pcm, cancel))
    regions = [r for r in find_speech(features) if r.start < heard]
    if regions and regions[-1].end > heard:
        regions[-1] = regions[-1].model_copy(update={"end": heard})
    return features, regions


def _plan(
    features: Features, regions: Sequence[SpeechRegion], heard: float, duration: float, rules: ChunkRules
) -> list[Cut]:
    cuts = cut_into_chunks(regions, heard, features.quietest, rules)
    if cuts:
        last = cuts[-1]
        cuts[-1] = Cut(last.start, last.end, max(duration, last.end), last.regions)
    return cuts


def _blocks(pcm: Path, cancel: CancelToken) -> Iterator[NDArray[np.int16]]:
    with pcm.open("rb") as file:
        while block := file.read(_BLOCK_SECONDS * BYTES_PER_SECOND):
            cancel.raise_if_cancelled()
            yield np.frombuffer(block[: len(block) // 2 * 2], np.dtype("<i2"))


def _read(pcm: Path, span: SampleSpan) -> bytes:
    with pcm.open("rb") as file:
        file.seek(2 * span.first)
        return file.read(2 * (span.last - span.first))


def _join(pcm: Path, stretches: Sequence[Stretch]) -> bytes:
    """Stretches of 24 kHz sound one after the other, each softly begun and ended, a breath apart."""
    fade = np.linspace(0, 1, _FADE_SAMPLES)
    parts = [np.zeros(0, np.int16)]
    sound = np.memmap(pcm, np.dtype("<i2"), "r")
    for stretch in stretches:
        part = sound[round(stretch.start * VOICE_RATE) : round(stretch.end * VOICE_RATE)].astype(np.float64)
        if len(part) < 2 * _FADE_SAMPLES:
            continue
        part[:_FADE_SAMPLES] *= fade
        part[-_FADE_SAMPLES:] *= fade[::-1]
        parts += [part.astype(np.int16), np.zeros(_BREATH_SAMPLES, np.int16)]
    return np.concatenate(parts).astype("<i2").tobytes()
