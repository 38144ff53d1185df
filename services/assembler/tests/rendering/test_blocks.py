"""Sound is made in blocks: what changed is made anew, and how one got there cannot be heard."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_assembler.rendering import source as source_module
from octavia_assembler.rendering.dub import DubRenderer
from octavia_assembler.rendering.kept import Kept, KeptInStore, NothingKept, Recipe
from octavia_assembler.rendering.renderer import Assembly, Rendered
from octavia_assembler.sound.ducking import Ducking
from octavia_assembler.timeline import SAMPLE_RATE
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import SpokenSegment
from octavia_samples.voices import decode_file

SMALL = 76_800
"""1.6 s, the shortest block that fits frames and hops: the talk has seven."""

USER = UUID(int=9)


@dataclass(frozen=True)
class Said:
    """How a line is in one version of a dub: which of its takes is heard (None: it could not be spoken), and
    how much later than in the source it begins."""

    take: int | None = 0
    later: float = 0.0


Version = tuple[Said, ...]
FIRST: Version = (Said(), Said(), Said())


@dataclass
class Counting:
    """Keeps in a store, and notes what was kept that was not there before."""

    kept: Kept
    made: list[str]

    async def find(self, recipe: Recipe, path: Path) -> bool:
        return await self.kept.find(recipe, path)

    async def keep(self, recipe: Recipe, path: Path) -> None:
        self.made.append(recipe.params["what"])
        await self.kept.keep(recipe, path)


@dataclass
class Studio:
    """Renders versions of one dub in blocks of some length."""

    source: Path
    lines: list[Any]
    takes: list[list[Path]]
    folder: Path
    runs: int = 0

    async def render(self, version: Version, kept: Kept | None = None, block: int = SMALL) -> Rendered:
        self.runs += 1
        scratch = self.folder / f"run{self.runs}"
        scratch.mkdir()
        voices = {
            f"s{n}": self.takes[n][said.take] for n, said in enumerate(version) if said.take is not None
        }
        assembly = Assembly(
            source=self.source,
            source_language="en",
            target_language="es",
            segments=tuple(self._segment(number, said) for number, said in enumerate(version)),
            voices=voices,
            scratch=scratch,
            kept=kept or NothingKept(),
        )
        return await DubRenderer(Ducking(), block_samples=block).render(assembly, CancelToken())

    def _segment(self, number: int, said: Said) -> SpokenSegment:
        line = self.lines[number]
        seconds = (
            0.0 if said.take is None else soundfile.info(self.takes[number][said.take]).frames / SAMPLE_RATE
        )
        return SpokenSegment(
            id=f"s{number}",
            speaker=line.speaker,
            start=line.start + said.later,
            end=line.end,
            slot_end=line.end + 1,
            source_text=line.text,
            text=f"take {said.take}",
            audio=None,
            duration=seconds,
            rate=1.0,
        )


def digests(rendered: Rendered) -> tuple[str, str]:
    """Of the medium and of its voice alone."""
    stem = rendered.speech_only.read_bytes() if rendered.speech_only else b""
    return hashlib.sha256(rendered.media.read_bytes()).hexdigest(), hashlib.sha256(stem).hexdigest()


@pytest.fixture
def studio_of(bench: Any, talk: Any, tmp_path: Path) -> Callable[..., Studio]:
    def made(name: str, *options: str) -> Studio:
        takes: list[list[Path]] = []
        for number in range(3):
            sound = bench.voice(number)
            takes.append([])
            for take, samples in enumerate((sound, sound[: len(sound) * 2 // 3], -0.5 * sound, sound[::-1])):
                takes[-1].append(tmp_path / f"line{number}take{take}.flac")
                soundfile.write(takes[-1][-1], samples, SAMPLE_RATE, subtype="PCM_16")
        return Studio(bench.remade(name, *options).path, talk.truth.lines, takes, tmp_path)

    return made


CHANGES = st.tuples(
    st.integers(0, 2), st.builds(Said, st.sampled_from([0, 1, 2, None]), st.sampled_from([0.0, 0.15]))
)
STEPS = st.lists(st.one_of(CHANGES, st.sampled_from(["render", "undo"])), min_size=2, max_size=7)


def test_any_series_of_edits_renders_and_undos_gives_the_bytes_of_the_last_version(
    studio_of: Callable[..., Studio],
) -> None:
    studio = studio_of("a.wav", "-vn", "-map_chapters", "-1")
    in_one_go: dict[Version, tuple[str, str]] = {}
    store = FakeArtifactStore()

    async def play(steps: list[Any]) -> None:
        history, version = [FIRST], FIRST
        for step in [*steps, "render"]:
            if step == "render":
                rendered = digests(await studio.render(version, KeptInStore(store, USER)))
            elif step == "undo":
                version = history.pop() if len(history) > 1 else FIRST
            else:
                history.append(version)
                number, said = step
                version = (*version[:number], said, *version[number + 1 :])
        if version not in in_one_go:
            in_one_go[version] = digests(await studio.render(version))
        assert rendered == in_one_go[version]

    @settings(deadline=None, max_examples=6, database=None)
    @given(STEPS)
    def check(steps: list[Any]) -> None:
        asyncio.run(play(steps))

    check()


async def test_one_changed_line_makes_its_own_blocks_anew_and_decodes_nothing(
    studio_of: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, store = studio_of("a.mp4", "-c", "copy"), FakeArtifactStore()
    edited = replace(FIRST[2], take=3)  # as loud as it was, so that no gain moves
    await studio.render(FIRST, KeptInStore(store, USER))
    in_one_go = digests(await studio.render((*FIRST[:2], edited)))

    async def decode(*_: Any) -> Any:
        raise AssertionError("decoded again")

    monkeypatch.setattr(source_module, "decode", decode)
    counting = Counting(KeptInStore(store, USER), [])
    made = await studio.render((*FIRST[:2], edited), counting)
    assert digests(made) == in_one_go
    # The line of 1.3 s lies in two of seven blocks, and half a second before them is encoded with them.
    assert 1 <= counting.made.count("sound") <= 3
    assert set(counting.made) == {"sound", "figures"}
    again = Counting(KeptInStore(store, USER), [])
    assert digests(await studio.render((*FIRST[:2], edited), again)) == in_one_go
    assert again.made == []


async def test_pieces_that_are_gone_are_made_again(studio_of: Callable[..., Studio]) -> None:
    studio, store = studio_of("a.wav", "-vn", "-map_chapters", "-1"), FakeArtifactStore()
    first = digests(await studio.render(FIRST, KeptInStore(store, USER)))
    keys = sorted(store.objects)
    await store.delete(keys[::2])
    assert digests(await studio.render(FIRST, KeptInStore(store, USER))) == first
    assert sorted(store.objects) == keys


@pytest.mark.parametrize(
    ("name", "options", "block"),
    [
        ("a.mp4", ("-c", "copy"), SMALL),
        ("a.mkv", ("-c", "copy"), SMALL),
        ("a.mp3", ("-vn", "-map_chapters", "-1", "-b:a", "192k"), 3 * SMALL),
    ],
)
async def test_where_blocks_meet_nothing_is_heard(
    name: str, options: tuple[str, ...], block: int, bench: Any, studio_of: Callable[..., Studio]
) -> None:
    if name == "a.mp4":
        bench.check(await bench.dub(bench.talk, renderer=DubRenderer(Ducking(), block_samples=block)))
    studio = studio_of(name, *options)
    small, one = await studio.render(FIRST, block=block), await studio.render(FIRST, block=SMALL * 21)
    assert small.voice_gain_db == one.voice_gain_db
    assert small.loudness.output_lufs == pytest.approx(one.loudness.output_lufs, abs=0.05)
    joined, whole = decode_file(small.media), decode_file(one.media)
    assert len(joined) == len(whole)
    for seam in range(block, len(whole) - 2048, block):
        near = slice(seam - 2048, seam + 2048)
        difference = np.sqrt(np.mean(np.square(joined[near] - whole[near])))
        level = np.sqrt(np.mean(np.square(whole[near])))
        assert difference < max(level * 0.05, 1e-4), f"a seam at {seam / SAMPLE_RATE:.1f} s is heard"
