"""What the platform says it can do, and jobs that ask for more than languages."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_common.artifacts.keys import user_prefix
from octavia_common.documents import Glossary, GlossaryTerm
from octavia_common.events import (
    AUTO,
    CloudEvent,
    DetectedLanguage,
    EnginePublished,
    JobKind,
    JobOptions,
    JobSubmitted,
    Voice,
)
from octavia_common.pricing import PriceList
from octavia_gateway.capabilities.errors import (
    OptionNotHeededError,
    SpeechNotCheckedError,
    UnsupportedLanguagesError,
)
from octavia_gateway.capabilities.models import Capabilities, Told
from octavia_gateway.capabilities.wishes import check_wishes
from octavia_gateway.jobs.options import OptionsRequest

from .conftest import MakeWorld
from .events import JobEvents
from .world import ENGINES, PRICES, Member, World

PRODUCTION = (
    EnginePublished(
        kind="transcriber",
        engine="faster-whisper",
        version="1",
        model="small",
        licence="MIT",
        languages=("en", "de"),
        detects_language=True,
        model_sizes=("small", "large-v3"),
        honours=("speakers",),
    ),
    EnginePublished(
        kind="translator", engine="vllm", version="1", honours=("glossary", "style", "formality")
    ),
    EnginePublished(
        kind="synthesizer",
        engine="coqui",
        version="1",
        languages=("es", "de"),
        voices=(Voice(id="ana", title="Ana"),),
        clones_voices=True,
        honours=("voices", "clone_voice"),
    ),
)
NOT_OF_ENGINES = {"speaker_names", "review"}
"""Options that the platform itself heeds."""

CREATE = "/api/v1/jobs/video-translate/create"


def told(*engines: EnginePublished) -> Told:
    return Told(engines, (datetime.now(UTC),) * len(engines))


def test_a_wish_counts_where_its_own_engine_heeds_it() -> None:
    assert set(Capabilities.of(told(*PRODUCTION), {}).options) == {
        "glossary",
        "style",
        "formality",
        "voices",
        "clone_voice",
        "speakers",
    }
    hot_words = PRODUCTION[0].model_copy(update={"honours": ("glossary",)})
    other = PRODUCTION[1].model_copy(update={"honours": ()})
    assert "glossary" not in Capabilities.of(told(hot_words, other, PRODUCTION[2]), {}).options


def test_cloning_needs_a_model_that_can() -> None:
    cannot = PRODUCTION[2].model_copy(update={"clones_voices": False})
    can = Capabilities.of(told(*PRODUCTION[:2], cannot), {})
    with pytest.raises(OptionNotHeededError):
        check_wishes(can, ["clone_voice"], voices=(), model_size=None, targets=("es",))


def test_every_wish_of_a_job_has_an_engine_to_heed_it() -> None:
    from octavia_gateway.capabilities.models import HEEDED_BY

    assert set(HEEDED_BY) - {"ipa"} == set(JobOptions.model_fields) - NOT_OF_ENGINES


@pytest.mark.integration
async def test_anybody_may_read_what_can_be_done(world: World) -> None:
    answer = await world.client.get("/api/v1/capabilities")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.json() == {
        "sources": [{"language": "en", "targets": ["es", "ca", "gl", "fr", "pt"]}],
        "subtitles": [{"language": "en", "targets": ["en", "es", "ca", "gl", "fr", "pt"]}],
        # A text needs nobody who hears its language.
        "subtitle_translations": [
            {"language": "en", "targets": ["es", "ca", "gl", "fr", "pt"]},
            {"language": "es", "targets": ["en"]},
        ],
        "detects_language": False,
        "model_sizes": [],
        "voices": [
            {"id": "female-2", "title": "Female 2", "language": None},
            {"id": "ines", "title": "Inés", "language": "es"},
        ],
        "clones_voices": False,
        "options": ["voices"],
        "engines": [
            {
                "kind": engine.kind,
                "engine": engine.engine,
                "version": engine.version,
                "model": None,
                "licence": None,
            }
            for engine in sorted(ENGINES, key=lambda engine: engine.kind)
        ],
    }


@pytest.mark.integration
async def test_the_latest_engine_of_a_kind_holds_whatever_the_order(world: World) -> None:
    now = datetime.now(UTC)
    newer, older = (
        CloudEvent[EnginePublished].wrap(engine, service="translator", time=now + timedelta(seconds=later))
        for engine, later in ((PRODUCTION[1], 2), (ENGINES[1], 1))
    )
    await world.project([newer, older])
    body = (await world.client.get("/api/v1/capabilities")).json()
    assert "vllm" in {engine["engine"] for engine in body["engines"]}
    assert body["sources"] == [{"language": "en", "targets": ["es", "ca", "gl", "fr", "pt", "ja"]}]


@pytest.mark.integration
async def test_before_the_engines_are_known_nothing_is_promised_but_the_operators_pairs(
    make_world: MakeWorld,
) -> None:
    world = await make_world()
    async with world.database.transaction() as connection:
        await connection.execute("DELETE FROM engines WHERE kind = 'synthesizer'")
    member = await world.register()
    for answer in (await world.client.get("/api/v1/capabilities"), await _create(world, member)):
        assert (answer.status_code, answer.json()["code"]) == (503, "capabilities_unknown")
    narrowed = await make_world(language_pairs="en:es")
    async with narrowed.database.transaction() as connection:
        await connection.execute("DELETE FROM engines")
    assert (await narrowed.client.get("/api/v1/capabilities")).json()["sources"] == [
        {"language": "en", "targets": ["es"]}
    ]
    assert (await _create(narrowed, member)).status_code == 201


@pytest.mark.integration
async def test_wishes_travel_with_the_job_and_its_glossary_goes_with_it(world: World) -> None:
    await world.tell(*PRODUCTION)
    member = await world.register()
    terms = [
        {"source": " Octavia ", "keep": True},
        {"source": "dub", "targets": {"ES": "doblar"}},
    ]
    created = (
        await _create(
            world,
            member,
            model_size="large-v3",
            options={
                "glossary": terms,
                "style": "warm",
                "formality": "formal",
                "voices": {"*": "ana"},
                "clone_voice": True,
                "speakers": 2,
            },
        )
    ).json()
    assert created["options"] == {
        "glossary": True,
        "pronunciation": False,
        "speaker_names": {},
        "check_speech": None,
        "review": "none",
        "style": "warm",
        "formality": "formal",
        "voices": {"*": "ana"},
        "clone_voice": True,
        "speakers": 2,
    }
    asking = await world.client.post(f"/api/v1/jobs/{created['id']}/process", headers=member.headers)
    assert asking.status_code == 202
    submitted: JobSubmitted = await world.next_published(JobSubmitted)
    assert submitted.spec.model_size == "large-v3"
    options = submitted.spec.options
    assert (options.style, options.formality, options.speakers) == ("warm", "formal", 2)
    assert options.glossary is not None
    assert options.glossary.key.startswith(f"{user_prefix(member.user_id)}artifacts/")
    assert await world.store.read_document(options.glossary, Glossary) == Glossary(
        terms=(
            GlossaryTerm(source="Octavia", keep=True),
            GlossaryTerm(source="dub", targets={"es": "doblar"}),
        )
    )
    await world.client.post(f"/api/v1/jobs/{created['id']}/cancel", headers=member.headers)
    await world.tell(JobEvents(submitted.job).released())
    gone = await world.client.delete(f"/api/v1/jobs/{created['id']}", headers=member.headers)
    assert gone.status_code == 204
    assert options.glossary.key not in world.store.objects


@pytest.mark.integration
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"options": {"style": "warm"}}, "option_not_heeded"),
        ({"options": {"glossary": [{"source": "a"}]}}, "option_not_heeded"),
        ({"options": {"clone_voice": True}}, "option_not_heeded"),
        ({"options": {"check_speech": True}}, "option_not_heeded"),
        ({"options": {"voices": {"S1": "nobody"}}}, "unknown_voice"),
        ({"options": {"voices": {"S1": "ines"}}, "target_language": "fr"}, "unknown_voice"),
        ({"options": {"voices": {"S 1": "ines"}}}, "invalid_request"),
        ({"options": {"glossary": [{"source": "a\u202e"}]}}, "invalid_request"),
        ({"options": {"speakers": 0}}, "invalid_request"),
        ({"options": {"louder": True}}, "invalid_request"),
        ({"source_language": "auto"}, "language_not_detected"),
    ],
)
async def test_what_no_engine_would_heed_is_refused(world: World, changes: dict[str, Any], code: str) -> None:
    member = await world.register()
    answer = await _create(world, member, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    told_ = await _create(world, member, headers={"Accept-Language": "vi"}, **changes)
    assert told_.json()["detail"] != answer.json()["detail"]
    assert world.store.objects == {}


def test_speech_is_checked_where_the_recogniser_understands_it() -> None:
    hears = PRODUCTION[0].model_copy(update={"honours": ("check_speech",)})
    wished = OptionsRequest(check_speech=True).wished()
    assert wished == ["check_speech"]
    assert OptionsRequest(check_speech=False).wished() == []
    for languages, heard in ((("en", "de"), ["de"]), (None, ["de", "es"]), (("en",), [])):
        can = Capabilities.of(told(hears.model_copy(update={"languages": languages}), *PRODUCTION[1:]), {})
        for target in ("de", "es"):
            asked = {"voices": (), "model_size": None, "targets": (target,)}
            if target in heard:
                check_wishes(can, wished, **asked)
                continue
            with pytest.raises(SpeechNotCheckedError):
                check_wishes(can, wished, **asked)


@pytest.mark.integration
async def test_a_size_that_is_not_offered_is_refused_and_a_mere_hint_is_not(world: World) -> None:
    member = await world.register()
    assert (await _create(world, member, model_size="huge")).status_code == 201
    await world.tell(*PRODUCTION)
    refused = await _create(world, member, model_size="huge")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_model_size")


@pytest.mark.integration
async def test_wishes_that_are_none_are_heeded_by_everybody(world: World) -> None:
    nothing = {"glossary": [], "style": " ", "formality": "default", "voices": {}, "clone_voice": False}
    assert (await _create(world, await world.register(), options=nothing)).status_code == 201


@pytest.mark.integration
async def test_the_language_that_was_heard_is_shown(world: World) -> None:
    await world.tell(*PRODUCTION)
    member = await world.register()
    created = await world.create_job(member, source_language="auto")
    assert (created["source_language"], created["detected_language"]) == (AUTO, None)
    ref = await world.submit(member, created["id"])
    planned = JobEvents(ref, chunks=1).planned()
    heard = DetectedLanguage(language="de", probability=0.9)
    await world.tell(planned.model_copy(update={"detected": heard}))
    job = await world.job(member, str(UUID(created["id"])))
    assert (job["source_language"], job["detected_language"]) == (AUTO, "de")


@pytest.mark.integration
async def test_subtitles_of_an_unknown_language_are_in_the_one_that_is_heard(world: World) -> None:
    await world.tell(*PRODUCTION)
    await world.publish_prices(PriceList(version="v2", kinds={"subtitles": PRICES.kinds["video_translate"]}))
    member = await world.register()
    body = {"file_id": str((await world.add_file(member)).file_id), "source_language": "auto"}
    address = "/api/v1/jobs/subtitles/create"
    for more in ({"preview": True}, {"target_languages": ["auto"]}):
        refused = await world.client.post(address, json={**body, **more}, headers=member.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    answer = await world.client.post(address, json=body, headers=member.headers)
    assert answer.status_code == 201, answer.text
    job_id = answer.json()["id"]
    assert answer.json()["target_languages"] == [AUTO]
    events = JobEvents(await world.submit(member, job_id), chunks=1)
    events.spec = events.spec.model_copy(update={"target_languages": ("de",)})
    heard = DetectedLanguage(language="de", probability=0.9)
    _, planned, *rest, paid = events.whole_run()
    # What the assembler tells may come before what the splitter tells.
    await world.tell(*reversed(rest))
    await world.tell(planned.model_copy(update={"detected": heard}), paid)
    job = await world.job(member, job_id)
    assert (job["status"], job["target_languages"], job["detected_language"]) == ("completed", ["de"], "de")
    assert [output["language"] for output in job["outputs"]] == ["de"]


async def _create(world: World, member: Member, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    file = await world.add_file(member, file_id=uuid4())
    body = {"file_id": str(file.file_id), "source_language": "en", "target_language": "es", **changes}
    return await world.client.post(CREATE, json=body, headers={**member.headers, **(headers or {})})


def test_subtitles_need_no_voice_and_files_nobody_who_listens() -> None:
    heard, translator, spoken = ENGINES
    can = Capabilities.of(told(heard, translator, spoken.model_copy(update={"languages": ("es",)})), {})
    assert can.languages.pairs == {"en": ["es"]}
    assert can.languages_of(JobKind.SUBTITLES).resolve("en", ["en", "fr"]) == ("en", ("en", "fr"))
    deaf = Capabilities.of(told(heard.model_copy(update={"languages": ("de",)}), translator, spoken), {})
    assert deaf.languages_of(JobKind.SUBTITLES).pairs == {"de": ["de"]}, "its own language at least"
    assert deaf.languages_of(JobKind.SUBTITLE_TRANSLATE).resolve("en", ["fr"]) == ("en", ("fr",))
    with pytest.raises(UnsupportedLanguagesError):
        deaf.languages_of(JobKind.SUBTITLE_TRANSLATE).resolve("en", ["en"])


def test_a_translator_of_any_pair_writes_in_any_language_of_what_is_heard() -> None:
    heard, translator, spoken = ENGINES
    can = Capabilities.of(told(heard, translator.model_copy(update={"pairs": None}), spoken), {})
    subtitles = can.languages_of(JobKind.SUBTITLES)
    assert subtitles.resolve("en", ["en", "he", "ja"]) == ("en", ("en", "he", "ja"))
    with pytest.raises(UnsupportedLanguagesError):
        subtitles.resolve("fr", ["he"])
    assert can.languages_of(JobKind.SUBTITLE_TRANSLATE).resolve("xh", ["zu"]) == ("xh", ("zu",))


def test_the_operators_pairs_bound_what_is_written_too() -> None:
    can = Capabilities.of(told(*ENGINES), {"en": ["fr"]})
    assert can.languages_of(JobKind.SUBTITLES).pairs == {"en": ["en", "fr"]}
    assert Capabilities.of(told(*ENGINES), {"de": ["fr"]}).languages_of(JobKind.SUBTITLES).pairs == {}


def test_what_is_never_spoken_has_no_wishes_of_voices() -> None:
    can = Capabilities.of(told(*PRODUCTION), {})
    assert "voices" in can.options_of(JobKind.VIDEO_TRANSLATE)
    assert not {"voices", "clone_voice"} & set(can.options_of(JobKind.SUBTITLES))
    assert "glossary" in can.options_of(JobKind.SUBTITLES)
