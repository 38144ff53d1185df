"""The splitting stage on real files: what it plans, what it refuses, and that it does nothing twice."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from octavia_common.documents import ChunkPlan
from octavia_common.errors import JobCancelledError, MediaError
from octavia_common.events import CloudEvent, CreditsReserved, JobKind
from octavia_common.messaging.handlers import Work
from octavia_transcriber.planning.chunks import ChunkRules
from octavia_transcriber.splitting.silence import SilenceCutter
from octavia_transcriber.splitting.stage import SplitStage
from octavia_transcriber.splitting.timed import TimedCutter
from octavia_transcriber.wav import from_wav

RATE = 16_000


def reserved(job, spec) -> CloudEvent[CreditsReserved]:
    return CloudEvent.wrap(CreditsReserved(job=job, spec=spec, amount=10), service="billing")


def again(work: Work) -> Work:
    """Another try of the same work, in an empty folder."""
    shutil.rmtree(work.scratch)
    work.scratch.mkdir()
    return work


@pytest.fixture
def stage(store) -> SplitStage:
    return SplitStage(store, SilenceCutter(store, ChunkRules(parts=1)))


async def test_a_talk_becomes_chunks_with_exactly_their_sound(stage, store, job, work, spec_of, film, talk):
    spec = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    (planned,) = await stage.handle(reserved(job, spec), work)

    plan = await store.read_document(planned.plan, ChunkPlan)
    assert planned.chunks == len(plan.chunks) == 1
    assert abs(plan.duration_seconds - len(talk.sound) / RATE) < 0.1
    (planned_chunk,) = plan.chunks
    chunk = planned_chunk.chunk
    samples = from_wav(await store.read(planned_chunk.audio))
    assert len(samples) == round((chunk.end - chunk.start) * RATE)
    assert chunk.start < planned_chunk.regions[0].start
    assert chunk.next_speech_start == plan.duration_seconds
    starts = [region.start for region in planned_chunk.regions]
    for start, _ in talk.spoken:
        assert min(abs(start - found) for found in starts) < 0.025
    # What lies at a time in the chunk is what lies there in the source, to the sample.
    first = round(chunk.start * RATE)
    source = talk.sound[first : first + len(samples)]
    lag = np.argmax(np.correlate(samples[:48_000] / 32_767, source[:47_000], "valid"))
    assert lag <= 2


async def test_of_a_preview_only_its_beginning_is_cut(stage, store, job, work, spec_of, film, talk):
    spec = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    cut = (talk.spoken[0][1] + talk.spoken[1][0]) / 2
    preview = spec.model_copy(update={"preview_seconds": cut})
    (planned,) = await stage.handle(reserved(job, preview), work)
    plan = await store.read_document(planned.plan, ChunkPlan)
    assert plan.duration_seconds == cut
    (chunk,) = plan.chunks
    assert chunk.chunk.end <= cut
    assert [region.start for region in chunk.regions] == pytest.approx([talk.spoken[0][0]], abs=0.025)
    (whole,) = await stage.handle(reserved(job, spec), work)
    assert whole.plan != planned.plan


async def test_the_same_source_is_cut_once(stage, store, job, work, spec_of, film, talk):
    spec = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    first = await stage.handle(reserved(job, spec), work)
    writes = list(store.writes)
    assert await stage.handle(reserved(job, spec), again(work)) == first
    assert store.writes == writes
    assert set(first[0].made) == set(writes[1:])


async def test_a_plan_whose_audio_is_gone_is_made_again(stage, store, job, work, spec_of, film, talk):
    spec = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    (first,) = await stage.handle(reserved(job, spec), work)
    plan = await store.read_document(first.plan, ChunkPlan)
    await store.delete([plan.chunks[0].audio.key])
    assert await stage.handle(reserved(job, spec), again(work)) == [first]
    assert await store.stat(plan.chunks[0].audio.key) == plan.chunks[0].audio


async def test_sound_that_begins_late_keeps_the_sources_clock(stage, store, job, work, spec_of, film, talk):
    delay = 2.0
    spec = await spec_of(film(talk.sound, delay=delay), len(talk.sound) / RATE + delay)
    (planned,) = await stage.handle(reserved(job, spec), work)
    plan = await store.read_document(planned.plan, ChunkPlan)
    starts = [region.start for chunk in plan.chunks for region in chunk.regions]
    for start, _ in talk.spoken:
        assert min(abs(start + delay - found) for found in starts) < 0.04


async def test_no_speech_is_a_plan_without_chunks(stage, store, job, work, spec_of, film):
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(5 * RATE) / RATE)
    spec = await spec_of(film(tone), 5.0)
    (planned,) = await stage.handle(reserved(job, spec), work)
    assert planned.chunks == 0
    assert (await store.read_document(planned.plan, ChunkPlan)).chunks == ()
    assert planned.made == (planned.plan.key,)


def playlist(tmp_path: Path) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:5,\nfile://{tmp_path}/secret.mp4\n#EXT-X-ENDLIST\n".encode()


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("no sound", "no_audio"),
        ("empty", "empty_file"),
        ("text", "not_media"),
        ("playlist", "forbidden_format"),
        ("cut off", "truncated"),
        ("cut off, index first", "truncated"),
        ("longer than quoted", "longer_than_quoted"),
    ],
)
async def test_unusable_sources_are_refused(case, code, stage, job, work, spec_of, film, talk, tmp_path):
    good = film(talk.sound, "-movflags", "+faststart") if case.endswith("first") else film(talk.sound)
    data = {
        "no sound": lambda: film(None),
        "empty": lambda: b"",
        "text": lambda: b"this is no video at all\n" * 50,
        "playlist": lambda: playlist(tmp_path),
        "cut off": lambda: good[: len(good) * 2 // 3],
        "cut off, index first": lambda: good[: len(good) * 2 // 3],
        "longer than quoted": lambda: good,
    }[case]()
    quoted = 4.0 if case == "longer than quoted" else len(talk.sound) / RATE
    with pytest.raises(MediaError) as refused:
        await stage.handle(reserved(job, await spec_of(data, quoted)), work)
    assert refused.value.code == code
    assert "lease" in refused.value.message  # each says what to do: "Please …"


def encoded(pcm: bytes, form: str) -> bytes:
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "s16le",
        "-ar",
        str(RATE),
        "-ac",
        "1",
        "-i",
        "-",
        "-f",
        form,
        "-",
    ]
    return subprocess.run(command, input=pcm, capture_output=True, check=True).stdout


async def test_sound_longer_than_was_quoted_is_refused(stage, job, work, spec_of, talk):
    seconds = len(talk.sound) / RATE
    wav = encoded(talk.pcm.tobytes() * 2, "wav")
    spec = await spec_of(wav, seconds, name="talk.wav", kind=JobKind.AUDIO_TRANSLATE)
    with pytest.raises(MediaError) as refused:
        await stage.handle(reserved(job, spec), work)
    assert refused.value.code == "longer_than_quoted"


async def test_sound_files_are_split_as_well(stage, store, job, work, spec_of, talk):
    mp3 = encoded(talk.pcm.tobytes(), "mp3")
    spec = await spec_of(mp3, len(talk.sound) / RATE, name="talk.mp3", kind=JobKind.AUDIO_TRANSLATE)
    (planned,) = await stage.handle(reserved(job, spec), work)
    assert planned.chunks == 1


async def test_a_plan_that_a_person_has_looked_at_is_taken_as_it_is(store, job, work, spec_of):
    timed = SplitStage(store, TimedCutter(3))
    (first,) = await timed.handle(reserved(job, await spec_of(b"anything", 90.0)), work)
    spec = first.spec.model_copy(update={"plan": first.plan, "source_language": "en"})
    (again,) = await SplitStage(store, TimedCutter(9)).handle(reserved(job, spec), work)
    assert (again.plan, again.chunks) == (first.plan, 3)
    assert set(again.made) == set(first.made)


async def test_jobs_of_other_kinds_are_not_ours(stage, store, job, work, spec_of):
    spec = await spec_of(b"a picture", 0.0, kind=JobKind.VIDEO_GENERATE)
    assert await stage.handle(reserved(job, spec), work) == []


async def test_a_cancelled_job_is_dropped(stage, job, work, spec_of, film, talk):
    spec = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    work.cancel.cancel("test")
    with pytest.raises(JobCancelledError):
        await stage.handle(reserved(job, spec), work)


async def test_the_timed_cutter_needs_no_media(store, job, work, spec_of):
    spec = await spec_of(b"anything", 120.0)
    stage = SplitStage(store, TimedCutter(4))
    (planned,) = await stage.handle(reserved(job, spec), work)
    plan = await store.read_document(planned.plan, ChunkPlan)
    assert [chunk.chunk.start for chunk in plan.chunks] == [0, 30, 60, 90]
    assert len({chunk.audio.sha256 for chunk in plan.chunks}) == 4
    assert len(from_wav(await store.read(plan.chunks[3].audio))) == 160
    (other,) = await stage.handle(reserved(job, await spec_of(b"another", 120.0)), work)
    elsewhere = await store.read_document(other.plan, ChunkPlan)
    assert not {chunk.audio.sha256 for chunk in plan.chunks} & {c.audio.sha256 for c in elsewhere.chunks}
