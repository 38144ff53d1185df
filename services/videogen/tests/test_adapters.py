"""The adapters that speak HTTP, against the simulator over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.events import AspectRatio, VideoSpec
from octavia_common.remote.errors import ForbiddenAddressError
from octavia_simulator.client import SimulatorControl
from octavia_simulator.orders import Ending
from octavia_simulator.provider import Settings
from octavia_simulator.server import running
from octavia_videogen.domain.errors import (
    AnswerLostError,
    LookFailedError,
    ModelUnavailableError,
    NoVideoError,
    OrderDeferredError,
    ProviderAccountError,
    ProviderFailedError,
    ProviderRefusedError,
    ResultGoneError,
    TaskUnknownError,
)
from octavia_videogen.domain.states import ProviderState
from octavia_videogen.providers.base import Order, Picture, Provider, Record
from octavia_videogen.providers.http import Exchange
from octavia_videogen.providers.registry import catalogue_of, make_provider
from octavia_videogen.settings import VideogenSettings

KEY = "a key of the account"


@pytest.fixture(scope="module")
def _simulator_url() -> Iterator[str]:
    with running(Settings("", api_key=KEY, seconds=0.3)) as url:
        yield url


@pytest.fixture
def control(_simulator_url: str) -> Iterator[SimulatorControl]:
    with SimulatorControl(_simulator_url) as control:
        control.reset()
        yield control


def settings_of(kind: str, url: str, key: str = KEY) -> VideogenSettings:
    return VideogenSettings(
        video_provider=kind,  # type: ignore[arg-type]
        kie_base_url=url,
        kie_api_key=key,
        openai_videos_base_url=url,
        openai_videos_api_key=key,
        video_fetch_max_bytes=4 * 1024 * 1024,
    )


def provider_of(settings: VideogenSettings) -> Provider:
    nothing: Any = None
    return make_provider(
        settings, catalogue_of(settings), nothing, FakeArtifactStore(), nothing, called_back=True
    )


@pytest.fixture(params=["kie", "openai-videos"])
async def provider(request: pytest.FixtureRequest, control: SimulatorControl) -> AsyncIterator[Provider]:
    provider = provider_of(settings_of(request.param, control.url))
    await provider.start()
    yield provider
    await provider.close()


def order(provider: Provider, prompt: str, control: SimulatorControl, **more: Any) -> Order:
    catalogue = catalogue_of(settings_of(provider.name, control.url))
    spec = VideoSpec(
        prompt=prompt,
        aspect_ratio=AspectRatio.PORTRAIT,
        duration_seconds=5,
        model=catalogue.models[0].id,
        **more,
    )
    _, form = catalogue.form_of(spec)
    return Order(hold_id=uuid4(), user_id=uuid4(), spec=spec, form=form)


async def ended(provider: Provider, task: str) -> Record:
    async with asyncio.timeout(20):
        while (record := await provider.look(task)).state not in (ProviderState.SUCCESS, ProviderState.FAIL):
            await asyncio.sleep(0.05)
    return record


async def test_a_video_from_order_to_file(
    provider: Provider, control: SimulatorControl, tmp_path: Path
) -> None:
    task = await provider.create(order(provider, "A fox", control))
    record = await ended(provider, task)
    (result,) = record.results
    clip = tmp_path / "clip"
    await provider.fetch(task, result, clip)
    assert clip.read_bytes()[4:8] == b"ftyp"
    (made,) = control.tasks()
    assert (made["id"], made["prompt"]) == (task, "A fox")


async def test_a_failure_says_why(provider: Provider, control: SimulatorControl) -> None:
    task = await provider.create(order(provider, "sim:fail", control))
    record = await ended(provider, task)
    assert record.state is ProviderState.FAIL
    assert "refuses to show" in record.reason
    assert "refuses to show" in ProviderFailedError(record.reason).message


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("sim:401", ProviderAccountError),
        ("sim:402", ProviderAccountError),
        ("sim:422", ProviderRefusedError),
        ("sim:429", OrderDeferredError),
        ("sim:503", OrderDeferredError),
        ("sim:lost-answer", AnswerLostError),
        ("sim:lost-request", AnswerLostError),
    ],
)
async def test_an_order_that_is_not_taken(
    provider: Provider, control: SimulatorControl, words: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await provider.create(order(provider, words, control))


async def test_a_lost_order_is_in_the_list_of_those_who_have_one(
    provider: Provider, control: SimulatorControl
) -> None:
    lost, other = order(provider, "A sim:lost-answer", control), order(provider, "Another", control)
    await provider.create(other)
    with pytest.raises(AnswerLostError):
        await provider.create(lost)
    found = await provider.listed(provider.put_on_record(lost), datetime.now(UTC))
    expected = [task["id"] for task in control.tasks_of(lost.spec.prompt)]
    assert list(found) == (expected if provider.orders_are_listed else [])
    assert provider.orders_are_listed is (provider.name == "openai-videos")


async def test_a_server_that_is_away_has_certainly_not_taken_an_order(
    provider: Provider, control: SimulatorControl
) -> None:
    away = provider_of(settings_of(provider.name, "http://127.0.0.1:9"))
    with pytest.raises(OrderDeferredError):
        await away.create(order(provider, "x", control))
    with pytest.raises(LookFailedError):
        await away.look("x")
    await away.close()


async def test_an_answer_that_never_comes_leaves_the_order_in_doubt(control: SimulatorControl) -> None:
    exchange = Exchange(control.url, {"Authorization": f"Bearer {KEY}"}, order_seconds=0.5)
    body = {"model": "kling-2.6/text-to-video",
            "input": {"prompt": "sim:hanging-answer", "aspect_ratio": "16:9", "duration": "5"}}  # fmt: skip
    with pytest.raises(AnswerLostError):
        await exchange.order("/api/v1/jobs/createTask", json=body)
    await exchange.close()
    assert len(control.tasks()) == 1


async def test_a_task_that_nobody_made_is_unknown(provider: Provider) -> None:
    with pytest.raises(TaskUnknownError):
        await provider.look("made-up/../x?y")


async def test_a_record_that_cannot_be_read_is_read_later(
    provider: Provider, control: SimulatorControl
) -> None:
    task = await provider.create(order(provider, "sim:query-500=1 sim:garbled=1", control))
    for _ in range(2):
        with pytest.raises(LookFailedError):
            await provider.look(task)
    assert (await ended(provider, task)).state is ProviderState.SUCCESS


async def test_own_servers_are_told_to_stop_and_kie_cannot_be(
    provider: Provider, control: SimulatorControl
) -> None:
    task = await provider.create(order(provider, "sim:manual", control))
    assert await provider.cancel(task) is (provider.name == "openai-videos")
    if provider.name == "openai-videos":
        with pytest.raises(TaskUnknownError):
            await provider.look(task)
    control.end(ending=Ending.FAIL)


async def test_a_file_without_end_is_cut_off(
    provider: Provider, control: SimulatorControl, tmp_path: Path
) -> None:
    task = await provider.create(order(provider, "sim:endless", control))
    (result,) = (await ended(provider, task)).results
    with pytest.raises(NoVideoError):
        await provider.fetch(task, result, tmp_path / "clip")
    assert (tmp_path / "clip").stat().st_size <= 5 * 1024 * 1024


async def test_an_expired_result_is_gone(control: SimulatorControl, tmp_path: Path) -> None:
    kie = provider_of(settings_of("kie", control.url))
    task = await kie.create(order(kie, "sim:expired", control))
    (result,) = (await ended(kie, task)).results
    with pytest.raises(ResultGoneError):
        await kie.fetch(task, result, tmp_path / "clip")
    assert not await kie.still_there(result)
    other = await kie.create(order(kie, "x", control))
    assert await kie.still_there((await ended(kie, other)).results[0])
    await kie.close()


async def test_a_result_that_leads_inside_is_not_fetched(control: SimulatorControl, tmp_path: Path) -> None:
    kie = provider_of(settings_of("kie", control.url))
    task = await kie.create(order(kie, "sim:inside", control))
    (result,) = (await ended(kie, task)).results
    with pytest.raises(ForbiddenAddressError):
        await kie.fetch(task, result, tmp_path / "clip")
    with pytest.raises(ForbiddenAddressError):
        await kie.fetch(task, "http://127.0.0.2:80/clip.mp4", tmp_path / "clip")
    await kie.close()


async def test_a_model_of_the_past_names_those_that_live(control: SimulatorControl) -> None:
    kie = provider_of(settings_of("kie", control.url))
    one = order(kie, "sim:505", control)
    with pytest.raises(ModelUnavailableError, match="seedance-2"):
        await kie.create(one)
    retired = replace(one, form=one.form.model_copy(update={"model": "sora-2-text-to-video"}))
    with pytest.raises(OrderDeferredError) as paused:
        await kie.create(replace(retired, spec=one.spec.model_copy(update={"prompt": "x"})))
    assert paused.value.paused
    await kie.close()


async def test_own_servers_get_the_bytes_of_the_picture(control: SimulatorControl, tmp_path: Path) -> None:
    provider = provider_of(settings_of("openai-videos", control.url))
    store = FakeArtifactStore()
    ref = await store.write("users/u/picture", b"\xff\xd8 a picture", "image/jpeg")
    path = await store.fetch(ref, tmp_path / "picture")
    one = order(provider, "A fox", control, image=ref)
    await provider.create(replace(one, picture=Picture(ref, path=path)))
    (made,) = control.tasks()
    assert made["image"]["sha256"] == ref.sha256, made
    await provider.close()


async def test_what_is_put_on_record_holds_no_address(control: SimulatorControl) -> None:
    kie = provider_of(settings_of("kie", control.url))
    ref = await FakeArtifactStore().write("users/u/picture", b"x", "image/jpeg")
    one = order(kie, "A fox", control, image=ref)
    secret = replace(one, picture=Picture(ref, address="https://store.example.org/x?X-Amz-Signature=secret"))
    assert "secret" not in str(kie.put_on_record(secret))
    await kie.close()
