"""A language model of the tests: over real HTTP it answers in any of ten languages, always the same.

What it says has nothing to do with what was asked, but it is of the right script, about as long as its
source, within the characters allowed, and has the source's numbers.
"""

import json
import re
import zlib
from typing import Any

from octavia_translator.checks import weight

SAYINGS = {
    "es": "la casa blanca está cerca del río y por la mañana todos bajan a mirar los barcos que llegan",
    "fr": "la maison blanche est près de la rivière et chaque matin tout le monde descend voir les bateaux",
    "vi": "ngôi nhà trắng nằm gần con sông và mỗi buổi sáng mọi người xuống xem những con thuyền về bến",
    "ru": "белый дом стоит у реки и каждое утро все спускаются посмотреть на лодки что медленно подходят",
    "uk": "білий дім стоїть біля річки і щоранку всі спускаються подивитися на човни що повільно підходять",
    "ar": "البيت الأبيض قريب من النهر وكل صباح ينزل الجميع لمشاهدة القوارب التي تصل على مهل إلى المرسى",
    "he": "הבית הלבן נמצא ליד הנהר ובכל בוקר כולם יורדים לראות את הסירות שמגיעות לאט אל המזח הישן",
    "ko": "하얀 집은 강가에 있고 매일 아침 모두가 내려와 천천히 들어오는 배들을 바라보며 이야기를 나눈다",
    "ja": "白い家は川の近くにあり毎朝みんなが下りてきてゆっくりと着く船を眺めながら静かに話をする",
    "zh": "白色的房子在河边每天早晨大家都下来看慢慢靠岸的船一边看一边轻声地说话然后各自回家",
}
"""Latin, Cyrillic, Arabic, Hebrew, Hangul, kana and Han: two from right to left, three of wide letters."""

_SPACELESS = frozenset({"ja", "zh"})
_STOPS = {"ja": "。", "zh": "。"}
_TARGET = re.compile(r"Translate from .+? to (?:[^.]*\()?([A-Za-z-]+)\)?\.")


def answer(body: dict[str, Any]) -> str:
    """What the model says to a chat; what is asked again is answered as before."""
    system, user = body["messages"][0]["content"], body["messages"][1]["content"]
    found = _TARGET.search(system)
    assert found, system
    language = found[1].lower()
    lines = json.loads(user)["lines"]
    wanted = body["response_format"]["json_schema"]["schema"]["properties"]
    return json.dumps({name: said(language, lines[name]) for name in wanted}, ensure_ascii=False)


def said(language: str, line: dict[str, Any]) -> str:
    """The translation of one line."""
    words = list(SAYINGS[language]) if language in _SPACELESS else SAYINGS[language].split()
    joint = "" if language in _SPACELESS else " "
    source, most = line["text"], line.get("max_characters", 200)
    numbers = re.findall(r"\d+", source)
    start = zlib.crc32(source.encode()) % len(words)
    text = joint.join(numbers)
    for turn in range(len(words) * 20):
        if weight(text) >= 0.75 * weight(source):
            break
        more = joint.join(filter(None, (text, words[(start + turn) % len(words)])))
        if len(more) + 1 <= most:
            text = more
    return text[:1].upper() + text[1:] + _STOPS.get(language, ".")
