"""Downloads and transcripts: ranges, names, forms, and nobody else's."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from octavia_common.documents import (
    DubResult,
    Loudness,
    PlacedSegment,
    QualityReport,
    QualityTotals,
    ReportedLine,
    Subtitles,
)
from octavia_common.events import ArtifactRef, JobKind, JobSpec, Output

from .helpers import Room

pytestmark = pytest.mark.integration

MEDIA = bytes(i * 7 % 251 for i in range(5_000_000))
SPANISH, ENGLISH = b"1\n00:00:01,000 --> 00:00:02,000\nHola.\n", b"1\n00:00:01,000 --> 00:00:02,000\nHello.\n"

REPORT = QualityReport(
    language="es",
    totals=QualityTotals(
        lines=1,
        onset_p50_ms=4.0,
        onset_p95_ms=4.0,
        rate_in_bounds=1.0,
        overlap_seconds=0.0,
        drift_ms=4.0,
        source_lufs=-20.0,
        output_lufs=-20.1,
        true_peak_dbtp=-1.5,
        subtitle_rules_kept=1.0,
        repaired=0.0,
        flagged=1.0,
    ),
    lines=(
        ReportedLine(
            id="s1",
            speaker="S1",
            start=1.0,
            placed_start=1.0,
            onset_error_ms=4.0,
            rate=1.0,
            overflow_seconds=0.0,
            lufs=-19.5,
            heard_error=0.6,
            flags=("misheard",),
        ),
    ),
)


def put(room: Room, key: str, data: bytes, media_type: str) -> ArtifactRef:
    digest = sha256(data).hexdigest()
    room.client().put_object(
        room.bucket, key, BytesIO(data), len(data), media_type, metadata={"sha256": digest}
    )
    return ArtifactRef(key=key, sha256=digest, size_bytes=len(data), media_type=media_type)


def spoken(source: str, text: str) -> PlacedSegment:
    return PlacedSegment(
        id="s1",
        speaker="S1",
        start=1.0,
        end=2.0,
        slot_end=2.5,
        source_text=source,
        text=text,
        audio=None,
        duration=1.1,
        rate=1.0,
        placed_start=1.0,
        placed_end=2.1,
        flags=("too_long",),
    )


def finished_output(room: Room, user_id: UUID, filename_type: str = "video/mp4") -> Output:
    prefix = f"users/{user_id}/artifacts/render/{uuid4().hex}"
    media = put(room, f"{prefix}-media", MEDIA, filename_type)
    tracks = tuple(
        Subtitles(
            language=language,
            srt=put(room, f"{prefix}-{language}-srt", text, "application/x-subrip"),
            vtt=put(room, f"{prefix}-{language}-vtt", b"WEBVTT\n\n" + text.replace(b",", b"."), "text/vtt"),
        )
        for language, text in (("es", SPANISH), ("en", ENGLISH))
    )
    report = put(room, f"{prefix}-report", REPORT.model_dump_json().encode(), "application/json")
    document = DubResult(
        source_language="en",
        target_language="es",
        duration_seconds=4.0,
        media=media,
        segments=(spoken("Hello.", "Hola."),),
        subtitles=tracks,
        loudness=Loudness(source_lufs=-20.0, output_lufs=-20.1, output_true_peak_dbtp=-1.5),
        notes=("The music was kept.",),
        report=report,
    )
    result = put(room, f"{prefix}-result", document.model_dump_json().encode(), "application/json")
    return Output(target_language="es", media=media, result=result)


@pytest.fixture
def make_job(room: Room, user_id: UUID) -> Callable[..., UUID]:
    """A job of the user in the database, as the projection would have left it."""

    def make(filename: str = "talk.mp4", status: str = "completed") -> UUID:
        job_id = uuid4()
        source = ArtifactRef(key="users/x", sha256="0" * 64, size_bytes=1, media_type="video/mp4")
        spec = JobSpec(
            kind=JobKind.VIDEO_TRANSLATE,
            source=source,
            source_filename=filename,
            duration_seconds=4.0,
            source_language="en",
            target_languages=("es",),
        )
        outputs = {}
        if status == "completed":
            outputs = {"es": finished_output(room, user_id).model_dump(mode="json")}
        room.rows(
            """INSERT INTO jobs (job_id, user_id, kind, file_id, spec, quote_credits, price_version, status,
                                 outputs, finished_at)
               VALUES (%s, %s, 'video_translate', %s, %s, 10, '1', %s, %s, %s)""",
            job_id,
            user_id,
            uuid4(),
            json.dumps(spec.model_dump(mode="json")),
            status,
            json.dumps(outputs),
            datetime(2026, 5, 1, 12, tzinfo=UTC),
        )
        return job_id

    return make


def test_download(client: httpx.Client, make_job: Callable[..., UUID]) -> None:
    path = f"/api/v1/jobs/{make_job('Bài giảng số 1.mp4')}/download"
    answer = client.get(path, params={"language": "es"})
    assert answer.status_code == 200
    assert answer.content == MEDIA
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == str(len(MEDIA))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["last-modified"] == "Fri, 01 May 2026 12:00:00 GMT"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Bai giang so 1.es.mp4\"; filename*=UTF-8''" + quote("Bài giảng số 1.es.mp4")
    )
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "content-disposition", "content-type", "accept-ranges"):
        assert head.headers[name] == answer.headers[name]


def test_ranges(client: httpx.Client, make_job: Callable[..., UUID]) -> None:
    path = f"/api/v1/jobs/{make_job()}/download"
    etag = client.head(path).headers["etag"]
    date = client.head(path).headers["last-modified"]

    def get(**headers: str) -> httpx.Response:
        return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    part = get(range="bytes=4194300-4194310")
    assert (part.status_code, part.content) == (206, MEDIA[4194300:4194311])
    assert part.headers["content-range"] == f"bytes 4194300-4194310/{len(MEDIA)}"
    assert part.headers["content-length"] == "11"
    assert get(range="bytes=-5").content == MEDIA[-5:]
    assert get(range=f"bytes={len(MEDIA) - 3}-").content == MEDIA[-3:]
    assert get(range="bytes=0-9", if_range=etag).status_code == 206
    assert get(range="bytes=0-9", if_range=date).status_code == 206
    assert get(range="bytes=0-9", if_range='"other"').status_code == 200
    assert get(range="bytes=0-9,20-29").content == MEDIA
    beyond = get(range=f"bytes={len(MEDIA)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(MEDIA)}")
    assert beyond.json()["code"] == "range_not_satisfiable"
    same = get(if_none_match=etag)
    assert (same.status_code, same.content) == (304, b"")


@pytest.fixture
def download_path(make_job: Callable[..., UUID]) -> str:
    """Of one finished job."""
    return f"/api/v1/jobs/{make_job()}/download"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, len(MEDIA) - 1), length=st.integers(1, 100_000))
def test_any_cut_of_a_download_is_that_cut(
    client: httpx.Client, download_path: str, first: int, length: int
) -> None:
    answer = client.get(download_path, headers={"Range": f"bytes={first}-{first + length - 1}"})
    assert answer.status_code == 206
    assert answer.content == MEDIA[first : first + length]


def test_nothing_before_it_is_paid_for(client: httpx.Client, make_job: Callable[..., UUID]) -> None:
    for status in ("pending", "queued", "processing", "failed", "cancelled"):
        job_id = make_job(status=status)
        for what in ("download", "transcript", "report"):
            answer = client.get(f"/api/v1/jobs/{job_id}/{what}")
            assert (answer.status_code, answer.json()["code"]) == (409, "result_not_ready")
            assert answer.json()["job_status"] == status


def test_only_the_owner(client: httpx.Client, stranger: httpx.Client, make_job: Callable[..., UUID]) -> None:
    job_id = make_job()
    for what in ("download", "transcript", "transcript?format=srt", "report"):
        assert client.get(f"/api/v1/jobs/{job_id}/{what}").status_code == 200
        answer = stranger.get(f"/api/v1/jobs/{job_id}/{what}")
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_languages_that_are_not_there(client: httpx.Client, make_job: Callable[..., UUID]) -> None:
    job_id = make_job()
    whats = ("download", "transcript", "transcript?format=vtt", "report")
    for what in (f"{each}{'&' if '?' in each else '?'}language=fr" for each in whats):
        answer = client.get(f"/api/v1/jobs/{job_id}/{what}")
        assert (answer.status_code, answer.json()["code"]) == (404, "result_not_found")
        assert answer.json()["languages"] == ["es"]


def test_an_object_that_is_gone_is_told_before_the_answer_begins(
    client: httpx.Client, room: Room, make_job: Callable[..., UUID]
) -> None:
    job_id = make_job()
    outputs = room.rows("SELECT outputs FROM jobs WHERE job_id = %s", job_id)[0]["outputs"]
    room.client().remove_object(room.bucket, outputs["es"]["media"]["key"])
    answer = client.get(f"/api/v1/jobs/{job_id}/download")
    assert (answer.status_code, answer.json()["code"]) == (404, "artifact_missing")


def test_transcripts(client: httpx.Client, make_job: Callable[..., UUID]) -> None:
    path = f"/api/v1/jobs/{make_job('Bài giảng.mp4')}/transcript"
    spanish = client.get(path).json()
    assert (spanish["language"], spanish["source_language"]) == ("es", "en")
    assert spanish["segments"] == [
        {
            "id": "s1",
            "speaker": "S1",
            "start": 1.0,
            "end": 2.0,
            "text": "Hola.",
            "source_text": "Hello.",
            "flags": ["too_long"],
            "placed_start": 1.0,
            "placed_end": 2.1,
        }
    ]
    assert spanish["notes"] == ["The music was kept."]
    english = client.get(path, params={"language": "en"}).json()
    assert (english["language"], english["segments"][0]["text"]) == ("en", "Hello.")
    srt = client.get(path, params={"language": "es", "format": "srt"})
    assert srt.content == SPANISH
    assert srt.headers["content-type"].startswith("application/x-subrip")
    assert srt.headers["content-disposition"].endswith(quote("Bài giảng.es.srt"))
    vtt = client.get(path, params={"language": "en", "format": "vtt"})
    assert vtt.text.startswith("WEBVTT")
    assert "Hello." in vtt.text
    assert client.get(path, params={"format": "pdf"}).status_code == 422


def test_the_report_of_a_language(client: httpx.Client, room: Room, make_job: Callable[..., UUID]) -> None:
    job_id = make_job()
    answer = client.get(f"/api/v1/jobs/{job_id}/report", params={"language": "es"})
    assert answer.status_code == 200
    assert answer.json() == REPORT.model_dump(mode="json")
    assert answer.json()["lines"][0]["flags"] == ["misheard"]
    outputs = room.rows("SELECT outputs FROM jobs WHERE job_id = %s", job_id)[0]["outputs"]
    result = outputs["es"]["result"]
    old = json.loads(room.client().get_object(room.bucket, result["key"]).read())
    del old["report"]
    outputs["es"]["result"] = put(
        room, f"{result['key']}-old", json.dumps(old).encode(), "application/json"
    ).model_dump(mode="json")
    room.rows("UPDATE jobs SET outputs = %s WHERE job_id = %s RETURNING 1", json.dumps(outputs), job_id)
    answer = client.get(f"/api/v1/jobs/{job_id}/report")
    assert (answer.status_code, answer.json()["code"]) == (404, "result_not_found")


def test_subtitles_in_other_forms_and_in_two_languages(
    client: httpx.Client, make_job: Callable[..., UUID]
) -> None:
    path = f"/api/v1/jobs/{make_job('Bài giảng.mp4')}/transcript"
    styled = client.get(path, params={"format": "ass"})
    assert styled.headers["content-type"].startswith("text/x-ssa")
    assert quote("Bài giảng.es.ass") in styled.headers["content-disposition"]
    assert "0:00:01.00,0:00:02.00,Default,,0,0,0,,Hola." in styled.text
    for language, lines in (("es", "Hola.\nHello."), ("en", "Hello.\nHola.")):
        both = client.get(path, params={"format": "srt", "bilingual": "true", "language": language})
        assert lines in both.text
        assert both.headers["x-content-type-options"] == "nosniff"
    again = client.get(path, params={"format": "ass"}, headers={"If-None-Match": styled.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
