"""Tokens with which a new machine joins: each works once, and not for long."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from farm.errors import FarmError
from farm.files import write_atomically


class BadToken(FarmError):
    """A token that opens nothing."""


class Invitations:
    """The open invitations of a site: a file each, named by the digest of its token.

    :param state: the site's state directory.
    """

    def __init__(self, state: Path, clock: Callable[[], float] = time.time):
        self._folder = state / "invitations"
        self._clock = clock

    def invite(self, worker: str, hours: float) -> str:
        """A new token for a worker; the ones that it had before are void."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.withdraw(worker)
        token = secrets.token_urlsafe(32)
        content = json.dumps({"worker": worker, "expires": self._clock() + hours * 3600})
        write_atomically(self._path(token), content)
        return token

    def worker(self, token: str) -> str:
        """The worker that a token is for.

        :raises BadToken: it is unknown, used, or too old.
        """
        try:
            known = json.loads(self._path(token).read_text())
        except FileNotFoundError:
            raise BadToken("this invitation is unknown, or used already: ask for another") from None
        if known["expires"] < self._clock():
            raise BadToken("this invitation is too old: ask for another")
        return str(known["worker"])

    def redeem(self, token: str) -> str:
        """As `worker`, and the token is used.

        :raises BadToken: as `worker`; of two that come at the same time, the second one.
        """
        worker = self.worker(token)
        try:
            self._path(token).unlink()
        except FileNotFoundError:
            raise BadToken("this invitation is used already: ask for another") from None
        return worker

    def withdraw(self, worker: str) -> None:
        """Make the tokens of a worker void, and forget old ones."""
        for path in self._folder.glob("*.json"):
            known = json.loads(path.read_text())
            if known["worker"] == worker or known["expires"] < self._clock():
                path.unlink(missing_ok=True)

    def _path(self, token: str) -> Path:
        return self._folder / f"{hashlib.sha256(token.encode()).hexdigest()}.json"
