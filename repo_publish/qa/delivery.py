"""Telling systems under test of snapshots: whoever cannot be reached is told later.

The queue is what the archive holds: every snapshot of a line that a hook has not confirmed. Nothing
can be lost between publishing and queueing, since there is no queueing. Kept in the archive's state
are, for each hook, the last snapshot it confirmed of each line, and a file that grows by a line
before each attempt and after it.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from pydantic import BaseModel, ConfigDict, ValidationError

from farm.qa import Webhook
from repo_publish.errors import PublishError
from repo_publish.files import sync_file, write_durably
from repo_publish.line import STATE, Line, lines
from repo_publish.live import kept
from repo_publish.manifest import Manifest
from repo_publish.qa.event import event_of, signed_request

FIRST_RETRY_S = 5
LONGEST_RETRY_S = 3600
_DOUBLINGS = 10
"""After so many the longest wait is reached."""
CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 20

Post = Callable[[str, bytes, Mapping[str, str]], int]
"""Posts a body with headers to a URL; the HTTP status, or an OSError that says what is wrong."""


class Standing(BaseModel):
    """How far a hook is with one line."""

    model_config = ConfigDict(frozen=True)

    delivered: int
    """The newest snapshot that it confirmed."""
    attempts: int = 0
    """Failed ones since then."""
    next_try: int = 0
    """Not before; seconds since 1970."""
    error: str = ""
    """Of the last attempt."""


class _Hook(BaseModel):
    lines: dict[str, Standing] = {}


@dataclass(frozen=True)
class Waiting:
    """What a hook has not confirmed of one line."""

    hook: Webhook
    line: Line
    snapshots: tuple[int, ...]
    """Oldest first; may be empty."""
    standing: Standing


def retry_after_s(attempts: int) -> int:
    """How long to wait after so many failed attempts: twice as long each time, at most an hour."""
    doublings = min(max(0, attempts - 1), _DOUBLINGS)
    return min(FIRST_RETRY_S << doublings, LONGEST_RETRY_S)


def waiting(among: Iterable[Line], hooks: Iterable[Webhook]) -> list[Waiting]:
    """How every hook stands with every one of these lines that it wants."""
    among = list(among)
    found = []
    for hook in hooks:
        for line in among:
            if hook.wants(str(line)):
                known = _read(line.archive, hook)
                standing = _standing(line, known)
                snapshots = tuple(n for n in _published(line) if n > standing.delivered)
                found.append(Waiting(hook, line, snapshots, standing))
    return found


def deliver_due(
    archive: Path,
    hooks: Sequence[Webhook],
    secret: Callable[[Webhook], str],
    log: TextIO,
    *,
    post: Post | None = None,
    clock: Callable[[], float] = time.time,
    among: Sequence[Line] | None = None,
) -> int:
    """Deliver what is due now, in order; how many events were confirmed.

    Somebody else who does the same at this moment is waited for. A process that is killed between
    an answer and its record delivers that event once more, with the same id.

    :param among: only the events of these lines; None: of all.
    :raises PublishError: a line is damaged.
    """
    courier = _Courier(secret, log, post or post_with_requests, clock)
    confirmed = 0
    with _lock(archive):
        there = lines(archive) if among is None else among
        for hook in hooks:
            _remember_new(archive, hook, there)
        for one in waiting(there, hooks):
            standing = one.standing
            for snapshot in one.snapshots:
                if standing.next_try > clock():
                    break
                standing = courier.deliver(one, snapshot, standing)
                _write(archive, one.hook, one.line, standing)
                if standing.delivered != snapshot:
                    break
                confirmed += 1
    return confirmed


@dataclass(frozen=True)
class _Courier:
    """Delivers single events."""

    secret: Callable[[Webhook], str]
    log: TextIO
    post: Post
    clock: Callable[[], float]

    def deliver(self, one: Waiting, snapshot: int, standing: Standing) -> Standing:
        """Make one attempt; how the hook stands after it."""
        try:
            event = event_of(*_manifests(one.line, snapshot))
        except PublishError as error:
            # Nothing can be told of it any more; the snapshots after it are still of interest.
            _record(one, snapshot, f"given up: {error}", self.clock)
            return Standing(delivered=snapshot)
        _record(one, snapshot, "trying", self.clock)
        problem = self._send(one.hook, event)
        what = f"{one.line} {snapshot} to {one.hook.name}"
        if not problem:
            _record(one, snapshot, "delivered", self.clock)
            print(f"told of {what}", file=self.log, flush=True)
            return Standing(delivered=snapshot)
        attempts = standing.attempts + 1
        wait = retry_after_s(attempts)
        _record(one, snapshot, f"failed: {problem}", self.clock)
        print(f"could not tell of {what}: {problem}; again in {wait} s", file=self.log, flush=True)
        return Standing(
            delivered=standing.delivered,
            attempts=attempts,
            next_try=int(self.clock()) + wait,
            error=problem,
        )

    def _send(self, hook: Webhook, event: dict[str, Any]) -> str:
        """What went wrong; empty when the event was confirmed."""
        body, headers = signed_request(event, self.secret(hook))
        try:
            status = self.post(hook.url, body, headers)
        except OSError as error:
            return str(error) or type(error).__name__
        return "" if 200 <= status < 300 else f"answered with status {status}"


def _manifests(line: Line, snapshot: int) -> tuple[Manifest, Manifest | None]:
    """Of a snapshot, and of the one before it while that is there."""
    manifest = kept(line, snapshot).manifest
    try:
        return manifest, kept(line, manifest.previous or 0).manifest
    except PublishError:
        return manifest, None


def post_with_requests(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """`Post` over HTTP; redirects are not followed, since the secret's owner is who was named."""
    import requests

    answer = requests.post(
        url,
        data=body,
        headers=dict(headers),
        timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S),
        allow_redirects=False,
        stream=True,
    )
    answer.close()
    return answer.status_code


