"""The workers of a running farm through Buildbot's REST interface, with the farm's roles."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import requests

from farm.client.credentials import PASSWORD, USER, Farm
from farm.errors import FarmError, InfrastructureError

TIMEOUT_S = 60.0
POLL_S = 1.0
SETTLE_S = 15.0
"""Seconds that a control, which Buildbot only queues, has to be seen."""
_FIELDS = (
    "workerid",
    "name",
    "paused",
    "pause_reason",
    "graceful",
    "connected_to",
    "configured_on",
)


@dataclass(frozen=True)
class WorkerRow:
    """One worker."""

    workerid: int
    name: str
    state: str
    """``connected``, ``paused``, ``paused, missing`` or ``missing``."""
    running: int
    """Builds."""
    builders: int
    reason: str
    """Why it is paused."""


def row_of(said: dict[str, Any], running: int) -> WorkerRow:
    """A worker from what Buildbot says of it."""
    here = bool(said.get("connected_to"))
    paused = bool(said.get("paused"))
    state = "paused" if paused and here else "connected" if here else "missing"
    if paused and not here:
        state = "paused, missing"
    return WorkerRow(
        workerid=int(said["workerid"]),
        name=str(said["name"]),
        state=state,
        running=running,
        builders=len(said.get("configured_on") or ()),
        reason=str(said.get("pause_reason") or ""),
    )


class Control:
    """Asks one farm about its workers, as somebody.

    :param farm: where, and as whom.
    """

    def __init__(self, farm: Farm, sleep: Callable[[float], None] = time.sleep):
        self._farm = farm
        self._sleep = sleep
        self._session = requests.Session()
        self._session.trust_env = False  # no ~/.netrc behind our back
        self._logged_in = False

    def workers(self) -> list[WorkerRow]:
        """Every worker that the farm's settings have.

        :raises InfrastructureError: the farm does not answer.
        """
        found = self._ask("GET", "workers", params=[("field", field) for field in _FIELDS])
        query = [("complete", "false"), ("field", "workerid"), ("field", "complete")]
        builds = self._ask("GET", "builds", params=query)["builds"]
        running = [build["workerid"] for build in builds]
        rows = [row_of(one, running.count(one["workerid"])) for one in found["workers"]]
        # Buildbot remembers those that the settings had once.
        return sorted((row for row in rows if row.builders), key=lambda row: row.name)

    def worker(self, name: str) -> WorkerRow:
        """One of them.

        :raises FarmError: there is none of that name.
        """
        rows = {row.name: row for row in self.workers()}
        if name not in rows:
            raise FarmError(f"the farm has no worker {name}; it has {', '.join(rows) or 'none'}")
        return rows[name]

    def pause(self, name: str, reason: str) -> WorkerRow:
        """Give it no new builds.

        :raises FarmError: whoever asks may not.
        """
        return self._control(name, "pause", {"reason": reason}, paused=True)

    def resume(self, name: str) -> WorkerRow:
        """Give it builds again."""
        return self._control(name, "unpause", {}, paused=False)

    def wait_until_idle(self, name: str, patience_s: float) -> int:
        """Wait until a worker's builds have ended; return how many have not."""
        waited_s = 0.0
        while running := self.worker(name).running:
            if waited_s >= patience_s:
                return running
            self._sleep(POLL_S)
            waited_s += POLL_S
        return 0

    def stop_builds(self, builders: Collection[str], reason: str, patience_s: float) -> int:
        """End what these builders build, and wait until it has ended; how many there were.

        :raises FarmError: whoever asks may not.
        """
        query = [("field", "builderid"), ("field", "name")]
        known = self._ask("GET", "builders", params=query)["builders"]
        ids = {one["builderid"] for one in known if one["name"] in builders}
        asked: set[int] = set()
        waited_s = 0.0
        while running := self._running_on(ids):
            for build in running - asked:
                self._log_in()
                call = {"jsonrpc": "2.0", "id": 1, "method": "stop", "params": {"reason": reason}}
                self._ask("POST", f"builds/{build}", json=call)
            asked |= running
            if waited_s >= patience_s:
                break
            self._sleep(POLL_S)
            waited_s += POLL_S
        return len(asked)

    def _running_on(self, builders: Collection[int]) -> set[int]:
        fields = [("field", name) for name in ("buildid", "builderid", "complete")]
        builds = self._ask("GET", "builds", params=[("complete", "false"), *fields])["builds"]
        return {build["buildid"] for build in builds if build["builderid"] in builders}

    def _control(
        self, name: str, method: str, params: dict[str, str], *, paused: bool
    ) -> WorkerRow:
        row = self.worker(name)
        self._log_in()
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self._ask("POST", f"workers/{row.workerid}", json=call)
        waited_s = 0.0
        while row.state.startswith("paused") != paused and waited_s < SETTLE_S:
            self._sleep(0.2)
            waited_s += 0.2
            row = self.worker(name)
        return row

    def _log_in(self) -> None:
        """Buildbot's controls know people by their session, which its login page makes."""
        if self._logged_in or not self._farm.user:
            return
        pair = (self._farm.user, self._farm.password)
        answer = self._request("GET", f"{self._farm.url}auth/login", auth=pair)
        if answer.status_code == requests.codes.unauthorized:
            raise FarmError(f"this is not the password of {self._farm.user} at {self._farm.url}")
        self._logged_in = True

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self._request(method, f"{self._farm.url}api/v2/{path}", **options)
        try:
            said = answer.json()
        except ValueError as error:
            raise FarmError(
                f"{self._farm.url} is no farm: it answered {answer.status_code} without JSON"
            ) from error
        if not answer.ok or (isinstance(said, dict) and said.get("error")):
            raise FarmError(self._explained(answer.status_code, said))
        return said

    def _request(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._session.request(
                method, url, timeout=TIMEOUT_S, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise InfrastructureError(
                f"the farm at {self._farm.url} does not answer: {error}"
            ) from error

    def _explained(self, status: int, said: Any) -> str:
        error = said.get("error") if isinstance(said, dict) else said
        message = str(error.get("message", error)) if isinstance(error, dict) else str(error)
        if status not in (requests.codes.unauthorized, requests.codes.forbidden):
            return message
        if self._farm.user:
            return f"{message} (asked as {self._farm.user})"
        return f"{message}; on the command line, set {USER} and {PASSWORD}, or write ~/.netrc"
