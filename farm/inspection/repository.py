"""Fetching as much of a repository as a survey of it needs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from farm.errors import CommandError, FarmError
from farm.git import RepositoryUnavailable, redacted
from farm.git_process import GitTimeout, run_git
from farm.style.project import newest_version

CLONE_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Checkout:
    """The newest commit of a repository, on this machine for a while."""

    path: Path
    version: str
    """The newest version that a tag of the repository names, empty without one."""


@contextmanager
def fetched(url: str, branch: str | None, name: str) -> Iterator[Checkout]:
    """Clone the newest commit of a branch (default: the repository's own), for a while.

    :param url: has been validated (`farm.model.names.GitUrl`).
    :param name: the component's; tags may begin with it.
    :raises RepositoryUnavailable: it cannot be read.
    :raises FarmError: there is nothing in it.
    """
    # git takes a plain path for itself and then clones all of it.
    asked = f"file://{url}" if url.startswith("/") else url
    with tempfile.TemporaryDirectory(prefix="farm-component-") as scratch:
        tree = Path(scratch, "tree")
        options = ["--quiet", "--depth=1", "--no-tags", "--single-branch", "--template="]
        chosen = [f"--branch={branch}"] if branch else []
        _git(url, "clone", *options, *chosen, "--", asked, str(tree))
        if not any(path.name != ".git" for path in tree.iterdir()):
            raise FarmError(f"the repository {redacted(url)} is empty: commit something first")
        listed = _git(url, "ls-remote", "--tags", "--refs", "--", asked)
        tags = [line.rpartition("refs/tags/")[2] for line in listed.splitlines()]
        yield Checkout(tree, newest_version(tags, name))


def below(checkout: Checkout, url: str, directory: str) -> Path:
    """The component's directory in a checkout.

    :raises FarmError: there is none.
    """
    tree = checkout.path / directory
    if not tree.is_dir() or not tree.resolve().is_relative_to(checkout.path.resolve()):
        raise FarmError(f"the repository {redacted(url)} has no directory {directory}")
    return tree


def _git(url: str, *arguments: str) -> str:
    try:
        return run_git(arguments, CLONE_TIMEOUT_S)
    except CommandError as error:
        telling = [line for line in error.output.splitlines() if ": " in line]
        reason = telling[0].partition(": ")[2] if telling else "git gave no reason"
        raise RepositoryUnavailable(url, reason.replace(url, redacted(url))) from error
    except GitTimeout as error:
        raise RepositoryUnavailable(url, f"no end after {CLONE_TIMEOUT_S:.0f} s") from error
