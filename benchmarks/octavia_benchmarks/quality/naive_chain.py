"""Dubbing as most tools do it: recognise, translate, speak, stretch to fit, mix. The engines are the same.

Each line is spoken at its natural rate, silence around it and all, stretched to exactly the time of its
source, however much that takes, laid at its start in milliseconds, and mixed by ffmpeg's `amix` as it is by
default over the source's sound at a fifth of its level. Subtitles are one cue a line.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from octavia_common.cancellation import CancelToken
from octavia_common.documents import PlacedSegment, Transcript
from octavia_common.events import ArtifactRef
from octavia_samples.tools import ffmpeg
from octavia_subtitles.rules import Cue
from octavia_synthesizer.engine import SpeechRequest, SynthesisEngine
from octavia_synthesizer.stretch import tempo_filter
from octavia_translator.engine import Line, TranslationEngine, TranslationRequest

SOURCE_LEVEL = 0.2
"""What is left of the source's sound, everywhere."""

_NOWHERE = ArtifactRef(key="naive", sha256="0" * 64, size_bytes=0, media_type="audio/wav")


class NaiveChain:
    """Dubs from the same transcripts."""

    def __init__(self, translator: TranslationEngine, synthesizer: SynthesisEngine, folder: Path) -> None:
        self._translator = translator
        self._synthesizer = synthesizer
        self._folder = folder

    async def dub(
        self, source: Path, transcripts: Sequence[Transcript], target: str, output: Path
    ) -> tuple[list[PlacedSegment], dict[str, list[Cue]]]:
        """Write the dubbed video; where its lines lie, and its subtitles."""
        placed: list[PlacedSegment] = []
        for transcript in transcripts:
            lines = tuple(Line(segment.id, segment.text) for segment in transcript.segments)
            if not lines:
                continue
            request = TranslationRequest("en", target, lines)
            answers = await self._translator.run(request, CancelToken())
            for segment, answer in zip(transcript.segments, answers, strict=True):
                start, wanted = round(segment.start, 3), round(segment.end - segment.start, 3)
                path = self._folder / f"{output.stem}-{segment.id}.wav"
                natural = await self._spoken(answer.text, target, segment.speaker, path)
                tempo = max(natural, 0.01) / max(wanted, 0.1)
                fitted = path.with_suffix(".fit.wav")
                ffmpeg("-i", str(path), "-af", tempo_filter(tempo), str(fitted))
                info = soundfile.info(fitted)
                placed.append(
                    PlacedSegment(
                        **segment.model_dump(include={"id", "speaker", "start", "end", "slot_end"}),
                        source_text=segment.text,
                        text=answer.text,
                        audio=_NOWHERE.model_copy(update={"key": str(fitted)}),
                        duration=info.duration,
                        rate=tempo,
                        onset=_onset(fitted),
                        placed_start=start,
                        placed_end=start + info.duration,
                    )
                )
        _mix(source, placed, output)
        cues = {
            target: [Cue(round(p.start * 1000), round(p.end * 1000), (p.text,)) for p in placed],
            "en": [Cue(round(p.start * 1000), round(p.end * 1000), (p.source_text,)) for p in placed],
        }
        return placed, cues

    async def _spoken(self, text: str, language: str, speaker: str, path: Path) -> float:
        """Speak a line into a file, as it comes; its length in seconds."""
        voice = self._synthesizer.voice_for(language, speaker)
        sound = await self._synthesizer.run(SpeechRequest(text, language, voice), CancelToken())
        soundfile.write(path, sound.samples, sound.sample_rate)
        return len(sound.samples) / sound.sample_rate


def _onset(path: Path) -> float:
    """Where in a file speech is first heard, in seconds: 30 dB below its loudest 5 ms."""
    samples, rate = soundfile.read(path, dtype="float32")
    frame = rate // 200
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    levels = np.sqrt(np.mean(np.square(whole), axis=1))
    return float(np.argmax(levels >= levels.max() * 10 ** (-30 / 20)) * frame / rate) if len(levels) else 0.0


def _mix(source: Path, placed: Sequence[PlacedSegment], output: Path) -> None:
    """The lines laid on one track at their milliseconds, and that over the source by ffmpeg's `amix`."""
    rate = max((soundfile.info(line.audio.key).samplerate for line in placed if line.audio), default=22_050)
    track = np.zeros(round((max((line.placed_end for line in placed), default=0.0) + 1) * rate), np.float32)
    for line in placed:
        if line.audio is not None:
            sound, _ = soundfile.read(line.audio.key, dtype="float32")
            begins = round(round(line.placed_start * 1000) * rate / 1000)
            track[begins : begins + len(sound)] += sound[: len(track) - begins]
    voice = output.with_suffix(".voice.wav")
    soundfile.write(voice, np.clip(track, -1, 1), rate)
    graph = f"[0:a]volume={SOURCE_LEVEL}[bed];[bed][1:a]amix=inputs=2:duration=first[out]"
    ffmpeg(
        *("-i", str(source), "-i", str(voice), "-filter_complex", graph, "-map", "0:v", "-map", "[out]"),
        *("-c:v", "copy", "-c:a", "aac", "-b:a", "128k", str(output)),
    )
