"""From a prompt to a clip."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from octavia_cli.downloads import clip_path
from octavia_cli.errors import UnreachableError

from .conftest import Client
from .miniature import Miniature

REFUSED = ("failed", 50, "The provider refused the prompt.")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    monkeypatch.chdir(folder)


def files() -> list[Path]:
    return sorted(Path().iterdir())


def test_a_prompt_becomes_a_clip_named_after_it(signed_in: Client, gateway: Miniature) -> None:
    result = signed_in("generate", "A cat on a roof, at night!")
    assert result.exit_code == 0, result.output
    [video_id] = gateway.videos.videos
    assert [path.name for path in files()] == [f"a-cat-on-a-roof-at-night.{video_id[:8]}.mp4"]
    assert files()[0].read_bytes() == gateway.videos.clip
    assert str(files()[0].absolute()) in result.stdout
    assert "This costs 100 credits; you have 100." in result.stderr
    assert "It cost 100 credits; 100 are left." in result.stdout
    for line in ("10.0%  Waiting for the provider", "50.0%  Generating", "80.0%  Generating"):
        assert line in result.stderr
    assert gateway.videos.requests == [{"prompt": "A cat on a roof, at night!", "count": 1}]


def test_wishes_are_passed_on(signed_in: Client, gateway: Miniature, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"a picture, of a kind")
    options = ["--ratio", "square", "--seconds", "10", "--style", "film", "--model", "local"]
    result = signed_in("generate", "a cat", "--image", str(picture), *options)
    assert result.exit_code == 0, result.output
    [request] = gateway.videos.requests
    assert gateway.files[request.pop("image_file_id")]["filename"] == "cat.png"
    wishes = {"aspect_ratio": "square", "duration_seconds": 10, "style": "film", "model": "local"}
    assert request == {"prompt": "a cat", "count": 1, **wishes}
    assert "Uploading cat.png" in result.stderr


def test_several_each_have_a_file_and_a_place_in_the_progress(
    signed_in: Client, gateway: Miniature, tmp_path: Path
) -> None:
    result = signed_in("generate", "a cat", "--count", "3", "--out", str(tmp_path / "out"), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    paths = [Path(video["file"]) for video in found["videos"]]
    assert len(set(paths)) == 3
    assert all(path.read_bytes() == gateway.videos.clip for path in paths)
    assert found["credits_charged"] == 300
    assert "Video 2 of 3: Generating" in result.stderr
    shown = [float(line.split("%")[0]) for line in result.stderr.splitlines() if "%" in line]
    assert shown == sorted(shown)
    assert shown[-1] == 100


def test_one_of_several_fails_and_the_others_are_fetched(signed_in: Client, gateway: Miniature) -> None:
    gateway.videos.fates = [("completed", 100, "Completed"), REFUSED]
    result = signed_in("generate", "a cat", "--count", "2")
    assert result.exit_code == 5
    assert len(files()) == 1
    assert "It cost 100 credits" in result.stdout
    assert "The provider refused the prompt. Your credits are back." in result.stderr


def test_a_failure_for_scripts(signed_in: Client, gateway: Miniature) -> None:
    gateway.videos.fates = [REFUSED]
    result = signed_in("generate", "a cat", "--json")
    assert result.exit_code == 5
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "provider_failed"
    assert [video["status"] for video in error["videos"]] == ["failed"]
    assert files() == []


def test_too_few_credits(signed_in: Client, gateway: Miniature) -> None:
    gateway.videos.balance = 199
    result = signed_in("generate", "a cat", "--count", "2")
    assert result.exit_code == 4
    assert "This needs 200 credits, and you have 199." in result.stderr


def test_a_picture_that_is_not_there(signed_in: Client, gateway: Miniature) -> None:
    assert signed_in("generate", "a cat", "--image", "nowhere.png").exit_code == 2
    assert gateway.videos.requests == []


@pytest.fixture
def provider() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Somebody else who keeps clips, and the headers of those who came."""
    came: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append({name.lower(): value for name, value in self.headers.items()})
            body = b"kept by the provider"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/clip.mp4", came
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_clip_that_the_provider_keeps_comes_from_there_and_nobody_is_betrayed(
    signed_in: Client, gateway: Miniature, provider: tuple[str, list[dict[str, str]]]
) -> None:
    gateway.videos.elsewhere, came = provider
    result = signed_in("generate", "a cat")
    assert result.exit_code == 0, result.output
    assert files()[0].read_bytes() == b"kept by the provider"
    assert "authorization" not in came[0]


def test_ctrl_c_leaves_the_video_and_says_so(
    signed_in: Client, gateway: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("octavia_cli.commands.generate.follow", interrupted)
    result = signed_in("generate", "a cat")
    assert result.exit_code == 130
    [video_id] = gateway.videos.videos
    assert f"octavia videos {video_id} --out FOLDER" in result.stderr


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("A cat", "a-cat.00000000.mp4"),
        ("../../etc/passwd", "etc-passwd.00000000.mp4"),
        ("một con mèo", "một-con-mèo.00000000.mp4"),
        ("!?", "video.00000000.mp4"),
        ("word " * 40, f"{'word-' * 11}word.00000000.mp4"),
    ],
)
def test_names_of_clips(prompt: str, expected: str) -> None:
    assert clip_path(prompt, "00000000-0000-0000-0000-000000000000", Path("a")) == Path("a") / expected


def test_a_server_cannot_write_where_it_wants(signed_in: Client, gateway: Miniature) -> None:
    gateway.videos.strange_id = "..%2F..%2Fevil"
    with pytest.raises(UnreachableError, match="nothing was written"):
        clip_path("a cat", "../../evil", Path())
    assert signed_in("generate", "a cat").exit_code != 0
    assert files() == []


def test_videos_are_listed_shown_and_fetched_again(
    signed_in: Client, gateway: Miniature, tmp_path: Path
) -> None:
    assert "no videos" in signed_in("videos").stdout
    signed_in("generate", "a cat " + "and another " * 20)
    [video_id] = gateway.videos.videos
    listed = signed_in("videos").stdout
    assert video_id in listed
    assert "…" in listed
    assert json.loads(signed_in("videos", "--json", "--status", "failed").stdout) == []
    one = signed_in("videos", video_id).stdout
    assert "100%  Completed" in one
    again = signed_in("videos", video_id, "--out", str(tmp_path / "again"))
    assert again.exit_code == 0, again.output
    [path] = (tmp_path / "again").iterdir()
    assert path.read_bytes() == gateway.videos.clip
    assert signed_in("videos", "--out", ".").exit_code == 2


def test_what_can_be_asked_for(signed_in: Client) -> None:
    models = signed_in("videos", "--models").stdout
    assert "text to video, image to video" in models
    assert "5: 100, 10: 100" in models
    assert "shot on 35 mm film" in signed_in("videos", "--styles").stdout


def test_a_video_is_cancelled_as_a_job_is(signed_in: Client, gateway: Miniature) -> None:
    signed_in("generate", "a cat")
    [video_id] = gateway.videos.videos
    assert "credits come back" in signed_in("cancel", video_id).stdout
    assert signed_in("videos", video_id, "--out", ".").exit_code == 5
