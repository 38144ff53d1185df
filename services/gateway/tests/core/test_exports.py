"""Exports of a finished job, with the assembler played by the test."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_common.events import (
    ExportFailed,
    ExportKind,
    ExportMade,
    ExportRequested,
    ExportSubtitles,
    JobError,
    JobKind,
)
from octavia_gateway.exports.possible import of_file, of_job
from octavia_gateway.exports.service import MOST_AT_WORK
from octavia_gateway.files.models import AudioSummary, FileMedia, VideoSummary

from .events import JobEvents
from .world import Member, World


class Finished:
    """A completed job of one language, whose exports are asked for."""

    def __init__(self, world: World, member: Member) -> None:
        self.world = world
        self.member = member
        self.job_id = ""

    async def make(self) -> "Finished":
        created = await self.world.create_job(self.member)
        self.job_id = created["id"]
        events = JobEvents(await self.world.submit(self.member, self.job_id), chunks=1)
        for event in events.whole_run()[1:]:
            await self.world.tell(event)
        await self.world.outbox()
        return self

    async def ask(self, method: str, path: str = "", status: int = 200, **options: Any) -> dict[str, Any]:
        answer = await self.world.client.request(
            method, f"/api/v1/jobs/{self.job_id}/exports{path}", headers=self.member.headers, **options
        )
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def export(self, **body: Any) -> tuple[dict[str, Any], ExportRequested]:
        told = await self.ask("POST", status=202, json=body)
        (requested,) = await self.world.outbox()  # and nothing that is to be paid
        assert isinstance(requested, ExportRequested)
        return told, requested

    async def made(self, requested: ExportRequested, content: bytes = b"an export") -> str:
        """What the assembler says when it is done; the key of the file."""
        key = f"users/{self.member.user_id}/artifacts/exports/{uuid4().hex}"
        media = await self.world.store.write(key, content, "video/x-matroska")
        await self.world.tell(ExportMade(job=requested.job, media=media, notes=("Look.",), made=(key,)))
        return key


@pytest.fixture
async def job(world: World) -> Finished:
    return await Finished(world, await world.register()).make()


@pytest.mark.integration
async def test_an_export_is_asked_for_made_and_downloaded(world: World, job: Finished) -> None:
    listed = await job.ask("GET")
    assert listed["items"] == []
    assert listed["containers"]["tracks"][:1] == ["mp4"]
    file = await world.client.get(
        f"/api/v1/files/{(await job_of(world, job))['file_id']}", headers=job.member.headers
    )
    assert file.json()["containers"] == listed["containers"], "said before the job, too"
    told, requested = await job.export(kind="tracks", container="mkv")
    assert (told["status"], told["languages"], told["subtitles"]) == ("making", ["es"], None)
    assert (requested.kind, requested.container, requested.subtitles) == (ExportKind.TRACKS, "mkv", None)
    assert [ref.sha256 for ref in requested.results] == [await result_of(world, job)]
    early = await world.client.get(f"{path_of(job, told)}/download", headers=job.member.headers)
    assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")

    await job.made(requested)
    (item,) = (await job.ask("GET"))["items"]
    assert (item["status"], item["stale"], item["notes"]) == ("completed", False, ["Look."])
    got = await world.client.get(item["download"], headers={**job.member.headers, "Range": "bytes=3-8"})
    assert (got.status_code, got.content) == (206, b"export")
    assert ".es.tracks.mkv" in got.headers["content-disposition"]
    again = await job.ask("POST", status=202, json={"kind": "tracks", "container": "mkv"})
    assert again["id"] == item["id"], "what is there is not made again"
    assert await world.outbox() == []


@pytest.mark.integration
async def test_who_owns_another_job_finds_no_export(world: World, job: Finished) -> None:
    told, requested = await job.export(kind="speech")
    await job.made(requested)
    other = await Finished(world, await world.register()).make()
    for path in (path_of(job, told), f"/api/v1/jobs/{other.job_id}/exports/{told['id']}"):
        for end in ("", "/download"):
            answer = await world.client.get(path + end, headers=other.member.headers)
            assert answer.status_code == 404


@pytest.mark.integration
async def test_what_cannot_be_made_is_refused_with_what_can(job: Finished) -> None:
    for body, code in (
        ({"kind": "tracks", "container": "webm"}, "container_not_possible"),
        ({"kind": "burnt", "container": "flac"}, "container_not_possible"),
        ({"kind": "audio", "container": "mp4"}, "container_not_possible"),
        ({"kind": "posters"}, "invalid_request"),
        ({"kind": "burnt", "subtitles": {"position": "left"}}, "invalid_request"),
    ):
        problem = await job.ask("POST", status=422, json=body)
        assert problem["code"] == code, problem
    problem = await job.ask("POST", status=422, json={"kind": "tracks", "container": "webm"})
    assert problem["containers"] == ["mp4", "mkv"]
    assert (await job.ask("POST", status=404, json={"kind": "audio", "languages": ["fr"]}))["code"]


@pytest.mark.integration
async def test_an_export_that_fails_says_why_and_can_be_asked_for_again(world: World, job: Finished) -> None:
    told, requested = await job.export(kind="burnt", subtitles={"content": "bilingual", "position": "auto"})
    assert requested.subtitles == ExportSubtitles(content="bilingual", position="auto")
    error = JobError(code="export_too_long", message="It takes too long.", stage="assembler")
    await world.tell(ExportFailed(job=requested.job, error=error))
    found = await job.ask("GET", f"/{told['id']}")
    assert (found["status"], found["error_code"]) == ("failed", "export_too_long")
    answer = await world.client.get(
        path_of(job, told), headers={**job.member.headers, "Accept-Language": "vi"}
    )
    assert "phụ đề" in answer.json()["error_message"]
    assert (await job_of(world, job))["status"] == "completed"
    again, _ = await job.export(kind="burnt", subtitles={"content": "bilingual", "position": "auto"})
    assert again["id"] != told["id"]


@pytest.mark.integration
async def test_nobody_has_more_than_so_many_made_at_once(world: World, job: Finished) -> None:
    wishes = [{"kind": kind, "container": c} for kind in ("audio", "speech") for c in ("mp3", "wav", "flac")]
    wishes += [
        {"kind": "burnt", "container": c, "subtitles": {"content": "target", "position": p}}
        for c in ("mp4", "mkv")
        for p in ("bottom", "top")
    ]
    assert len(wishes) == MOST_AT_WORK
    for wish in wishes:
        await job.export(**wish)
    assert (await job.ask("POST", status=409, json={"kind": "tracks"}))["code"] == "too_many_exports"
    await world.client.delete(f"/api/v1/jobs/{job.job_id}", headers=job.member.headers)
    assert (await job_of(world, job))["status"] == "completed", "a job at work is not deleted"


@pytest.mark.integration
async def test_an_export_that_nobody_works_on_ends_by_itself(world: World, job: Finished) -> None:
    told, requested = await job.export(kind="audio")
    async with world.database.transaction() as connection:
        await connection.execute(
            "UPDATE exports SET deadline_at = $1", requested.job.deadline_at - timedelta(days=2)
        )
    await world.replicas[0].gateway.resources.exports.sweep()
    assert (await job.ask("GET", f"/{told['id']}"))["error_code"] == "export_timed_out"
    await job.made(requested)
    assert (await job.ask("GET", f"/{told['id']}"))["status"] == "failed", "the first ending stands"


@pytest.mark.integration
async def test_an_export_of_what_was_rendered_anew_is_stale_and_made_anew(
    world: World, job: Finished
) -> None:
    told, requested = await job.export(kind="audio")
    await job.made(requested)
    async with world.database.transaction() as connection:
        await connection.execute(
            "UPDATE jobs SET outputs = jsonb_set(outputs, '{es,result,sha256}', to_jsonb($2::text)) "
            "WHERE job_id = $1",
            UUID(job.job_id),
            "ab" * 32,
        )
    assert (await job.ask("GET", f"/{told['id']}"))["stale"]
    anew, _ = await job.export(kind="audio")
    assert anew["id"] != told["id"]


@pytest.mark.integration
async def test_the_files_of_exports_go_with_their_job(world: World, job: Finished) -> None:
    _, requested = await job.export(kind="audio")
    key = await job.made(requested)
    assert await world.store.stat(key) is not None
    gone = await world.client.delete(f"/api/v1/jobs/{job.job_id}", headers=job.member.headers)
    assert gone.status_code == 204
    assert await world.store.stat(key) is None


async def job_of(world: World, job: Finished) -> dict[str, Any]:
    answer = await world.client.get(f"/api/v1/jobs/{job.job_id}", headers=job.member.headers)
    return dict(answer.json())


async def result_of(world: World, job: Finished) -> str:
    async with world.database.transaction() as connection:
        return str(
            await connection.fetchval(
                "SELECT outputs #>> '{es,result,sha256}' FROM jobs WHERE job_id = $1", UUID(job.job_id)
            )
        )


def path_of(job: Finished, told: dict[str, Any]) -> str:
    return f"/api/v1/jobs/{job.job_id}/exports/{told['id']}"


def test_what_can_be_made_follows_the_codecs_of_the_source() -> None:
    sound = (AudioSummary(codec="aac", channels=2, sample_rate=48_000),)

    def video(container: str, codec: str) -> FileMedia:
        picture = VideoSummary(codec=codec, width=16, height=9)
        return FileMedia(duration_seconds=1, container=container, video=picture, audio=sound)

    def tracks(media: FileMedia) -> list[str]:
        return list(of_file(media)[ExportKind.TRACKS])

    assert tracks(video("mov", "h264")) == ["mp4", "mkv"]
    assert tracks(video("mov", "prores")) == ["mov", "mkv"]
    assert tracks(video("matroska", "h264")) == ["mkv", "mp4"]
    assert tracks(video("matroska", "vp9")) == ["mp4", "webm", "mkv"]
    assert tracks(video("matroska", "vp8")) == ["webm", "mkv"]
    assert tracks(video("avi", "msmpeg4v3")) == ["mkv"]
    podcast = FileMedia(duration_seconds=1, container="mp3", audio=sound)
    assert [kind for kind, containers in of_file(podcast).items() if containers] == [
        ExportKind.BACKGROUND,
        ExportKind.SPEECH,
        ExportKind.AUDIO,
    ]
    subtitles = of_job(JobKind.SUBTITLES, video("mov", "h264"))
    assert [kind for kind, containers in subtitles.items() if containers] == [
        ExportKind.TRACKS,
        ExportKind.BURNT,
    ]
    gone = of_job(JobKind.VIDEO_TRANSLATE, None)
    assert [kind for kind, containers in gone.items() if containers] == [ExportKind.SPEECH, ExportKind.AUDIO]
    assert not any(of_file(video("mov", "h264").model_copy(update={"audio": ()})).values())
