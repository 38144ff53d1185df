"""The language of whoever reads an answer (a FastAPI dependency)."""

from typing import Annotated

from fastapi import Depends, Request

from octavia_gateway.messages import Language, chosen_language


def reader_language(request: Request) -> Language:
    """The best of our languages for the request's Accept-Language."""
    return chosen_language(request.headers.get("accept-language"))


ReaderLanguage = Annotated[Language, Depends(reader_language)]
