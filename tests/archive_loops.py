"""Clients that update and install again and again while snapshots follow each other."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from subprocess import CompletedProcess

from tests.archive_clients import AptClient, DnfClient, Farm, add_package

PACKAGE = "changes"


@dataclass
class Publishing:
    """What a publisher in the background has done so far."""

    versions: list[str] = field(default_factory=list)
    """Of `PACKAGE`, oldest first."""
    failure: BaseException | None = None


@contextmanager
def publishing_without_pause(farm: Farm) -> Iterator[Publishing]:
    """Publish one version of `PACKAGE` after the other until the block ends."""
    done = threading.Event()
    state = Publishing()

    def publish() -> None:
        try:
            for number in itertools.count(1):
                if done.is_set():
                    return
                add_package(farm, PACKAGE, f"2.{number}")
                farm.publish()
                state.versions.append(f"2.{number}")
        except BaseException as error:
            state.failure = error

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield state
    finally:
        done.set()
        thread.join()
    if state.failure is not None:
        raise state.failure


def failed_loops(farm: Farm, loops: int) -> tuple[list[str], int]:
    """Update, install, and remove again, so many times, with apt or dnf, while snapshots follow
    each other.

    :returns: the outputs of what failed, and how many snapshots there were meanwhile.
    """
    add_package(farm, PACKAGE, "2.0")
    farm.publish()
    client, steps = _client(farm)
    failures: list[str] = []
    with publishing_without_pause(farm) as published:
        for _ in range(loops):
            failures += _one_loop(client, steps)
    return failures, len(published.versions)


Steps = list[Callable[[], CompletedProcess[str]]]


def _client(farm: Farm) -> tuple[AptClient | DnfClient, Steps]:
    """A client of the archive, and what it does in a loop: update, install, remove."""
    directory = farm.directory / "looping"
    if farm.family == "deb":
        apt = AptClient(directory, (farm.live / "farm.sources").read_text())
        return apt, [
            lambda: apt.apt_get("update"),
            lambda: apt.apt_get("-o", "APT::Keep-Downloaded-Packages=false", "install", PACKAGE),
            lambda: apt.apt_get("remove", PACKAGE),
        ]
    dnf = DnfClient(directory, (farm.live / "farm.repo").read_text())
    return dnf, [
        lambda: dnf.dnf("makecache", refresh=True),
        lambda: dnf.dnf("install", PACKAGE, refresh=False),
        lambda: dnf.dnf("remove", PACKAGE, refresh=False),
    ]


def _one_loop(client: AptClient | DnfClient, steps: Steps) -> list[str]:
    update, install, remove = steps
    for step in (update, install):
        done = step()
        if done.returncode:
            return [f"{done.args}\n{done.stdout}"]
    if not client.version(PACKAGE).startswith("2."):
        return [f"{PACKAGE} is not installed, but {client.version(PACKAGE)!r}"]
    done = remove()
    return [f"{done.args}\n{done.stdout}"] if done.returncode else []
