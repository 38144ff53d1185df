"""The HTTP API as the client sees it: signed requests, our errors, bounded retries."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay

from octavia_cli.errors import (
    CliError,
    NotEnoughCreditsError,
    NotSignedInError,
    RefusedError,
    UnreachableError,
)
from octavia_cli.foreign import plain
from octavia_cli.messages import _, language
from octavia_cli.sessions import Session, SessionStore

PREFIX = "/api/v1"
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_PASSING = frozenset({429, 502, 503, 504})


class Credentials(Protocol):
    """Who is asking."""

    def token(self) -> str | None:
        """The bearer token, or None where there is none."""
        ...

    def renew(self, http: httpx.Client, spent: str) -> str | None:
        """Another token in place of one that was refused, or None."""
        ...


@dataclass(frozen=True)
class FixedToken:
    """An API key or access token given by the environment; it is never renewed."""

    value: str

    def token(self) -> str | None:
        return self.value

    def renew(self, http: httpx.Client, spent: str) -> str | None:
        return None


class StoredSession:
    """The session that `octavia login` kept."""

    def __init__(self, store: SessionStore, server: str) -> None:
        self._store = store
        self._server = server

    def token(self) -> str | None:
        session = self._store.get(self._server)
        return session.access_token if session else None

    def renew(self, http: httpx.Client, spent: str) -> str | None:
        """Refresh tokens are good once, and a second use ends the session: one process at a time."""
        with self._store.locked():
            session = self._store.get(self._server)
            if session is None:
                return None
            if session.access_token != spent:
                return session.access_token
            answer = http.post(f"{PREFIX}/auth/refresh", json={"refresh_token": session.refresh_token})
            if answer.status_code != 200:
                return None
            tokens = answer.json()
            self._store.put(
                self._server, Session(session.email, tokens["access_token"], tokens["refresh_token"])
            )
            return str(tokens["access_token"])


class NoCredentials:
    """For signing in."""

    def token(self) -> str | None:
        return None

    def renew(self, http: httpx.Client, spent: str) -> str | None:
        return None


class PassingError(CliError):
    """Worth another try; `wait` is what the server asked for in seconds."""

    def __init__(self, cause: CliError, wait: float) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.wait = wait


class Api:
    """One server. Use as a context manager."""

    def __init__(self, server: str, credentials: Credentials, *, patience_seconds: float = 20.0) -> None:
        self.server = server
        self._credentials = credentials
        self._patience = patience_seconds
        self._reached = False
        self.http = httpx.Client(
            base_url=server,
            timeout=TIMEOUT,
            headers={"Accept-Language": language(), "User-Agent": "octavia-cli"},
        )

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.http.close()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a resource. Raises CliError."""
        wanted = {name: value for name, value in params.items() if value is not None}
        return plain(self.send("GET", f"{PREFIX}{path}", params=wanted).json())

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON that a POST answers (None for no content); repeated safely by its Idempotency-Key."""
        key = {"Idempotency-Key": str(uuid4())}
        answer = self.send("POST", f"{PREFIX}{path}", json=body, headers=key)
        return plain(answer.json()) if answer.content else None

    def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        """A request that may be repeated. Raises CliError for anything but success."""
        retrying = Retrying(
            retry=retry_if_exception_type(PassingError),
            stop=stop_after_delay(self._patience),
            wait=_wait,
            reraise=True,
        )
        try:
            return retrying(self.send_once, method, url, **options)
        except PassingError as error:
            raise error.cause from None

    def send_once(self, method: str, url: str, **options: Any) -> httpx.Response:
        """A request tried once. Raises PassingError where another try may help, else CliError."""
        with self.open(method, url, **options) as answer:
            answer.read()
            return answer

    @contextmanager
    def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        elsewhere: bool = False,
        **options: Any,
    ) -> Iterator[httpx.Response]:
        """A successful answer whose body is yet to be read. Raises as `send_once`.

        `elsewhere` goes where the server points, without telling a stranger there who is asking.
        """
        token = self._credentials.token()
        try:
            answer = self._begin(method, url, token, headers, elsewhere, options)
            if answer.status_code == 401 and token is not None:
                renewed = self._credentials.renew(self.http, token)
                if renewed is not None:
                    answer.close()
                    answer = self._begin(method, url, renewed, headers, elsewhere, options)
            self._reached = True
            try:
                _check(answer)
                yield answer
            finally:
                answer.close()
        except httpx.TransportError as error:
            unreachable = self._unreachable(error)
            if not self._reached:  # a wrong address, most likely: nobody wants to wait for that
                raise unreachable from None
            raise PassingError(unreachable, 0.0) from None

    def _begin(
        self,
        method: str,
        url: str,
        token: str | None,
        headers: Mapping[str, str] | None,
        elsewhere: bool,
        options: Mapping[str, Any],
    ) -> httpx.Response:
        signed = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        request = self.http.build_request(method, url, headers=signed, **options)
        return self.http.send(request, stream=True, follow_redirects=elsewhere)

    def _unreachable(self, error: Exception) -> UnreachableError:
        return UnreachableError(
            _(
                "The server {server} cannot be reached. Is it running? (--server, OCTAVIA_SERVER)",
                server=self.server,
            ),
            reason=type(error).__name__,
        )


def _check(answer: httpx.Response) -> None:
    """Raise the error that an answer stands for, unless it is a success."""
    if answer.is_success or answer.status_code == 304:
        return
    answer.read()
    error = _error_of(answer)
    if answer.status_code in _PASSING or error.code == "idempotency_in_flight":
        asked = answer.headers.get("retry-after", "")
        raise PassingError(error, float(asked) if asked.isdigit() else 0.0)
    raise error


def _error_of(answer: httpx.Response) -> CliError:
    """Our error for a problem document (RFC 9457), or for what is none."""
    try:
        problem: dict[str, Any] = plain(answer.json())
        message = str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        return UnreachableError(
            _(
                "{url} answered {status}, which is not Octavia's way. Check --server.",
                url=answer.request.url,
                status=answer.status_code,
            )
        )
    code = str(problem.get("code", "refused"))
    about = {
        name: value for name, value in problem.items() if name not in ("detail", "title", "type", "code")
    }
    if answer.status_code == 401:
        return NotSignedInError(message, code=code)
    if answer.status_code == 402:
        return NotEnoughCreditsError(message, code=code, **about)
    if answer.status_code >= 500 or answer.status_code == 429:
        return UnreachableError(message, code=code, **about)
    return RefusedError(message, code=code, **about)


def _wait(state: RetryCallState) -> float:
    """0.2, 0.4, 0.8… s up to 3 s, or what the server asked for, up to 10 s."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, PassingError) else 0.0
    return max(min(asked, 10.0), min(3.0, float(0.1 * 2**state.attempt_number)))
