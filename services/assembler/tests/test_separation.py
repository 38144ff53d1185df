"""The voice makes way by itself: blocks of the timeline, and the mix with a separator that knows."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from octavia_assembler.main import make_renderer
from octavia_assembler.rendering.dub import DubRenderer
from octavia_assembler.separation.base import SeparationRequest, Separator
from octavia_assembler.separation.blocks import BLOCK, CONTEXT, FADE, blocks_of
from octavia_assembler.separation.registry import make_separator
from octavia_assembler.settings import AssemblerSettings
from octavia_assembler.sound.balance import Balance
from octavia_assembler.sound.ducking import Ducking, Envelope, Region
from octavia_assembler.sound.mixing import Mix
from octavia_assembler.sound.raw import RawSound
from octavia_assembler.sound.speech import SpeechTrack
from octavia_assembler.timeline import SAMPLE_RATE
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError

TOTAL = 400 * SAMPLE_RATE
SECONDS = st.floats(0, 390)


@given(st.lists(st.tuples(SECONDS, st.floats(0.1, 150)), max_size=6))
def test_blocks_cover_all_speech_at_full_weight_and_add_up_to_one(speech):
    regions = [
        Region(round(start * SAMPLE_RATE), min(TOTAL, round((start + length) * SAMPLE_RATE)))
        for start, length in speech
    ]
    blocks = list(blocks_of(regions, TOTAL))
    step = 100  # every hundredth sample tells enough
    weight = np.zeros(TOTAL // step + 1)
    for block in blocks:
        assert 0 <= block.first <= max(block.start, 0)
        assert min(block.end, TOTAL) <= block.last <= TOTAL
        assert block.end - block.start <= BLOCK
        assert block.last - block.first <= BLOCK + 2 * CONTEXT
        own = block.weights()
        for sample in range(-(-max(block.start, 0) // step), -(-min(block.end, TOTAL) // step)):
            weight[sample] += own[sample * step - block.start]
    assert weight.max(initial=0) <= 1 + 1e-4
    for region in regions:
        inside = weight[-(-region.start // step) : region.end // step]
        assert (inside > 1 - 1e-4).all()
    for one, two in itertools.pairwise(blocks):
        assert one.start < two.start
        assert two.start >= one.end - FADE - 1


def raw(path: Path, samples: NDArray[np.float32]) -> RawSound:
    samples.astype("<f4").tofile(path)
    return RawSound(path)


def test_only_the_voice_is_lowered_and_music_stays_bit_for_bit_where_nobody_speaks(tmp_path):
    random = np.random.default_rng(1)
    music, voice = (random.normal(0, 0.1, (4 * SAMPLE_RATE, 2)).astype(np.float32) for _ in range(2))
    voice[: 1 * SAMPLE_RATE] = voice[3 * SAMPLE_RATE :] = 0
    speech = [Region(SAMPLE_RATE, 3 * SAMPLE_RATE)]
    with raw(tmp_path / "s", music + voice) as source, raw(tmp_path / "v", voice) as own:
        total = 4 * SAMPLE_RATE
        mix = Mix(source, SpeechTrack([]), Envelope(speech, Ducking()), total, own_voice=own)
        made, _ = mix.read(0, total, Balance(1.0, 1.0))
    spoken, ends = slice(SAMPLE_RATE, 3 * SAMPLE_RATE), slice(0, SAMPLE_RATE // 2)
    left = made[spoken] - music[spoken]
    assert np.abs(left - voice[spoken] * 10 ** (-30 / 20)).max() < 1e-5
    assert (made[ends] == music[ends]).all()


class Known(Separator):
    """Says that everything is voice, or nothing is."""

    name = "known"

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.asked: list[SeparationRequest] = []
        self.closed = False

    def params(self) -> dict[str, Any]:
        return {"share": self.share}

    def unload(self) -> None:
        self.closed = True

    def work(self, request: SeparationRequest, cancel: CancelToken) -> None:
        self.asked.append(request)
        sound = np.fromfile(request.sound, "<f4") * np.float32(self.share)
        sound.astype("<f4").tofile(request.voice)


async def test_where_all_is_voice_it_is_as_if_ducked_and_where_none_is_nothing_makes_way(tmp_path):
    talk = np.random.default_rng(2).normal(0, 0.1, (2 * SAMPLE_RATE, 2)).astype(np.float32)
    speech = [Region(SAMPLE_RATE // 2, SAMPLE_RATE)]
    made = {}
    for name, share in (("ducked", None), ("all", 1.0), ("none", 0.0)):
        with raw(tmp_path / name, talk) as source:
            own = None
            if share is not None:
                separator = Known(share)
                await separator.start()
                path = tmp_path / f"{name}.voice"
                await separator.run(SeparationRequest(source.path, path, speech), CancelToken())
                await separator.close()
                own = RawSound(path)
            mix = Mix(source, SpeechTrack([]), Envelope(speech, Ducking()), len(talk), own_voice=own)
            made[name], _ = mix.read(0, len(talk), Balance(1.0, 1.0))
            if own is not None:
                with own:
                    pass
    assert np.abs(made["all"] - made["ducked"]).max() < 1e-6
    assert (made["none"] == talk).all()


def test_separation_is_a_choice_and_keys_know_it():
    assert make_separator(AssemblerSettings()) is None
    plain = make_renderer(AssemblerSettings())
    assert "separator" not in plain.params
    separated = [DubRenderer(Ducking(), Known(share)) for share in (0.0, 1.0)]
    assert len({str(each.params) for each in (plain, *separated)}) == 3


async def test_demucs_that_is_not_there_is_one_clear_line():
    settings = AssemblerSettings(assembler_engine="demucs")
    renderer = make_renderer(settings, make_separator(settings))
    with pytest.raises(EngineUnavailableError, match=r"octavia-assembler\[demucs\]|DEMUCS_MODEL"):
        await renderer.start()
    await renderer.close()
