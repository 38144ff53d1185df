"""What choosing among several translations gains over the first of each: real speech of the offline voice.

The translations are given, as a language model would give them: the first as it comes to mind, one shorter,
one longer. The slots are those of the English lines as flite speaks them.
"""

import tempfile
from datetime import UTC, datetime
from itertools import pairwise
from math import log
from pathlib import Path
from uuid import UUID

import numpy as np
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Speech, SpokenSegment, TranslatedSegment, Translation
from octavia_common.events import ChunkRef, ChunkTranslated, CloudEvent, JobRef
from octavia_common.messaging.handlers import Work
from octavia_samples.voices import RATE, speak
from octavia_synthesizer.engines.espeak import EspeakSynthesizer
from octavia_synthesizer.handler import SynthesizeChunk

PAUSE_SECONDS = 0.8

LINES: tuple[tuple[str, tuple[str, str, str]], ...] = (
    (
        "Welcome to the history museum. How can I help you?",
        (
            "Sean ustedes bienvenidos al museo de historia. ¿En qué les puedo ayudar hoy?",
            "Bienvenidos al museo. ¿Cómo les ayudo?",
            "Bienvenidos al museo de historia. ¿En qué puedo ayudarles?",
        ),
    ),
    (
        "We would like to see the old paintings first.",
        (
            "Primero quisiéramos ver los cuadros antiguos.",
            "Queremos ver antes los cuadros.",
            "A nosotros nos gustaría ver en primer lugar los cuadros antiguos.",
        ),
    ),
    (
        "They are on the second floor, next to the big window.",
        (
            "Se encuentran ustedes con ellos en la segunda planta, justo al lado de la ventana grande.",
            "Segunda planta, junto a la ventana grande.",
            "Están en la segunda planta, junto a la ventana grande.",
        ),
    ),
    (
        "How many people work here every day?",
        (
            "¿Cuántos trabajan?",
            "¿Cuántos son?",
            "¿Cuántas personas trabajan aquí cada día?",
        ),
    ),
    (
        "More than thirty, and all of them can speak English.",
        (
            "Son más de treinta personas y absolutamente todas ellas saben hablar en inglés.",
            "Más de treinta, y todos hablan inglés.",
            "Más de treinta personas, y todas saben hablar inglés.",
        ),
    ),
    (
        "What time do you close?",
        ("¿A qué hora cierran?", "¿Cuándo cierran?", "¿Y a qué hora cierran ustedes hoy?"),
    ),
    (
        "We close at six in the evening, but tomorrow we are open until eight.",
        (
            "Hoy cerramos a las seis de la tarde, sin embargo el día de mañana abrimos hasta las ocho.",
            "Cerramos a las seis; mañana, a las ocho.",
            "Cerramos a las seis de la tarde, pero mañana abrimos hasta las ocho.",
        ),
    ),
    (
        "Please remember to bring your tickets with you.",
        (
            "Traigan las entradas.",
            "Con entradas.",
            "Por favor, recuerden traer consigo las entradas.",
        ),
    ),
)


async def gain() -> str:
    """The table of both ways, in Markdown."""
    engine = EspeakSynthesizer()
    await engine.start()
    try:
        first = await _spoken(engine, candidates=False)
        chosen = await _spoken(engine, candidates=True)
    finally:
        await engine.close()
    rows = [(name, of(first), of(chosen)) for name, of in _ROWS]
    head = ["| | the first translation of each line | chosen together |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {name} | {one} | {other} |" for name, one, other in rows)])


async def _spoken(engine: EspeakSynthesizer, *, candidates: bool) -> tuple[SpokenSegment, ...]:
    """The lines as the synthesizer's stage speaks them."""
    store = FakeArtifactStore()
    segments = []
    now = 1.0
    for number, (source, (text, *others)) in enumerate(LINES):
        end = now + len(speak(source, "slt").sound) / RATE
        segments.append(
            TranslatedSegment(
                id=f"0000-{number:02}",
                speaker="S1",
                start=now,
                end=end,
                slot_end=end + PAUSE_SECONDS - 0.05,
                source_text=source,
                text=text,
                candidates=tuple(others) if candidates else (),
            )
        )
        now = end + PAUSE_SECONDS
    chunk = ChunkRef(index=0, total=1, start=0.0, end=now, next_speech_start=now)
    document = Translation(source_language="en", target_language="es", chunk=chunk, segments=tuple(segments))
    job = JobRef(
        job_id=UUID(int=1),
        user_id=UUID(int=2),
        hold_id=UUID(int=3),
        deadline_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    event = ChunkTranslated(
        job=job,
        chunk=chunk,
        source_language="en",
        target_language="es",
        translation=await store.write_document("users/u/translation", document),
    )
    with tempfile.TemporaryDirectory() as scratch:
        wrapped = CloudEvent.wrap(event, service="benchmark")
        (made,) = await SynthesizeChunk(store, engine).handle(wrapped, Work(CancelToken(), Path(scratch)))
    return (await store.read_document(made.speech, Speech)).segments


def _within(lines: tuple[SpokenSegment, ...]) -> str:
    return f"{np.mean([0.849 <= line.rate <= 1.201 for line in lines]):.0%}"


def _off(lines: tuple[SpokenSegment, ...]) -> str:
    return f"{2 ** np.mean([abs(log(line.rate, 2)) for line in lines]) - 1:.0%}"


def _uneven(lines: tuple[SpokenSegment, ...]) -> str:
    steps = [abs(log(after.rate / before.rate, 2)) for before, after in pairwise(lines)]
    return f"{2 ** np.mean(steps) - 1:.0%}"


def _filled(lines: tuple[SpokenSegment, ...]) -> str:
    return f"{np.mean([min(line.duration / (line.end - line.start), 1.0) for line in lines]):.0%}"


_ROWS = (
    ("lines at 0.85 to 1.2 of their rate", _within),
    ("mean distance from the natural rate", _off),
    ("mean step of the rate between neighbours", _uneven),
    ("of the source's time filled with speech", _filled),
    ("fastest line", lambda lines: f"{max(line.rate for line in lines):.2f}"),
)
