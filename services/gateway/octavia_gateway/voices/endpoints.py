"""The HTTP interface of remembered speakers."""

from collections.abc import Mapping

from fastapi import APIRouter

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources
from octavia_gateway.voices.schemas import RememberedSpeaker, Speakers

router = APIRouter(prefix="/api/v1/speakers", tags=["speakers"], route_class=IdempotentRoute)


@router.get("", responses=problems())
async def list_speakers(user: CurrentUser, resources: CurrentResources) -> Speakers:
    """Voices that you remember for people, by name. A job that calls a speaker so (`options.speaker_names`)
    and names no other voice has this one."""
    return _told(await resources.speakers.all_of(user.user_id))


@router.put("", responses=problems(422))
async def replace_speakers(body: Speakers, user: CurrentUser, resources: CurrentResources) -> Speakers:
    """Remember these people and nobody else. A job with `options.remember_voices` adds to them by itself."""
    voices = {each.name: each.voice for each in body.items}
    return _told(await resources.speakers.replace(user.user_id, voices))


def _told(voices: Mapping[str, str]) -> Speakers:
    return Speakers.model_construct(
        items=[RememberedSpeaker.model_construct(name=name, voice=voice) for name, voice in voices.items()]
    )
