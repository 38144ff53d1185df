"""The HTTP interface of lists of terms: glossaries, and pronunciations."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.bodies import bounded
from octavia_gateway.glossaries.schemas import (
    GlossaryResponse,
    ListsResponse,
    ListSummary,
    PronunciationsResponse,
    SaveGlossary,
    SavePronunciations,
)
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

LARGEST_LIST_BYTES = 2 * 1024 * 1024
"""A thousand terms with a few translations each, in whatever script, as JSON spells them."""


class ListRoute(IdempotentRoute):
    """A route whose body may hold a thousand terms."""

    def prepared(self, request: Request) -> Request:
        """The request as the handler gets it."""
        return bounded(request, LARGEST_LIST_BYTES)


glossaries = APIRouter(prefix="/api/v1/glossaries", tags=["glossaries"], route_class=ListRoute)
pronunciations = APIRouter(prefix="/api/v1/pronunciations", tags=["pronunciations"], route_class=ListRoute)


@glossaries.post("", status_code=201, responses=problems(409, 422, 503))
async def create_glossary(
    body: SaveGlossary, user: CurrentUser, resources: CurrentResources
) -> GlossaryResponse:
    """Keep a glossary for jobs to come; they name it by `options.glossary_ids`, or it always applies."""
    lists = resources.glossaries
    kept = await lists.create(user.user_id, name=body.name, always=body.always, terms=body.documents())
    return GlossaryResponse.of(kept, await lists.heeded())


@glossaries.get("", responses=problems(503))
async def list_glossaries(user: CurrentUser, resources: CurrentResources) -> ListsResponse:
    """Your glossaries, oldest first, without their terms."""
    lists = resources.glossaries
    heeded = await lists.heeded()
    return ListsResponse(items=[ListSummary.of(kept, heeded) for kept in await lists.list_all(user.user_id)])


@glossaries.get("/{glossary_id}", responses=problems(404, 422, 503))
async def get_glossary(glossary_id: UUID, user: CurrentUser, resources: CurrentResources) -> GlossaryResponse:
    """One glossary with its terms."""
    lists = resources.glossaries
    return GlossaryResponse.of(await lists.get(user.user_id, glossary_id), await lists.heeded())


@glossaries.put("/{glossary_id}", responses=problems(404, 422, 503))
async def replace_glossary(
    glossary_id: UUID, body: SaveGlossary, user: CurrentUser, resources: CurrentResources
) -> GlossaryResponse:
    """Replace it whole. Jobs that were made with it stay as they are."""
    lists = resources.glossaries
    kept = await lists.replace(
        user.user_id, glossary_id, name=body.name, always=body.always, terms=body.documents()
    )
    return GlossaryResponse.of(kept, await lists.heeded())


@glossaries.delete("/{glossary_id}", status_code=204, responses=problems(404, 422))
async def delete_glossary(glossary_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Forget it. Jobs that were made with it stay as they are."""
    await resources.glossaries.delete(user.user_id, glossary_id)
    return Response(status_code=204)


@pronunciations.post("", status_code=201, responses=problems(409, 422, 503))
async def create_pronunciations(
    body: SavePronunciations, user: CurrentUser, resources: CurrentResources
) -> PronunciationsResponse:
    """Keep how words are spoken; jobs name the list by `options.pronunciation_ids`, or it always applies."""
    lists = resources.pronunciations
    kept = await lists.create(user.user_id, name=body.name, always=body.always, terms=body.documents())
    return PronunciationsResponse.of(kept, await lists.heeded())


@pronunciations.get("", responses=problems(503))
async def list_pronunciations(user: CurrentUser, resources: CurrentResources) -> ListsResponse:
    """Your lists of pronunciations, oldest first, without their terms."""
    lists = resources.pronunciations
    heeded = await lists.heeded()
    return ListsResponse(items=[ListSummary.of(kept, heeded) for kept in await lists.list_all(user.user_id)])


@pronunciations.get("/{pronunciation_id}", responses=problems(404, 422, 503))
async def get_pronunciations(
    pronunciation_id: UUID, user: CurrentUser, resources: CurrentResources
) -> PronunciationsResponse:
    """One list with its terms."""
    lists = resources.pronunciations
    return PronunciationsResponse.of(await lists.get(user.user_id, pronunciation_id), await lists.heeded())


@pronunciations.put("/{pronunciation_id}", responses=problems(404, 422, 503))
async def replace_pronunciations(
    pronunciation_id: UUID, body: SavePronunciations, user: CurrentUser, resources: CurrentResources
) -> PronunciationsResponse:
    """Replace it whole. Jobs that were made with it stay as they are."""
    lists = resources.pronunciations
    kept = await lists.replace(
        user.user_id, pronunciation_id, name=body.name, always=body.always, terms=body.documents()
    )
    return PronunciationsResponse.of(kept, await lists.heeded())


@pronunciations.delete("/{pronunciation_id}", status_code=204, responses=problems(404, 422))
async def delete_pronunciations(
    pronunciation_id: UUID, user: CurrentUser, resources: CurrentResources
) -> Response:
    """Forget it. Jobs that were made with it stay as they are."""
    await resources.pronunciations.delete(user.user_id, pronunciation_id)
    return Response(status_code=204)
