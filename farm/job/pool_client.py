"""A worker's side of the pool over HTTP: patient with the network, strict with the bytes."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from farm.errors import InfrastructureError
from farm.pool import checked_filename, checked_key

TOKEN_VARIABLE = "FARM_POOL_TOKEN"  # noqa: S105 - the variable's name
URL_VARIABLE, TLS_VARIABLE = "FARM_POOL_URL", "FARM_TLS"
"""Of a worker on another machine: where the pool is for it, and the directory of its certificate
(`farm.growing.home`)."""
TIMEOUT_S = (10.0, 120.0)
"""Of connecting, and of waiting for the next bytes."""
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Between attempts: a restart of the master takes no more than all of them."""

_BLOCK = 1 << 18


class PoolRefusal(InfrastructureError):
    """The pool answered, and its answer is no."""

    def __init__(self, what: str, status: int, answer: str):
        self.status = status
        self.answer = answer
        super().__init__(f"{what}: the pool answered {status}: {answer}")


class PoolClient:
    """Talks to the pool at `url`.

    :param token: the workers' token.
    :param sleep: waits between attempts.
    :param tls: the directory of the certificates to use; None: those of the system.
    """

    def __init__(
        self,
        url: str,
        token: str,
        sleep: Callable[[float], None] = time.sleep,
        tls: Path | None = None,
    ):
        self.url = url.rstrip("/")
        self._token = token
        self._sleep = sleep
        self._tls: dict[str, Any] = {}
        if tls is not None:
            pair = (str(tls / "cert.pem"), str(tls / "key.pem"))
            self._tls = {"verify": str(tls / "trust" / "ca.pem"), "cert": pair}

    @classmethod
    def from_environment(cls, url: str) -> PoolClient:
        """A client with the token that Buildbot passes to the job.

        :raises InfrastructureError: there is no token.
        """
        token = os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            raise InfrastructureError(f"{TOKEN_VARIABLE} is not set: the pool wants the token")
        tls = os.environ.get(TLS_VARIABLE)
        url = os.environ.get(URL_VARIABLE) or url
        return cls(url, token, tls=Path(tls) if tls else None)

    def download(self, key: str, filename: str, sha256: str, size: int, into: Path) -> None:
        """Have a file of the pool at `into`, complete and checked, or not at all.

        :raises InfrastructureError: it cannot be had, or has other bytes than expected.
        """
        url = f"{self.url}/{checked_key(key)}/{quote(checked_filename(filename))}"

        def attempt() -> None:
            part = into.with_name(f".{into.name}.{os.getpid()}.part")
            try:
                with self._request("GET", url, stream=True) as answer, part.open("wb") as file:
                    digest = hashlib.sha256()
                    for block in answer.iter_content(_BLOCK):
                        digest.update(block)
                        file.write(block)
                if part.stat().st_size != size or digest.hexdigest() != sha256:
                    raise requests.exceptions.ContentDecodingError("it has other bytes")
                part.replace(into)
            finally:
                part.unlink(missing_ok=True)

        into.parent.mkdir(parents=True, exist_ok=True)
        self._retried(f"fetch {url}", attempt)

    def has(self, key: str) -> bool:
        """Whether the pool has a build.

        :raises InfrastructureError: it does not say.
        """
        url = f"{self.url}/{checked_key(key)}/result.json"
        try:
            self._retried(f"ask for {url}", lambda: self._request("HEAD", url).close())
        except PoolRefusal as refusal:
            if refusal.status == requests.codes.not_found:
                return False
            raise
        return True

    def upload(self, key: str, path: Path) -> None:
        """Hand in one file of a build.

        :raises InfrastructureError: the pool does not take it.
        """
        url = f"{self.url}/incoming/{checked_key(key)}/{quote(checked_filename(path.name))}"

        def attempt() -> None:
            with path.open("rb") as file:
                self._request("PUT", url, data=file).close()

        self._retried(f"store {path.name}", attempt)

    def commit(self, key: str) -> str:
        """Have the pool take in what was handed in; return what it says.

        :raises PoolRefusal: what was handed in is incomplete or damaged (status 409).
        :raises InfrastructureError: the pool fails.
        """
        url = f"{self.url}/incoming/{checked_key(key)}"
        said: list[str] = []
        self._retried("commit", lambda: said.append(self._request("POST", url).text))
        return said[-1].strip()

    def _request(self, method: str, url: str, **options: Any) -> requests.Response:
        answer = requests.request(
            method,
            url,
            auth=self._authorize,
            timeout=TIMEOUT_S,
            allow_redirects=False,
            headers={"Accept-Encoding": "identity"},
            **self._tls,
            **options,
        )
        if answer.status_code not in (requests.codes.ok, requests.codes.created):
            text = answer.text.strip().splitlines()[:1]
            raise PoolRefusal(f"{method} {url}", answer.status_code, (text or ["no reason"])[0])
        return answer

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As `auth` and not as a header, which requests replaces by what a ~/.netrc says.
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def _retried(self, what: str, attempt: Callable[[], None]) -> None:
        pauses = iter(PAUSES_S)
        while True:
            try:
                attempt()
                return
            except PoolRefusal as refusal:
                if refusal.status < requests.codes.server_error:
                    raise
                problem: InfrastructureError = refusal
            except requests.RequestException as error:
                problem = InfrastructureError(f"{what}: {_plain(error)}")
            if (pause_s := next(pauses, None)) is None:
                raise problem
            self._sleep(pause_s)


def _plain(error: requests.RequestException) -> str:
    """The innermost reason of a failed request."""
    reason: BaseException = error
    while isinstance(inner := reason.__cause__ or reason.__context__, BaseException):
        reason = inner
    return str(reason) or str(error) or type(error).__name__