def _published(line: Line) -> list[int]:
    live = line.live() or 0
    return [number for number in line.numbers() if number <= live]


def _standing(line: Line, known: _Hook | None) -> Standing:
    """A hook that is new hears of what is live; one that was there hears of all of a new line."""
    if known is None:
        return Standing(delivered=(line.live() or 1) - 1)
    return known.lines.get(str(line), Standing(delivered=0))


def _directory(archive: Path) -> Path:
    return archive / STATE / "qa"


def _path(archive: Path, hook: Webhook) -> Path:
    return _directory(archive) / f"{hook.name}.json"


def _read(archive: Path, hook: Webhook) -> _Hook | None:
    try:
        return _Hook.model_validate_json(_path(archive, hook).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _remember_new(archive: Path, hook: Webhook, there: Iterable[Line]) -> None:
    """Note where a new hook begins: whatever is published from now on, it will hear of."""
    if _read(archive, hook) is None:
        begins = {str(line): _standing(line, None) for line in there}
        _replace(_path(archive, hook), _Hook(lines=begins))


def _write(archive: Path, hook: Webhook, line: Line, standing: Standing) -> None:
    known = _read(archive, hook) or _Hook()
    _replace(_path(archive, hook), _Hook(lines={**known.lines, str(line): standing}))


def _replace(path: Path, hook: _Hook) -> None:
    fresh = path.with_name(f".{path.name}.new")
    write_durably(fresh, hook.model_dump_json(indent=1) + "\n")
    fresh.rename(path)
    sync_file(path.parent)


def _record(one: Waiting, snapshot: int, outcome: str, clock: Callable[[], float]) -> None:
    said = {
        "at": int(clock()),
        "hook": one.hook.name,
        "line": str(one.line),
        "snapshot": snapshot,
        "outcome": outcome,
    }
    path = _directory(one.line.archive) / "deliveries.jsonl"
    with path.open("a") as stream:
        stream.write(json.dumps(said) + "\n")
    sync_file(path)


@contextmanager
def _lock(archive: Path) -> Iterator[None]:
    directory = _directory(archive)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / "lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
