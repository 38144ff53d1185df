"""Names: nothing in one escapes its place, and every letter survives."""

from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_gateway.files.names import clean_filename, content_disposition, with_language

NASTY = st.text(
    alphabet=st.one_of(
        st.characters(), st.sampled_from('/\\"\r\n\x00;%=.\u202e\u2066\u200f\u0301\ud800 đưệ日👩\u200d🚀')
    ),
    max_size=400,
)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("talk.mp4", "talk.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\talk.mp4", "talk.mp4"),
        ("bài giảng.mp4", "bài giảng.mp4"),
        ("cafe\u0301.mp4", "café.mp4"),
        ("a\r\nSet-Cookie: x.mp4", "a Set-Cookie: x.mp4"),
        ("exe\u202e4pm.exe", "exe 4pm.exe"),
        ("..", "upload"),
        ("", "upload"),
        ("   ", "upload"),
        (".hidden", ".hidden"),
    ],
)
def test_clean(raw: str, clean: str) -> None:
    assert clean_filename(raw) == clean


@given(raw=NASTY)
def test_a_clean_name_is_harmless(raw: str) -> None:
    name = clean_filename(raw)
    assert name
    assert name not in (".", "..")
    assert len(name.encode()) <= 255
    assert not set(name) & set("/\\\r\n\x00\u202e\u2066\u200f")
    assert clean_filename(name) == name


@pytest.mark.parametrize(
    ("name", "language", "media_type", "expected"),
    [
        ("talk.mp4", "es", "video/mp4", "talk.es.mp4"),
        ("Bài giảng.mov", "vi", "video/quicktime", "Bài giảng.vi.mov"),
        ("talk.M4V", "fr", "video/mp4", "talk.fr.M4V"),
        ("talk.avi", "es", "video/x-matroska", "talk.es.mkv"),
        ("talk", "pt", "video/mp4; codecs=x", "talk.pt.mp4"),
        ("v1.final cut", "pt", "video/mp4", "v1.final cut.pt.mp4"),
        ("talk.xyz", "es", "application/octet-stream", "talk.es.xyz"),
        ("talk.mp4", "es", "text/vtt", "talk.es.vtt"),
    ],
)
def test_language(name: str, language: str, media_type: str, expected: str) -> None:
    assert with_language(name, language, media_type) == expected


@given(raw=NASTY)
def test_language_stays_in_bounds(raw: str) -> None:
    name = with_language(raw, "es", "video/mp4")
    assert ".es" in name
    assert len(name.encode()) <= 255


@given(raw=NASTY)
def test_disposition_cannot_be_escaped_and_is_read_back(raw: str) -> None:
    name = clean_filename(raw)
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    if "filename*=" in header:
        assert unquote(header.partition("filename*=UTF-8''")[2]) == name
        assert header.count('"') == 2
    else:
        assert message.get_filename() == name


def test_disposition_of_a_vietnamese_name() -> None:
    assert content_disposition("Đường về.vi.mp4") == (
        'attachment; filename="Duong ve.vi.mp4"; '
        "filename*=UTF-8''%C4%90%C6%B0%E1%BB%9Dng%20v%E1%BB%81.vi.mp4"
    )
