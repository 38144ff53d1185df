"""Hostile media through the whole platform: refused as it comes, or failed in words with the credits back."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from octavia_local.api import Api, ApiError
from octavia_local.platform import Platform
from octavia_samples.hostile import HostileFile, make_hostile
from octavia_samples.hostile.broken import make_good
from octavia_samples.hostile.late import late

from .ledger import verify_ledger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


async def outcome(user: Api, path: Path) -> str:
    """`refused`, `failed` or `completed`; in the first two the user has all credits back."""
    begun = (await user.credits())["available"]
    vietnamese = {"Accept-Language": "vi"}
    try:
        uploaded = await user.upload(path)
        job = await user.create(uploaded["file_id"], "es")
    except ApiError as error:
        assert error.status == 422, error.problem
        assert error.problem["detail"]
        balance = await user.credits()
        assert (balance["available"], balance["held"]) == (begun, 0)
        return "refused"
    await user.process(job["id"])
    done = await user.wait(job["id"], timeout=120)
    if done["status"] == "completed":
        return "completed"
    assert done["status"] == "failed", done
    balance = await user.credits()
    assert (balance["available"], balance["held"]) == (begun, 0), done
    told = await user.call("GET", f"/api/v1/jobs/{job['id']}", headers=vietnamese)
    assert told["error_message"] != done["error_message"], f"no Vietnamese for {done['error_code']}"
    assert done["credits_charged"] is None
    return f"failed: {done['error_code']}"


async def test_what_fails_only_in_the_pipeline_costs_nothing(
    api: Api, platform: Platform, tmp_path: Path
) -> None:
    whole = make_good(tmp_path / "good", ["good.mp4"])["good.mp4"].read_bytes()
    found = {}
    for name, content, about in late(whole):
        path = tmp_path / name
        path.write_bytes(content)
        found[about] = await outcome(api, path)
    assert "completed" not in found.values(), found
    assert sum(end.startswith("failed: ") for end in found.values()) >= 2, found
    verify_ledger(platform)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_every_hostile_file(platform: Platform, tmp_path: Path) -> None:
    seed = int(os.environ.get("OCTAVIA_HOSTILE_SEED") or int.from_bytes(os.urandom(4)))
    print(f"seed {seed}: OCTAVIA_HOSTILE_SEED={seed} makes the same files again")
    files: Sequence[HostileFile] = make_hostile(tmp_path, seed=seed)
    ends: Counter[str] = Counter()
    for file in files:
        if file.kind != "video":
            continue
        async with Api(platform.url, timeout=120) as user:
            await user.register()
            ends[await outcome(user, file.path)] += 1
    print(dict(ends))
    verify_ledger(platform)
