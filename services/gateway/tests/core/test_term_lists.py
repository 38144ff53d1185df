"""Glossaries, pronunciations and voices that a user keeps, and what jobs get of them."""

from typing import Any
from uuid import uuid4

import pytest
from octavia_common.documents import Glossary, Pronunciation, Pronunciations
from octavia_common.events import JobSpec

from .test_capabilities import PRODUCTION, _create
from .world import ENGINES, Member, World

pytestmark = pytest.mark.integration

SPEAKS_IPA = PRODUCTION[2].model_copy(
    update={"honours": ("voices", "clone_voice", "pronunciation", "ipa"), "languages": ("es", "de")}
)
HEEDING = (*PRODUCTION[:2], SPEAKS_IPA)


async def save(world: World, member: Member, kind: str, terms: list[Any], *, always: bool = False) -> str:
    body = {"name": "Names", "terms": terms, "always": always}
    answer = await world.client.post(f"/api/v1/{kind}", json=body, headers=member.headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def spec_of(world: World, created: dict[str, Any]) -> JobSpec:
    async with world.database.transaction() as connection:
        spec = await connection.fetchval("SELECT spec FROM jobs WHERE job_id = $1", created["id"])
    return JobSpec.model_validate(spec)


async def glossary_of(world: World, created: dict[str, Any]) -> dict[str, dict[str, str]]:
    ref = (await spec_of(world, created)).options.glossary
    assert ref is not None
    return {term.source: term.targets for term in (await world.store.read_document(ref, Glossary)).terms}


async def test_lists_are_kept_changed_and_forgotten(world: World) -> None:
    member = await world.register()
    first = await save(world, member, "glossaries", [{"source": "dub", "targets": {"ES": "doblar"}}])
    await save(world, member, "pronunciations", [{"term": "nginx", "spoken": "engine ex"}])
    listed = (await world.client.get("/api/v1/glossaries", headers=member.headers)).json()["items"]
    assert [(one["id"], one["count"], one["always"], one["heeded"]) for one in listed] == [
        (first, 1, False, False)
    ]
    changed = await world.client.put(
        f"/api/v1/glossaries/{first}",
        json={"name": "Other", "terms": [{"source": "a", "keep": True}], "always": True},
        headers=member.headers,
    )
    assert changed.status_code == 200
    got = (await world.client.get(f"/api/v1/glossaries/{first}", headers=member.headers)).json()
    assert (got["name"], got["always"], [term["source"] for term in got["terms"]]) == ("Other", True, ["a"])
    for _ in range(2):
        gone = await world.client.delete(f"/api/v1/glossaries/{first}", headers=member.headers)
    assert gone.status_code == 404
    stranger = await world.register()
    found = await world.client.get("/api/v1/pronunciations", headers=stranger.headers)
    assert found.json()["items"] == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("glossaries", {"name": " "}),
        ("glossaries", {"name": "x", "terms": [{"source": ""}]}),
        ("pronunciations", {"name": "x", "terms": [{"term": "nginx"}]}),
        ("pronunciations", {"name": "x", "terms": [{"term": "a", "spoken": "b", "louder": True}]}),
    ],
)
async def test_a_list_that_says_nothing_is_refused(world: World, kind: str, body: dict[str, Any]) -> None:
    member = await world.register()
    answer = await world.client.post(f"/api/v1/{kind}", json=body, headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_own_terms_hold_before_lists_named_and_these_before_those_that_always_apply(
    world: World,
) -> None:
    await world.tell(*HEEDING)
    member = await world.register()
    always = [{"source": name, "targets": {"es": "always"}} for name in ("a", "b", "c")]
    named = [{"source": name, "targets": {"es": "named"}} for name in ("b", "c")]
    await save(world, member, "glossaries", always, always=True)
    listed = await save(world, member, "glossaries", named)
    await save(world, member, "glossaries", [{"source": "never"}])
    plain = (await _create(world, member)).json()
    assert await glossary_of(world, plain) == {name: {"es": "always"} for name in ("a", "b", "c")}
    options = {"glossary": [{"source": "c", "targets": {"es": "own"}}], "glossary_ids": [listed]}
    both = (await _create(world, member, options=options)).json()
    assert await glossary_of(world, both) == {"a": {"es": "always"}, "b": {"es": "named"}, "c": {"es": "own"}}
    assert both["options"]["glossary"] is True


async def test_pronunciations_go_with_the_job_as_an_object_of_its_own(world: World) -> None:
    await world.tell(*HEEDING)
    member = await world.register()
    listed = await save(
        world, member, "pronunciations", [{"term": "Goethe", "ipa": "ˈgøːtə", "language": "DE"}]
    )
    created = (await _create(world, member, options={"pronunciation_ids": [listed]})).json()
    assert created["options"]["pronunciation"] is True
    ref = (await spec_of(world, created)).options.pronunciation
    assert ref is not None
    assert await world.store.read_document(ref, Pronunciations) == Pronunciations(
        terms=(Pronunciation(term="Goethe", ipa="ˈgøːtə", language="de"),)
    )
    gone = await world.client.delete(f"/api/v1/jobs/{created['id']}", headers=member.headers)
    assert gone.status_code == 204
    assert ref.key not in world.store.objects


async def test_a_list_that_is_named_is_refused_where_nobody_heeds_it_and_one_that_always_applies_is_not(
    world: World,
) -> None:
    member = await world.register()
    terms = [{"source": "dub", "keep": True}]
    always = await save(world, member, "glossaries", terms, always=True)
    created = await _create(world, member)
    assert (created.status_code, created.json()["options"]["glossary"]) == (201, False)
    refused = await _create(world, member, options={"glossary_ids": [always]})
    assert (refused.status_code, refused.json()["code"]) == (422, "option_not_heeded")
    spells = ENGINES[2].model_copy(update={"honours": ("voices", "pronunciation")})
    await world.tell(spells)
    ipa = await save(world, member, "pronunciations", [{"term": "a", "ipa": "a"}])
    refused = await _create(world, member, options={"pronunciation_ids": [ipa]})
    assert (refused.json()["code"], refused.json()["option"]) == ("option_not_heeded", "ipa")


async def test_unknown_and_foreign_lists_are_not_there_and_too_many_terms_are_refused(world: World) -> None:
    await world.tell(*HEEDING)
    member, other = await world.register(), await world.register()
    foreign = await save(world, other, "glossaries", [{"source": "a"}])
    for list_id in (foreign, str(uuid4())):
        answer = await _create(world, member, options={"glossary_ids": [list_id]})
        assert (answer.status_code, answer.json()["code"]) == (404, "term_list_not_found")
    lists = [
        await save(world, member, "glossaries", [{"source": f"{place} {n}"} for n in range(600)])
        for place in range(2)
    ]
    answer = await _create(world, member, options={"glossary_ids": lists})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_terms")


async def test_a_voice_is_remembered_for_somebody_who_speaks_again(world: World) -> None:
    member = await world.register()
    once = {
        "voices": {"S1": "female-2", "*": "ines"},
        "speaker_names": {"S1": "Anna", "S2": "Bob"},
        "remember_voices": True,
    }
    first = (await _create(world, member, options=once)).json()
    assert first["options"]["speaker_names"] == {"S1": "Anna", "S2": "Bob"}
    known = (await world.client.get("/api/v1/speakers", headers=member.headers)).json()
    assert known == {"items": [{"name": "Anna", "voice": "female-2"}]}
    again = (await _create(world, member, options={"speaker_names": {"S2": "ANNA"}})).json()
    assert again["options"]["voices"] == {"S2": "female-2"}
    other = {"speaker_names": {"S2": "Anna"}, "voices": {"S2": "ines"}}
    chosen = (await _create(world, member, options=other)).json()
    assert chosen["options"]["voices"] == {"S2": "ines"}, "what the job says comes first"
    replaced = await world.client.put(
        "/api/v1/speakers", json={"items": [{"name": "Bob", "voice": "ines"}]}, headers=member.headers
    )
    assert replaced.json() == {"items": [{"name": "Bob", "voice": "ines"}]}
    forgotten = (await _create(world, member, options={"speaker_names": {"S1": "Anna"}})).json()
    assert forgotten["options"]["voices"] == {}
    twice = {"items": [{"name": "Bob", "voice": "a"}, {"name": "bob", "voice": "b"}]}
    assert (await world.client.put("/api/v1/speakers", json=twice, headers=member.headers)).status_code == 422
