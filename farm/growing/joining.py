"""A machine becomes a worker: asks what it is to be, and gets its certificate and password."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import requests

from farm.errors import FarmError, InfrastructureError
from farm.growing.authority import is_due, key_pem, new_key, read_certificate, request_pem
from farm.growing.home import TLS, read_offer, write_certificate, write_home
from farm.growing.offer import Offer, Welcome
from farm.growing.pinned import authority_of

TIMEOUT_S = 60.0


class JoinRefused(FarmError):
    """The farm answered, and its answer is no."""


class Joining:
    """Talks to one farm about becoming its worker.

    :param url: as the invitation says.
    :param pin: of the farm's key.
    """

    def __init__(self, url: str, pin: str, token: str):
        self._url = url.rstrip("/")
        self._token = token
        self._authority = authority_of(self._url, pin)

    def ask(self) -> Offer:
        """What this machine is to be; the invitation stays unused.

        :raises JoinRefused: the invitation is not good.
        """
        return Offer.model_validate_json(self._post("ask", {"token": self._token}))

    def redeem(self, directory: Path, worker: str) -> Offer:
        """Use the invitation, and make the worker's directory.

        :raises JoinRefused: it was used already.
        """
        key = new_key()
        body = {"token": self._token, "request": request_pem(key, worker).decode()}
        welcome = Welcome.model_validate_json(self._post("redeem", body))
        write_home(directory, welcome, key_pem(key))
        return welcome.offer

    def _post(self, what: str, body: dict[str, str]) -> str:
        with tempfile.NamedTemporaryFile(suffix=".pem") as authority:
            authority.write(self._authority)
            authority.flush()
            return post(f"{self._url}/join/{what}", body, verify=authority.name)


def renew(directory: Path, *, now: Any, always: bool = False) -> bool:
    """Get a new certificate for the worker of a directory, where its own is due.

    :param now: the moment, as a datetime.
    :returns: whether there is a new one.
    :raises FarmError: the farm gives none.
    """
    offer, tls = read_offer(directory), directory / TLS
    if not always and not is_due(read_certificate(tls / "cert.pem"), now):
        return False
    key = new_key()
    said = json.loads(
        post(
            f"{offer.url}/join/renew",
            {"request": request_pem(key, offer.worker).decode()},
            verify=str(tls / "trust" / "ca.pem"),
            cert=(str(tls / "cert.pem"), str(tls / "key.pem")),
        )
    )
    write_certificate(directory, said["certificate"], said["authority"], key_pem(key))
    return True


def post(url: str, body: dict[str, str], **tls: Any) -> str:
    """Ask a farm something over TLS.

    :raises JoinRefused: it says no.
    :raises InfrastructureError: it does not answer, or is not the one whose authority we know.
    """
    try:
        answer = requests.post(url, json=body, timeout=TIMEOUT_S, allow_redirects=False, **tls)
    except requests.RequestException as error:
        raise InfrastructureError(f"{url} does not answer: {_innermost(error)}") from error
    if not answer.ok:
        lines = answer.text.strip().splitlines() or ["no reason"]
        raise JoinRefused(f"the farm answered {answer.status_code}: {lines[0][:300]}")
    return answer.text


def _innermost(error: BaseException) -> str:
    while isinstance(inner := error.__cause__ or error.__context__, BaseException):
        error = inner
    return str(error)
