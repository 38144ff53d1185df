"""What a user keeps for translations, on the stage: changed through the gateway's own models."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from octavia_gateway.glossaries.schemas import (
    GlossaryResponse,
    ListsResponse,
    PronunciationsResponse,
    SaveGlossary,
    SavePronunciations,
)
from octavia_gateway.voices.schemas import Speakers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_AT = "2026-11-20T10:00:00Z"
_MODELS: dict[str, tuple[Any, Any]] = {
    "glossaries": (SaveGlossary, GlossaryResponse),
    "pronunciations": (SavePronunciations, PronunciationsResponse),
}


@dataclass
class StagedLists:
    """Lists by kind and id, as they were saved, and people with their voices."""

    lists: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {kind: {} for kind in _MODELS}
    )
    speakers: list[dict[str, str]] = field(default_factory=list)
    heeded: bool = True

    def keep(self, kind: str, document: dict[str, Any], identity: str | None = None) -> str:
        """A list as it is to be; a new one without `identity`. Raises ValidationError."""
        identity = identity or str(uuid.uuid4())
        self.lists[kind][identity] = _MODELS[kind][0].model_validate(document).model_dump(mode="json")
        return identity

    async def answer(self, request: Request, kind: str, identity: str) -> Response:
        """One call of the API of lists, or of speakers."""
        body = json.loads(await request.body() or b"null")
        if kind == "speakers":
            if request.method == "PUT":
                self.speakers = Speakers.model_validate(body).model_dump(mode="json")["items"]
            return JSONResponse({"items": self.speakers})
        kept = self.lists[kind]
        if identity and identity not in kept:
            return JSONResponse({"code": "term_list_not_found", "title": "No such list"}, 404)
        if request.method == "DELETE":
            del kept[identity]
            return Response(status_code=204)
        if request.method in ("POST", "PUT"):
            identity = self.keep(kind, body, identity or None)
            return JSONResponse(self._document(kind, identity), 201 if request.method == "POST" else 200)
        if identity:
            return JSONResponse(self._document(kind, identity))
        items = [self._document(kind, one) for one in kept]
        return JSONResponse(ListsResponse.model_validate({"items": items}).model_dump(mode="json"))

    def _document(self, kind: str, identity: str) -> dict[str, Any]:
        kept = self.lists[kind][identity]
        times = {"created_at": _AT, "updated_at": _AT}
        document = {**kept, "id": identity, "count": len(kept["terms"]), "heeded": self.heeded, **times}
        found: dict[str, Any] = _MODELS[kind][1].model_validate(document).model_dump(mode="json")
        return found
