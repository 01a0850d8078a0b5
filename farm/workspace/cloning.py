"""Cloning repositories into a workspace, from a mirror where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from farm.errors import FarmError
from farm.git import mirror_path, redacted
from farm.workspace.checkouts import Checkout
from farm.workspace.developer_git import DeveloperGit, GitFailed
from farm.workspace.layout import Layout
from farm.workspace.processes import Processes, in_parallel

PARALLEL_CLONES = 8
"""Connections at a time: more are refused by some hosts, and none is faster for it."""


class Outcome(StrEnum):
    """What became of one checkout."""

    CLONED = "cloned"
    THERE = "already there"
    FAILED = "failed"


@dataclass(frozen=True)
class Cloned:
    """The result for one checkout."""

    checkout: Checkout
    outcome: Outcome
    detail: str = ""


def clone_all(
    layout: Layout,
    checkouts: Iterable[Checkout],
    git: DeveloperGit,
    processes: Processes,
    *,
    mirror: Path | None,
    offline: bool,
) -> Iterator[Cloned]:
    """Clone what is missing, several at once; what exists is not touched.

    A checkout appears complete or not at all.
    """
    wanted = list(dict.fromkeys(checkouts))
    for checkout in wanted:
        if checkout.exists:
            yield _existing(checkout)
    missing = [checkout for checkout in wanted if not checkout.exists]
    if not missing:
        return
    layout.scratch.mkdir(parents=True, exist_ok=True)

    def clone(checkout: Checkout) -> Cloned:
        temporary = layout.scratch / f"clone-{checkout.name}"
        try:
            detail = _clone(checkout, temporary, git, mirror, offline=offline)
        except GitFailed as error:
            return Cloned(checkout, Outcome.FAILED, _explained(checkout, str(error)))
        except (FarmError, OSError) as error:
            if processes.stopping:
                raise
            return Cloned(checkout, Outcome.FAILED, str(error))
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return Cloned(checkout, Outcome.CLONED, detail)

    for _checkout, result in in_parallel(processes, PARALLEL_CLONES, missing, clone):
        yield result


def ready_mirror(mirror: Path | None, url: str) -> Path | None:
    """The mirror of a repository, when there is a complete one."""
    if mirror is None:
        return None
    path = mirror_path(mirror, url)
    return path if (path / "farm-ready").exists() else None


def needs_network(checkout: Checkout, mirror: Path | None) -> bool:
    """Whether the checkout cannot be made without the network."""
    local = checkout.git.startswith(("/", "file://"))
    return not checkout.exists and not local and ready_mirror(mirror, checkout.git) is None


def _existing(checkout: Checkout) -> Cloned:
    if not (checkout.path / ".git").exists():
        return Cloned(
            checkout,
            Outcome.FAILED,
            f"{checkout.path} is there and is no git checkout; move it away, then clone again",
        )
    return Cloned(checkout, Outcome.THERE)


def _clone(
    checkout: Checkout, temporary: Path, git: DeveloperGit, mirror: Path | None, *, offline: bool
) -> str:
    branch = ("--branch", checkout.branch) if checkout.branch else ()
    local = ready_mirror(mirror, checkout.git)
    if local is None:
        git.do("clone", "--quiet", *branch, "--", checkout.git, str(temporary))
        detail = ""
    else:
        git.do("clone", "--quiet", *branch, "--", str(local), str(temporary))
        git.do("remote", "set-url", "origin", checkout.git, cwd=temporary)
        detail = "from the mirror"
        if not offline:
            detail = _newest(git, temporary, detail)
    # Whoever made the directory meanwhile keeps it: rename replaces only an empty one.
    temporary.rename(checkout.path)
    return detail


def _newest(git: DeveloperGit, repository: Path, detail: str) -> str:
    """Fetch what the mirror does not have yet; a mirror that is newest is good enough."""
    try:
        git.do("fetch", "--quiet", "origin", cwd=repository)
        git.do("merge", "--ff-only", "--quiet", cwd=repository)
    except GitFailed as error:
        return f"{detail}, which may be behind: {error}"
    return detail


def _explained(checkout: Checkout, why: str) -> str:
    if checkout.branch and "Remote branch" in why:
        return f"{redacted(checkout.git)} has no branch '{checkout.branch}'"
    return f"{redacted(checkout.git)}: {why}"
