"""The first stage of dubbing: a job whose credits are held becomes a plan of chunks."""

import asyncio
from collections.abc import Sequence

from octavia_common.artifacts.keys import artifact_key
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import ChunkPlan, PlannedChunk, SpeakerVoice, SpeakerVoices
from octavia_common.events import (
    AUTO,
    ArtifactRef,
    ChunkRef,
    CloudEvent,
    CreditsReserved,
    JobKind,
    JobSpec,
    MediaPlanned,
)
from octavia_common.messaging.handlers import Work

from octavia_transcriber.captions.given import GivenLines, subtitles_of
from octavia_transcriber.planning.features import SAMPLE_RATE
from octavia_transcriber.splitting.cutter import CutSource, Cutter, SampleSpan
from octavia_transcriber.splitting.language import UNDETERMINED, LanguageFinder
from octavia_transcriber.wav import MEDIA_TYPE, wav_seconds

PLANNED = frozenset(
    {JobKind.VIDEO_TRANSLATE, JobKind.AUDIO_TRANSLATE, JobKind.SUBTITLES, JobKind.SUBTITLE_TRANSLATE}
)
_TRANSFERS = 4


class SplitStage:
    """CreditsReserved → chunk audio and a ChunkPlan in the store → MediaPlanned.

    The plan is written last: where it exists, with all of its chunks, nothing is done again. Where a subtitle
    file is given its lines are the chunks'; a subtitle file alone has nothing to be cut.
    """

    def __init__(self, store: ArtifactStore, cutter: Cutter, languages: LanguageFinder | None = None) -> None:
        self._store = store
        self._cutter = cutter
        self._languages = languages or LanguageFinder(store, None, 0.0)
        self._given = GivenLines(store)

    async def handle(self, event: CloudEvent[CreditsReserved], work: Work) -> Sequence[MediaPlanned]:
        """Plan one job. Jobs of other kinds are not ours. Raises a MediaError for unusable sources."""
        reserved = event.data
        if reserved.spec.kind not in PLANNED:
            return []
        if reserved.spec.plan is not None:
            return [await self._planned_by_a_person(reserved, reserved.spec.plan)]
        self._languages.require(reserved.spec)
        plan_key = self._key(reserved, "plan")
        found = await self._made_before(plan_key)
        if found is None:
            plan = await self._plan(reserved, work)
            found = (await self._store.write_document(plan_key, plan), plan)
        ref, plan = found
        planned = MediaPlanned(
            job=reserved.job,
            spec=reserved.spec,
            plan=ref,
            chunks=len(plan.chunks),
            made=(ref.key, *[part.key for part in await self._parts(plan)]),
        )
        if reserved.spec.source_language == AUTO:
            planned = await self._with_language(planned, plan, work)
        return [planned]

    async def _plan(self, reserved: CreditsReserved, work: Work) -> ChunkPlan:
        spec, user_id = reserved.spec, reserved.job.user_id
        if spec.kind is JobKind.SUBTITLE_TRANSLATE:
            seconds = spec.worked_seconds
            return ChunkPlan(
                duration_seconds=seconds, chunks=await self._given.chunks(user_id, spec, seconds=seconds)
            )
        source = await self._cutter.cut(spec, work)
        if subtitles_of(spec) is None:
            chunks = await self._put_chunks(reserved, source)
        else:
            heard = [region for cut in source.cuts for region in cut.regions]
            chunks = await self._given.chunks(user_id, spec, seconds=source.duration_seconds, voices=heard)
        return ChunkPlan(
            duration_seconds=source.duration_seconds,
            chunks=chunks,
            voices=await self._put_voices(reserved, source) if spec.options.clone_voice else None,
            frame_rate=source.frame_rate,
        )

    async def _planned_by_a_person(self, reserved: CreditsReserved, ref: ArtifactRef) -> MediaPlanned:
        """The plan whose lines a person has looked at: neither cutting nor listening would know better."""
        plan = await self._store.read_document(ref, ChunkPlan)
        parts = [ref, *await self._parts(plan)]
        return MediaPlanned(
            job=reserved.job,
            spec=reserved.spec,
            plan=ref,
            chunks=len(plan.chunks),
            made=tuple(part.key for part in parts),
        )

    async def _with_language(self, planned: MediaPlanned, plan: ChunkPlan, work: Work) -> MediaPlanned:
        """The same with the language that is spoken, which all later events then follow."""
        if not plan.chunks:
            return planned.model_copy(update={"spec": _spoken_in(UNDETERMINED, planned.spec)})
        decision = await self._languages.find(planned.job, planned.spec, plan, planned.plan, work.cancel)
        return planned.model_copy(
            update={
                "spec": _spoken_in(decision.detected.language, planned.spec),
                "detected": decision.detected,
                "made": (*planned.made, decision.ref.key),
            }
        )

    async def _made_before(self, plan_key: str) -> tuple[ArtifactRef, ChunkPlan] | None:
        ref = await self._store.stat(plan_key)
        if ref is None:
            return None
        plan = await self._store.read_document(ref, ChunkPlan)
        gate = asyncio.Semaphore(_TRANSFERS)

        async def exists(part: ArtifactRef) -> bool:
            async with gate:
                return await self._store.stat(part.key) == part

        if plan.voices is not None and not await exists(plan.voices):
            return None
        complete = all(await asyncio.gather(*(exists(part) for part in await self._parts(plan))))
        return (ref, plan) if complete else None

    async def _parts(self, plan: ChunkPlan) -> list[ArtifactRef]:
        """All that a plan refers to."""
        parts = [
            part for chunk in plan.chunks for part in (chunk.audio, chunk.transcript) if part is not None
        ]
        if plan.voices is not None:
            voices = await self._store.read_document(plan.voices, SpeakerVoices)
            parts += [plan.voices, *(voice.audio for voice in voices.voices)]
        return parts

    async def _put_voices(self, reserved: CreditsReserved, source: CutSource) -> ArtifactRef:
        """Each speaker's clean speech, then the document that names them."""
        voices = []
        for speaker, wav in (await source.voices()).items():
            audio = await self._store.write(self._key(reserved, f"voice-{speaker}"), wav, MEDIA_TYPE)
            seconds = round(wav_seconds(wav), 3)
            voices.append(SpeakerVoice(speaker=speaker, audio=audio, seconds=seconds))
        document = SpeakerVoices(voices=tuple(voices))
        return await self._store.write_document(self._key(reserved, "voices"), document)

    async def _put_chunks(self, reserved: CreditsReserved, source: CutSource) -> tuple[PlannedChunk, ...]:
        gate = asyncio.Semaphore(_TRANSFERS)
        total = len(source.cuts)

        async def put(index: int) -> PlannedChunk:
            cut = source.cuts[index]
            span = SampleSpan.of(cut)
            key = self._key(reserved, "chunk", span)
            async with gate:
                audio = await self._store.write(key, await source.audio(span), MEDIA_TYPE)
            return PlannedChunk(
                chunk=ChunkRef(
                    index=index,
                    total=total,
                    start=span.first / SAMPLE_RATE,
                    end=span.last / SAMPLE_RATE,
                    next_speech_start=cut.next_speech_start,
                ),
                audio=audio,
                regions=cut.regions,
            )

        return tuple(await asyncio.gather(*(put(index) for index in range(total))))

    def _key(self, reserved: CreditsReserved, what: str, span: SampleSpan | None = None) -> str:
        params = {**self._cutter.params(reserved.spec), **self._given.params(reserved.spec)}
        if span is not None:
            params |= {"first_sample": span.first, "last_sample": span.last}
        return artifact_key(
            reserved.job.user_id,
            what,
            inputs=[reserved.spec.source.sha256],
            engine=self._cutter.name,
            version=self._cutter.version,
            params=params,
        )


def _spoken_in(language: str, spec: JobSpec) -> JobSpec:
    """What was asked for, once the source's language is known: it may be a target, too."""
    targets = (language if target == AUTO else target for target in spec.target_languages)
    return spec.model_copy(
        update={"source_language": language, "target_languages": tuple(dict.fromkeys(targets))}
    )
