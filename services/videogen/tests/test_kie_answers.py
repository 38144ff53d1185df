"""What Kie's answers mean, in every form that its pages and clients show."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.errors import OctaviaError
from octavia_videogen.domain.errors import (
    AnswerLostError,
    LookFailedError,
    ModelSwitchedOffError,
    OrderDeferredError,
    ProviderAccountError,
    ProviderRefusedError,
    TaskUnknownError,
)
from octavia_videogen.domain.states import ProviderState
from octavia_videogen.providers.kie.answers import created, record

URL = "https://results.example.org/clip.mp4"


def body(**values: Any) -> bytes:
    return json.dumps(values).encode()


def recorded(**data: Any) -> bytes:
    return body(code=200, msg="success", data={"taskId": "t", "model": "m", **data})


@pytest.mark.parametrize(
    "content",
    [
        body(code=200, msg="success", data={"taskId": "t"}),
        body(code=200, message="success", data={"taskId": "t"}),
        body(code="200", data={"task_id": "t"}),
        body(data={"taskId": "t"}),
    ],
)
def test_a_task_that_was_created(content: bytes) -> None:
    assert created(200, content, None) == "t"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, ProviderRefusedError),
        (401, ProviderAccountError),
        (402, ProviderAccountError),
        (404, ProviderRefusedError),
        (408, AnswerLostError),
        (422, ProviderRefusedError),
        (429, OrderDeferredError),
        (433, ProviderAccountError),
        (451, ProviderRefusedError),
        (455, OrderDeferredError),
        (500, OrderDeferredError),
        (501, ProviderRefusedError),
        (503, OrderDeferredError),
        (505, ModelSwitchedOffError),
        (777, AnswerLostError),
    ],
)
def test_an_order_that_was_not_taken(code: int, error: type[OctaviaError]) -> None:
    for status, content in (
        (200, body(code=code, msg="no")),
        (code, body(code=code, message="no", data=None)),
    ):
        with pytest.raises(error):
            created(status, content, None)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, body(code=200, data={})),
        (200, body(code=200, data={"taskId": ""})),
        (200, body(code=200, data={"taskId": 7})),
        (200, b"[" * 100_000),
        (408, b""),
        (500, b"<html>Internal Server Error</html>"),
        (502, b"<html>Bad Gateway</html>"),
        (503, b""),
        (504, b""),
        (524, b""),
    ],
)
def test_an_answer_that_says_nothing_leaves_the_order_in_doubt(status: int, content: bytes) -> None:
    with pytest.raises(AnswerLostError):
        created(status, content, None)


def test_a_rate_limit_is_believed_whatever_its_page_says() -> None:
    with pytest.raises(OrderDeferredError) as deferred:
        created(429, b"<html>", 7.0)
    assert deferred.value.limited
    assert deferred.value.retry_after == 7.0


def test_a_paused_model_is_told_from_other_troubles() -> None:
    for content, paused in (
        (body(code=500, msg="This interface is temporarily paused"), True),
        (body(code=500, msg="Server error"), False),
    ):
        with pytest.raises(OrderDeferredError) as deferred:
            created(200, content, None)
        assert deferred.value.paused is paused


@pytest.mark.parametrize(
    ("data", "state", "figure"),
    [
        ({"state": "waiting"}, ProviderState.WAITING, None),
        ({"state": "queuing", "progress": 0}, ProviderState.QUEUING, 0.0),
        ({"state": "generating", "progress": "37"}, ProviderState.GENERATING, 37.0),
        ({"state": "generating", "progress": "37%"}, ProviderState.GENERATING, 37.0),
        ({"state": "generating", "progress": -1}, ProviderState.GENERATING, None),
        ({"state": "generating", "progress": True}, ProviderState.GENERATING, None),
        ({"state": "generating", "progress": "much"}, ProviderState.GENERATING, None),
        ({"state": "generating", "progress": "nan"}, ProviderState.GENERATING, None),
        ({"state": " Success "}, ProviderState.SUCCESS, None),
    ],
)
def test_states_and_figures(data: dict[str, Any], state: ProviderState, figure: float | None) -> None:
    found = record(200, recorded(**data), None)
    assert (found.state, found.figure) == (state, figure)


@pytest.mark.parametrize(
    ("result", "urls"),
    [
        (json.dumps({"resultUrls": [URL]}), (URL,)),
        ({"resultUrls": [URL]}, (URL,)),
        (json.dumps({"resultUrls": [None, "", 7, URL]}), (URL,)),
        (json.dumps({"resultUrls": URL}), ()),
        (json.dumps({"resultUrls": []}), ()),
        (json.dumps([URL]), ()),
        ('{"resultUrls": ["http', ()),
        ("", ()),
        (None, ()),
    ],
)
def test_results_are_read_on_success_alone(result: Any, urls: tuple[str, ...]) -> None:
    assert record(200, recorded(state="success", resultJson=result), None).results == urls
    assert record(200, recorded(state="generating", resultJson=result), None).results == ()


def test_a_failure_says_why() -> None:
    failed = recorded(state="fail", failCode="500", failMsg="The prompt is not allowed")
    assert record(200, failed, None).reason == "The prompt is not allowed"
    assert record(200, recorded(state="fail", failCode="500"), None).reason == "code 500"


def test_what_it_was_ordered_with() -> None:
    param = json.dumps({"model": "m", "callBackUrl": "https://octavia.example.org/x", "input": {}})
    found = record(200, recorded(state="waiting", param=param), None)
    assert (found.model, found.callback_url) == ("m", "https://octavia.example.org/x")


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (404, body(code=404, msg="not found"), TaskUnknownError),
        (200, body(code=404, data=None), TaskUnknownError),
        (200, body(code=422, msg="recordInfo is null"), TaskUnknownError),
        (200, body(code=200, data=None), TaskUnknownError),
        (429, b"", LookFailedError),
        (500, body(code=500), LookFailedError),
        (200, body(code=500), LookFailedError),
        (200, b"<html>", LookFailedError),
        (401, body(code=401), LookFailedError),
        (200, recorded(state="exploded"), LookFailedError),
        (200, recorded(), LookFailedError),
    ],
)
def test_a_record_that_says_nothing(status: int, content: bytes, error: type[OctaviaError]) -> None:
    with pytest.raises(error):
        record(status, content, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(
        ["code", "data", "msg", "state", "progress", "resultJson", "resultUrls", "param", "taskId", "x"]
    ), inner),
    max_leaves=12,
)  # fmt: skip


@given(st.integers(100, 599), st.builds(lambda v: json.dumps(v).encode(), JSON) | st.binary(max_size=50))
def test_nothing_that_comes_breaks_the_reading(status: int, content: bytes) -> None:
    for read in (created, record):
        try:
            read(status, content, None)
        except OctaviaError as error:
            assert str(error).isprintable()
