"""What waits for review, as it is edited. Pure."""

from collections.abc import Iterable

from octavia_common.documents import (
    ChunkPlan,
    Document,
    PlannedChunk,
    Segment,
    Transcript,
    TranslatedSegment,
    Translation,
)
from octavia_common.events import ArtifactRef

from octavia_gateway.editing.lines import Lines, translations


class HeldLines(Document):
    """All lines of a job that wait: translated, or as they were heard (both languages are the source's)."""

    source_language: str
    target_language: str
    duration_seconds: float
    segments: tuple[TranslatedSegment, ...]
    plan: ArtifactRef | None = None


def as_translation(heard: Transcript) -> Translation:
    """What was heard as a table of lines: `text` is what can be mended, `source_text` what it was."""
    return Translation(
        source_language=heard.language,
        target_language=heard.language,
        chunk=heard.chunk,
        segments=tuple(TranslatedSegment.of(segment, segment.text) for segment in heard.segments),
    )


def held_lines(documents: Iterable[Translation], plan: ChunkPlan, ref: ArtifactRef) -> HeldLines:
    """The table of a language; raises ValueError where nothing waits in it."""
    every = list(documents)
    if not every:
        raise ValueError("nothing waits for review")
    return HeldLines(
        source_language=every[0].source_language,
        target_language=every[0].target_language,
        duration_seconds=plan.duration_seconds,
        segments=tuple(segment for document in every for segment in document.segments),
        plan=ref,
    )


def changed_documents(
    before: Lines, after: Lines, plan: ChunkPlan, held: HeldLines
) -> dict[int, Translation]:
    """By chunk index, the lines of chunks that a person has changed; of the others nothing is made anew.

    What could have been said otherwise is settled: lines with `candidates` count as changed, for they are
    spoken as they were looked at.
    """
    open_ = {segment.id for segment in held.segments if segment.candidates}
    source, target = held.source_language, held.target_language
    were = translations(before, plan, source, target)
    are = translations(after, plan, source, target)
    return {
        planned.chunk.index: now
        for planned, was, now in zip(plan.chunks, were, are, strict=True)
        if now != was or any(line.id in open_ for line in now.segments)
    }


def as_transcript(lines: Translation) -> Transcript:
    """Mended lines as the recogniser would have told them; a line without words is none."""
    return Transcript(
        language=lines.source_language,
        chunk=lines.chunk,
        segments=tuple(
            Segment(
                id=line.id,
                speaker=line.speaker,
                start=line.start,
                end=line.end,
                slot_end=line.slot_end,
                text=line.text,
            )
            for line in lines.segments
            if line.text.strip()
        ),
    )


def with_transcripts(plan: ChunkPlan, transcripts: dict[int, ArtifactRef]) -> ChunkPlan:
    """The plan with what is said in each chunk."""

    def one(planned: PlannedChunk) -> PlannedChunk:
        given = transcripts.get(planned.chunk.index, planned.transcript)
        return planned.model_copy(update={"transcript": given})

    return plan.model_copy(update={"chunks": tuple(one(planned) for planned in plan.chunks)})


def with_translations(plan: ChunkPlan, by_language: dict[str, dict[int, ArtifactRef]]) -> ChunkPlan:
    """The plan with each chunk's lines in each language."""

    def one(planned: PlannedChunk) -> PlannedChunk:
        given = {
            language: refs[planned.chunk.index]
            for language, refs in by_language.items()
            if planned.chunk.index in refs
        }
        return planned.model_copy(update={"translations": given})

    return plan.model_copy(update={"chunks": tuple(one(planned) for planned in plan.chunks)})
