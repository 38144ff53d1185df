"""A preview is the first minute, and what it costs is part of what the whole costs."""

from pathlib import Path

import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_samples import measure

from . import dubbing
from .ledger import verify_ledger
from .media import speech_clip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PREVIEW_SECONDS = 60.0


async def test_a_preview_is_paid_once(paced: Platform, paced_api: Api, tmp_path: Path) -> None:
    source = speech_clip(tmp_path / "long.mp4", lines=18)
    assert measure.duration(source) > PREVIEW_SECONDS + 5
    file_id = (await paced_api.upload(source))["file_id"]
    whole_price = (await paced_api.create(file_id, "es"))["quote"]["credits"]

    preview = await paced_api.create(file_id, "es", preview=True)
    await paced_api.process(preview["id"])
    assert (await paced_api.wait(preview["id"]))["status"] == "completed"
    heard = await paced_api.download(preview["id"], "es", tmp_path / "preview.mp4")
    assert measure.duration(heard) == pytest.approx(PREVIEW_SECONDS, abs=0.5)
    paid = 100 - (await paced_api.credits())["available"]
    assert paid == preview["quote"]["credits"] <= 10

    whole = await paced_api.create(file_id, "es")
    assert whole["quote"]["credits"] == whole_price - paid, "the preview counts"
    await paced_api.process(whole["id"])
    assert (await paced_api.wait(whole["id"]))["status"] == "completed"
    output = await paced_api.download(whole["id"], "es", tmp_path / "whole.mp4")
    dubbing.assert_picture_untouched(source, output)
    assert (await paced_api.credits())["available"] == 100 - whole_price
    again = await paced_api.create(file_id, "es")
    assert again["quote"]["credits"] == whole_price, "and counts once"
    verify_ledger(paced)
