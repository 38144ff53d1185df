"""Names with quotes, line ends, path parts, NUL, marks of direction: each stays where a name belongs."""

import re
import unicodedata
from base64 import b64encode
from email.message import Message
from urllib.parse import unquote

import pytest
from octavia_gateway.files.names import clean_filename

from .doors import Doors
from .sockets import head, speak

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture
def doors(shared_doors: Doors) -> Doors:
    """One gateway for all names."""
    return shared_doors


NAMES = {
    "quotes": 'a"b.mp4',
    "a way out of quotes": 'a"; filename="evil.exe',
    "back slashes": 'a\\"b\\.mp4',
    "line ends": "a\r\nSet-Cookie: stolen=1\r\n\r\n<script>.mp4",
    "a lone line end": "a\nb.mp4",
    "path parts": "../../../../etc/passwd.mp4",
    "a path of Windows": "..\\..\\windows\\system32\\evil.mp4",
    "an absolute path": "/etc/cron.d/evil.mp4",
    "only dots": "..",
    "NUL": "a\0.mp4",
    "right to left": "a\u202e4pm.exe",
    "isolates": "a\u2066\u2067b\u2069.mp4",
    "line separators": "a\u2028b\u2029.mp4",
    "very long": "ä" * 1000 + ".mp4",
    "very long suffix": "a." + "b" * 1000,
    "percent": "a%0d%0aX: y%2f..%2f.mp4",
    "markup": "<img src=x onerror=alert(1)>.mp4",
    "a shell's": "$(reboot);`id`|&.mp4",
    "an encoded word": "=?utf-8?q?evil.exe?=",
    "an extended value": "UTF-8''evil.exe",
    "nothing": "",
    "blanks": "   ",
    "escape codes": "a\x1b[31m.mp4",
    "no width": "a\ufeff\u200b.mp4",
    "private": "a\ue000\U000f0000.mp4",
    "a device": "CON.mp4",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_a_hostile_name_from_upload_to_download(doors: Doors, name: str) -> None:
    owner = await doors.member()
    begun = await doors.client.post(
        "/api/v1/uploads",
        headers={
            **owner.headers,
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "10",
            "Upload-Metadata": f"filename {b64encode(name.encode()).decode()}".strip(),
        },
    )
    if len(name) > 500:  # more than the header may have
        assert begun.status_code in (201, 400)
    else:
        assert begun.status_code == 201, begun.text
    if begun.status_code == 201:
        shown = (await doors.client.get(begun.headers["location"], headers=owner.headers)).json()["filename"]
        harmless(shown)
    # Objects are named after ids alone, whatever the file is called.
    things = await doors.furnish(owner, clean_filename(name))
    key = re.compile(r"users/[0-9a-f-]{36}/(uploads/[0-9a-f-]{36}|artifacts/[a-z]+/[0-9a-f]{32})(\.\d+)?")
    assert all(key.fullmatch(each) for each in doors.store.objects), list(doors.store.objects)
    path = f"/api/v1/jobs/{things.job_id}/download?language=es"
    answer = await speak(
        doors.url, [head("GET", path, f"Authorization: Bearer {owner.access_token}", "Connection: close")]
    )
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    assert "x" not in answer.headers
    given = downloaded_as(answer.headers["content-disposition"])
    harmless(given)
    assert given.split(".")[-2] == "es"


@pytest.mark.parametrize("name", [name for name in NAMES.values() if "\0" not in name])  # no table holds NUL
async def test_even_a_name_that_was_never_cleaned_stays_in_its_header(doors: Doors, name: str) -> None:
    """As if a row had come into the table by another way."""
    owner = await doors.member()
    things = await doors.furnish(owner, name)
    path = f"/api/v1/jobs/{things.job_id}/download"
    answer = await speak(
        doors.url, [head("GET", path, f"Authorization: Bearer {owner.access_token}", "Connection: close")]
    )
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    harmless(downloaded_as(answer.headers["content-disposition"]))


def harmless(name: str) -> None:
    """A name that stays in its folder and shows what it is."""
    assert name
    assert name not in (".", "..")
    assert "/" not in name
    assert "\\" not in name
    assert len(name.encode()) <= 255
    assert not [c for c in name if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(name) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def downloaded_as(disposition: str) -> str:
    """The name that a browser gives the file (RFC 6266, which prefers the extended form)."""
    form = re.compile(
        r'attachment; filename="([ !#-\[\]-~]*)"' r"(?:; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]+))?",
        re.ASCII,
    )
    match = form.fullmatch(disposition)
    assert match, disposition
    plain, extended = match.groups()
    harmless(plain)
    message = Message()  # and a reader that is not ours finds nothing else in it
    message["Content-Disposition"] = disposition
    name = unquote(extended, errors="strict") if extended else plain
    assert message.get_content_disposition() == "attachment"
    assert message.get_filename() in (name, plain)
    return name
