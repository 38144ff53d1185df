"""How the application is served: its policy, its caching, and nothing inline."""

import re

import httpx
import pytest
from octavia_gateway.web.assets import own_assets
from octavia_gateway.web.endpoints import PAGES, POLICY

from .staging import Stage


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_the_shell_with_a_strict_policy(stage: Stage, path: str) -> None:
    answer = httpx.get(stage.url + path.replace("{job_id}", "x"))
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-cache"
    assert own_assets().version in answer.text


def test_the_policy_has_no_exception() -> None:
    for directive in POLICY.split("; "):
        name, *sources = directive.split()
        if name.endswith("-src"):
            assert set(sources) <= {"'self'", "'none'"}, directive
    assert "unsafe" not in POLICY


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    shell = own_assets().shell.data.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", shell)
    for tag in re.findall(r"<script[^>]*>[^<]*</script>", shell):
        assert re.fullmatch(r'<script type="module" src="/app/[0-9a-f]{16}/[^"]+"></script>', tag)
    for path, asset in own_assets().by_path.items():
        text = asset.data.decode()
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        ), path
        elsewhere = [url for url in re.findall(r"https?://[^\s\"'`)]+", text) if "w3.org" not in url]
        assert set(elsewhere) <= {"https://example.org/talk.mp4.", "https://example.org/talk.mp4,"}, (
            path,
            elsewhere,
        )


def test_files_are_kept_for_good_by_their_version_and_asked_for_again_by_another(stage: Stage) -> None:
    version = own_assets().version
    for asset in own_assets().by_path:
        now = httpx.get(f"{stage.url}/app/{version}/{asset}")
        assert now.status_code == 200, asset
        assert "immutable" in now.headers["cache-control"]
        assert now.headers["content-encoding"] == "gzip"
    before = httpx.get(f"{stage.url}/app/0123456789abcdef/js/main.js")
    assert (before.status_code, before.headers["cache-control"]) == (200, "no-cache")
    same = httpx.get(f"{stage.url}/app/{version}/js/main.js", headers={"If-None-Match": now.headers["etag"]})
    assert same.status_code == 304
    assert httpx.get(f"{stage.url}/app/{version}/nothing.js").status_code == 404
    assert httpx.get(f"{stage.url}/app/{version}/../../messages.toml").status_code == 404
