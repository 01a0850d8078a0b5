"""The machine that an upgrade is tried on."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from farm.errors import CommandError, FarmError
from farm.model import Family
from repo_publish.content import Placed
from repo_publish.gate.packages import Package

LIVE, FOLLOWING = "live", "following"
"""Names of the repositories: of what is live, and of what is to be published."""
TIMEOUT_S = 600


@dataclass(frozen=True)
class Failure:
    """An upgrade that users would complain of."""

    why: str
    """One line."""
    package: str = ""
    """Whose fault it is, if that is said."""


def what_is_wrong(
    found: Mapping[str, str], newer: Mapping[str, str], stays: Iterable[str]
) -> Failure | None:
    """Whether a machine has what it should have after an upgrade.

    :param found: installed packages and their versions.
    :param stays: packages that have to be there still.
    """
    for name in sorted(stays):
        if name not in found:
            return Failure(f"{name} is gone", name)
    for name, version in sorted(newer.items()):
        if found.get(name) != version:
            return Failure(f"{name} is {found.get(name, 'missing')} instead of {version}", name)
    return None


def logged(log: TextIO, argv: Sequence[str], call: Callable[[], str]) -> str:
    """What a command said, also written to a log with the command.

    :raises CommandError: as `call` does.
    """
    print(f"$ {shlex.join(argv)}", file=log)
    try:
        said = call()
    except CommandError as error:
        print(error.output, file=log)
        raise
    print(said, file=log)
    return said


class LiveBroken(FarmError):
    """What is live cannot be installed on a clean machine: nothing can be said of upgrading it."""

    def __init__(self, failure: Failure):
        self.failure = failure
        super().__init__(f"the live packages cannot be installed: {failure.why}")


class Machine(Protocol):
    """A clean, throw-away root of a distro."""

    def install(self, packages: Sequence[Package]) -> list[Package]:
        """Install these from the live repository, as many as go together; which those are.

        :raises LiveBroken: a package's scripts fail, or its files.
        :raises FarmError: they cannot be fetched.
        """
        ...

    def upgrade(self, newer: Mapping[str, str], may_go: Collection[str]) -> Failure | None:
        """Upgrade installed packages from the other repository, and look what became of them.

        :param newer: package to the version it has to have then.
        :param may_go: packages that may be removed.
        :raises FarmError: what is needed cannot be fetched.
        """
        ...


class Machines(Protocol):
    """Makes machines of one distro, and repositories that they read."""

    @property
    def family(self) -> Family:
        """Of the distro."""
        ...

    def write_repository(self, directory: Path, files: Mapping[Package, Placed]) -> None:
        """Fill an empty directory with a repository of these packages."""
        ...

    def machine(self, repositories: Path) -> AbstractContextManager[Machine]:
        """A new machine, for the time of the block.

        :param repositories: the directory that has `LIVE` and `FOLLOWING`.
        :raises FarmError: it cannot be made.
        """
        ...
