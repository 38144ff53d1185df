"""Who speaks for whom: named voices, the speakers' own, and the engine's choice."""

import numpy as np
import pytest
from octavia_common.documents import SpeakerVoice, SpeakerVoices, Speech
from octavia_common.events import Voice
from octavia_synthesizer.engine import Sound, SynthesisEngine, VoicesNotClonedError
from octavia_synthesizer.handler import SynthesizeChunk

from .conftest import segment_of


class Parrot(SynthesisEngine):
    """Can speak in voices made of others', and remembers whose."""

    name = "parrot"
    attempts = 1

    def __init__(self, *, clones: bool = True) -> None:
        super().__init__()
        self.clones_voices = clones
        self.requests = []

    def voice_for(self, language, speaker):
        return "its own"

    def languages(self):
        return None

    def voices(self):
        return [Voice(id="high", title="High")]

    def voice_called(self, voice_id, language):
        return voice_id

    def work(self, request, cancel):
        self.requests.append(request)
        return Sound((0.3 * np.sin(np.arange(48_000) * 0.05)).astype(np.float32), 48_000)

    def by_text(self):
        return {
            request.text: request.own.wav if request.own is not None else request.voice
            for request in self.requests
        }


@pytest.fixture
async def parrot():
    engine = Parrot()
    await engine.start()
    yield engine
    await engine.close()


LINES = [segment_of(n, f"line of S{n + 1}", speaker=f"S{n + 1}") for n in range(3)]


async def with_voices(store, translated, speech: dict[str, bytes], **wishes):
    """The event of LINES, with clean speech of these speakers."""
    voices = [
        SpeakerVoice(
            speaker=name, audio=await store.write(f"voices/{wav.hex()}", wav, "audio/wav"), seconds=9
        )
        for name, wav in speech.items()
    ]
    document = SpeakerVoices(voices=tuple(voices))
    ref = await store.write_document(f"voices/{hash(tuple(speech.items()))}", document)
    event = await translated(*LINES, **wishes)
    return event.model_copy(update={"data": event.data.model_copy(update={"voices": ref})})


async def test_a_named_voice_comes_first_then_the_speakers_own_then_everybodys(
    store, work, translated, parrot
):
    event = await with_voices(
        store, translated, {"S1": b"one", "S2": b"two"}, clone_voice=True, voices={"S1": "high", "*": "low"}
    )
    await SynthesizeChunk(store, parrot).handle(event, work)
    assert parrot.by_text() == {"line of S1": "high", "line of S2": b"two", "line of S3": "low"}


async def test_who_spoke_too_little_gets_a_voice_of_the_engines_choice(store, work, translated, parrot):
    event = await with_voices(store, translated, {"S2": b"two"}, clone_voice=True)
    await SynthesizeChunk(store, parrot).handle(event, work)
    assert parrot.by_text() == {"line of S1": "its own", "line of S2": b"two", "line of S3": "its own"}


async def test_without_consent_nobodys_voice_is_copied(store, work, translated, parrot):
    event = await with_voices(store, translated, {"S1": b"one", "S2": b"two"})
    await SynthesizeChunk(store, parrot).handle(event, work)
    assert set(parrot.by_text().values()) == {"its own"}


async def test_another_voice_is_another_line_and_the_same_voice_is_not(store, work, translated, parrot):
    stage = SynthesizeChunk(store, parrot)
    outs = []
    for speech in ({"S1": b"one"}, {"S1": b"other"}, {"S1": b"one"}):
        event = await with_voices(store, translated, speech, clone_voice=True)
        (out,) = await stage.handle(event, work)
        outs.append(await store.read_document(out.speech, Speech))
    keys = [[line.audio.key for line in out.segments] for out in outs]
    assert keys[0] == keys[2]
    assert keys[0][0] != keys[1][0]
    assert keys[0][1:] == keys[1][1:]
    assert len(parrot.requests) == 4  # three lines, and the first in another voice


async def test_an_engine_that_cannot_says_so(store, work, translated):
    engine = Parrot(clones=False)
    await engine.start()
    event = await with_voices(store, translated, {"S1": b"one"}, clone_voice=True)
    with pytest.raises(VoicesNotClonedError):
        await SynthesizeChunk(store, engine).handle(event, work)
    assert engine.published().honours == ("pronunciation", "voices")
    assert Parrot().published().honours == ("pronunciation", "voices", "clone_voice")
    await engine.close()
