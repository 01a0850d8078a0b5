"""A client of the farm's REST interface."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import quote

import requests

from farm.client.credentials import PASSWORD, USER, Farm
from farm.errors import FarmError, InfrastructureError

TIMEOUT_S = 120.0
"""Making a topic reads every repository of the stack."""
BELOW = "api/farm/v1/"


class FarmRefusal(FarmError):
    """The farm answered, and its answer is no."""

    def __init__(self, status: int, message: str):
        self.status = status
        super().__init__(message)


class FarmClient:
    """Asks one farm."""

    def __init__(self, farm: Farm):
        self._farm = farm
        self._session = requests.Session()
        # As a function: otherwise requests would look into ~/.netrc by itself.
        self._session.auth = self._authorize

    def get(self, *path: str, **query: Any) -> Any:
        """The answer at an address below the interface's.

        :raises FarmRefusal: the farm says no.
        :raises InfrastructureError: it does not answer.
        """
        return self._ask("GET", path, params=query)

    def post(self, *path: str, body: dict[str, Any]) -> Any:
        """As `get`, with something to be done; fields that are None are left out."""
        return self._ask("POST", path, json={k: v for k, v in body.items() if v is not None})

    def delete(self, *path: str) -> Any:
        """As `get`, with something to be ended."""
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: tuple[str, ...], **options: Any) -> Any:
        url = f"{self._farm.url}{BELOW}{'/'.join(quote(part, safe='') for part in path)}"
        try:
            answer = self._session.request(
                method, url, timeout=TIMEOUT_S, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise InfrastructureError(
                f"the farm at {self._farm.url} does not answer: {_plain(error)}"
            ) from error
        try:
            said = answer.json()
        except ValueError as error:
            raise FarmRefusal(
                answer.status_code,
                f"{url} is not a farm's interface: it answered {answer.status_code} without JSON",
            ) from error
        if not answer.ok:
            raise FarmRefusal(answer.status_code, self._explained(answer.status_code, said))
        return said

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._farm.user:
            pair = f"{self._farm.user}:{self._farm.password}".encode()
            request.headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        return request

    def _explained(self, status: int, said: Any) -> str:
        message = str(said.get("detail", said)) if isinstance(said, dict) else str(said)
        if status in (requests.codes.unauthorized, requests.codes.forbidden):
            if self._farm.user:
                message += f" (asked as {self._farm.user})"
            else:
                message += f"; on the command line, set {USER} and {PASSWORD}, or write ~/.netrc"
        return message


def _plain(error: requests.RequestException) -> str:
    reason: BaseException = error
    while isinstance(inner := reason.__cause__ or reason.__context__, BaseException):
        reason = inner
    return str(reason) or type(error).__name__
