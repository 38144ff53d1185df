"""The application's own texts, so that tests find things by what people read."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def texts(language: str) -> dict[str, Any]:
    """All texts of a language, by key; plurals are objects. A key that comes twice is an error."""
    folder = files("octavia_gateway.web") / "static" / "js" / "lang"
    source = (folder / f"{language}.js").read_text("utf-8")
    pairs: list[tuple[str, Any]] = json.loads(
        source.removeprefix("export default ").rstrip().removesuffix(";"), object_pairs_hook=list
    )
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), "a key comes twice"
    return {key: dict(value) if isinstance(value, list) else value for key, value in pairs}


class Words:
    """What one language says."""

    def __init__(self, language: str = "en") -> None:
        self.language = language

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key with its values in it."""
        text = texts(self.language)[key]
        if isinstance(text, dict):
            text = text["one"] if values.get("count") == 1 and "one" in text else text["other"]
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), text)

    def pattern(self, key: str) -> re.Pattern[str]:
        """The text of a key, whatever its values."""
        text = texts(self.language)[key]
        forms = text.values() if isinstance(text, dict) else [text]
        return re.compile("|".join(re.sub(r"\\\{\w+\\\}", ".+?", re.escape(form)) for form in forms))
