"""Who speaks when, without a model: groups of voices, windows of speech, and clean speech to clone from."""

import itertools
import shutil
import wave
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.cancellation import CancelToken
from octavia_common.documents import ChunkPlan, SpeakerVoices, SpeechRegion
from octavia_common.events import CloudEvent, CreditsReserved, JobOptions
from octavia_transcriber.planning.chunks import ChunkRules
from octavia_transcriber.planning.features import extract
from octavia_transcriber.planning.speech import find_speech
from octavia_transcriber.settings import TranscriberSettings
from octavia_transcriber.speakers.base import DiarizationRequest, Diarizer, OneSpeaker
from octavia_transcriber.speakers.clustering import ClusterRules, cluster, unit
from octavia_transcriber.speakers.fbank import fbank
from octavia_transcriber.speakers.registry import make_diarizer
from octavia_transcriber.speakers.windows import LEAST_SECONDS, complete, labelled, windows_of
from octavia_transcriber.splitting.silence import SilenceCutter
from octavia_transcriber.splitting.stage import SplitStage
from octavia_transcriber.splitting.voices import Stretch, VoiceRules, clean_speech

RATE = 16_000
RULES = ClusterRules()


def voices(counts: list[int], *, spread: float = 0.05, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings around as many directions, mixed, and which direction each is of."""
    random = np.random.default_rng(seed)
    centres = np.linalg.qr(random.normal(size=(32, len(counts))))[0].T
    truth = random.permutation(np.repeat(np.arange(len(counts)), counts))
    return unit((centres[truth] + random.normal(0, spread, (len(truth), 32))).astype(np.float32)), truth


def same_groups(found: np.ndarray, truth: np.ndarray) -> bool:
    pairs = set(zip(found.tolist(), truth.tolist(), strict=True))
    return len(pairs) == len(set(found.tolist())) == len(set(truth.tolist()))


@pytest.mark.parametrize("counts", [[40], [30, 20], [15, 25, 10, 30]])
def test_voices_are_grouped_also_where_nobody_says_how_many_there_are(counts):
    vectors, truth = voices(counts)
    assert same_groups(cluster(vectors, None, RULES), truth)
    assert same_groups(cluster(vectors, len(counts), RULES), truth)


def test_a_number_that_is_known_is_kept_to():
    vectors, _ = voices([30, 30, 30])
    for speakers in (1, 2, 3):
        assert len(set(cluster(vectors, speakers, RULES).tolist())) == speakers
    assert cluster(vectors[:1], 5, RULES).tolist() == [0]
    assert len(cluster(vectors[:0], None, RULES)) == 0


def test_a_laugh_is_no_speaker_unless_somebody_counted_it():
    vectors, truth = voices([100, 100, 1])
    assert len(set(cluster(vectors, None, RULES).tolist())) == 2
    assert same_groups(cluster(vectors, 3, RULES), truth)


def test_hours_of_speech_are_grouped_by_a_part_of_them():
    vectors, truth = voices([3_000, 2_500])
    assert same_groups(cluster(vectors, None, ClusterRules(compared=200)), truth)


@st.composite
def speech(draw: st.DrawFn) -> list[SpeechRegion]:
    now, regions = 0.0, []
    for pause, length in draw(st.lists(st.tuples(st.floats(0.13, 3), st.floats(0.15, 20)), max_size=10)):
        regions.append(SpeechRegion(start=now + pause, end=now + pause + length))
        now = regions[-1].end
    return regions


@given(speech(), st.data())
def test_labels_cut_regions_and_lose_nothing(regions, data):
    windows = windows_of(regions)
    for number, region in enumerate(regions):
        own = [window for window in windows if window.region == number]
        assert own[0].start == region.start
        assert own[-1].end == region.end
        assert all(one.end == two.start for one, two in itertools.pairwise(own))
    known = [data.draw(st.sampled_from([0, 1, 2])) if window.tells else None for window in windows]
    found = labelled(regions, windows, complete(windows, known))
    assert sum(r.end - r.start for r in found) == pytest.approx(sum(r.end - r.start for r in regions))
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))
    names = list(dict.fromkeys(region.speaker for region in found))
    assert names == [f"S{n + 1}" for n in range(len(names))]
    for one, two in itertools.pairwise(found):
        assert one.end < two.start or one.speaker != two.speaker


def test_a_short_word_goes_with_whoever_speaks_next_to_it():
    regions = [SpeechRegion(start=0, end=2), SpeechRegion(start=5, end=5.2), SpeechRegion(start=5.5, end=8)]
    windows = windows_of(regions)
    known = [None if window.end - window.start < LEAST_SECONDS else window.region for window in windows]
    found = labelled(regions, windows, complete(windows, known))
    assert [region.speaker for region in found] == ["S1", "S2", "S2"]


def test_one_window_that_differs_from_both_its_neighbours_is_a_mistake():
    regions = [SpeechRegion(start=0, end=4.5)]
    windows = windows_of(regions)
    assert len(labelled(regions, windows, [0, 1, 0])) == 1
    assert [region.speaker for region in labelled(regions, windows, [0, 1, 1])] == ["S1", "S2"]


def test_filter_banks_have_kaldis_shape_and_no_mean():
    tone = (8_000 * np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE)).astype(np.int16)
    features = fbank(np.concatenate([tone, np.zeros(RATE, np.int16)]))
    assert features.shape == (1 + (2 * RATE - 400) // 160, 80)
    assert np.abs(features.mean(axis=0)).max() < 1e-3
    # 1 kHz is mel 1000; 80 bands between 32 and 2840 have it in the 28th (counted from 1).
    assert abs(int(features[10].argmax()) - 27) <= 1
    assert fbank(np.zeros(10, np.int16)).shape == (1, 80)


async def test_without_a_model_everybody_is_one_speaker(tmp_path):
    diarizer = make_diarizer(TranscriberSettings())
    assert isinstance(diarizer, OneSpeaker)
    assert not diarizer.tells_apart
    await diarizer.start()
    regions = (SpeechRegion(start=0, end=1, speaker="S2"), SpeechRegion(start=2, end=3))
    found = await diarizer.run(DiarizationRequest(tmp_path / "pcm", regions, 2), CancelToken())
    assert [region.speaker for region in found] == ["S1", "S1"]
    await diarizer.close()


class TakesTurns(Diarizer):
    """Whoever starts to speak after half a second of silence is the other one of two."""

    name = "turns"

    def work(self, request: DiarizationRequest, cancel: CancelToken) -> tuple[SpeechRegion, ...]:
        found: list[SpeechRegion] = []
        for region in request.regions:
            pause = region.start - found[-1].end if found else 0.0
            speaker = found[-1].speaker if found else "S1"
            if pause > 0.5:
                speaker = "S2" if speaker == "S1" else "S1"
            found.append(region.model_copy(update={"speaker": speaker}))
        return tuple(found)


@pytest.fixture
async def turns():
    diarizer = TakesTurns()
    await diarizer.start()
    yield diarizer
    await diarizer.close()


def reserved(job, spec, **options) -> CloudEvent[CreditsReserved]:
    spec = spec.model_copy(update={"options": JobOptions(**options)})
    return CloudEvent.wrap(CreditsReserved(job=job, spec=spec, amount=10), service="billing")


async def test_the_plan_names_speakers_and_keeps_their_clean_speech(
    store, turns, job, work, spec_of, film, talk
):
    spec = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    stage = SplitStage(store, SilenceCutter(store, ChunkRules(parts=2, shortest=3), turns))
    (planned,) = await stage.handle(reserved(job, spec, clone_voice=True), work)
    plan = await store.read_document(planned.plan, ChunkPlan)
    regions = [region for chunk in plan.chunks for region in chunk.regions]
    for region in regions:
        inside = next(n for n, (a, b) in enumerate(talk.spoken) if a - 0.1 < region.start < b)
        assert region.speaker == ("S1", "S2")[inside % 2]
    voices = (await store.read_document(plan.voices, SpeakerVoices)).voices
    assert [voice.speaker for voice in voices] == ["S1", "S2"]
    for voice in voices:
        with wave.open(BytesIO(await store.read(voice.audio))) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        assert len(samples) / 24_000 == pytest.approx(voice.seconds, abs=0.001)
        assert voice.seconds > 3
        assert np.sqrt(np.mean(samples.astype(float) ** 2)) > 500
    assert {planned.plan.key, plan.voices.key, *(voice.audio.key for voice in voices)} <= set(planned.made)
    # Made before, it is not made again; with a voice gone it is.
    writes = list(store.writes)
    shutil.rmtree(work.scratch)
    work.scratch.mkdir()
    assert await stage.handle(reserved(job, spec, clone_voice=True), work) == [planned]
    assert store.writes == writes
    await store.delete([voices[1].audio.key])
    assert await stage.handle(reserved(job, spec, clone_voice=True), work) == [planned]
    assert await store.stat(voices[1].audio.key) == voices[1].audio


async def test_nobody_asked_for_voices_and_none_are_kept(store, turns, job, work, spec_of, film, talk):
    spec = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    stage = SplitStage(store, SilenceCutter(store, diarizer=turns))
    (planned,) = await stage.handle(reserved(job, spec), work)
    plan = await store.read_document(planned.plan, ChunkPlan)
    assert plan.voices is None
    assert len(planned.made) == 1 + len(plan.chunks)


async def test_plans_of_one_speaker_are_those_that_were_made_before(store, turns, spec_of):
    spec = await spec_of(b"anything", 60.0)
    plain = SilenceCutter(store).params(spec)
    assert SilenceCutter(store, diarizer=OneSpeaker()).params(spec) == plain
    assert "speakers" not in plain
    assert "voices" not in plain
    two = spec.model_copy(update={"options": JobOptions(speakers=2)})
    assert SilenceCutter(store, diarizer=turns).params(two) != SilenceCutter(store, diarizer=turns).params(
        spec
    )


def test_only_clean_speech_is_taken(talk, talk_over_music):
    features = extract([talk.pcm])
    regions = find_speech(features)
    clean = clean_speech(regions, features)
    assert set(clean) == {"S1"}
    assert sum(stretch.seconds for stretch in clean["S1"]) > 3
    assert list(clean["S1"]) == sorted(clean["S1"], key=lambda stretch: stretch.start)
    # Half a second above the noise is no voice, and neither is speech in noise as loud as itself.
    assert clean_speech([SpeechRegion(start=1, end=1.5)], features) == {}
    noise = np.random.default_rng(1).normal(0, np.std(talk.sound), len(talk.sound))
    loud = extract([np.asarray(np.clip(talk.sound + noise, -1, 1) * 32_767, np.int16)])
    assert clean_speech(regions, loud) == {}


def test_no_more_is_taken_than_makes_a_voice_better_and_nothing_beside_another(talk):
    features = extract([talk.pcm])
    regions = find_speech(features)
    rules = VoiceRules(least=1.0, most=2.5)
    taken = clean_speech(regions, features, rules)["S1"]
    assert sum(stretch.seconds for stretch in taken) <= 2.5 + 1e-6
    start, end = talk.spoken[2]
    halves = [
        SpeechRegion(start=start, end=(start + end) / 2, speaker="S1"),
        SpeechRegion(start=(start + end) / 2, end=end, speaker="S2"),
    ]
    assert clean_speech(halves, features, VoiceRules(least=0.5)) == {}
    assert Stretch(1.0, 2.5).seconds == 1.5
