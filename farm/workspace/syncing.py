"""Bringing checkouts up to date without touching anybody's work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from farm.errors import FarmError
from farm.git import redacted
from farm.workspace.checkouts import Checkout
from farm.workspace.cloning import PARALLEL_CLONES
from farm.workspace.developer_git import DeveloperGit, GitFailed
from farm.workspace.git_files import read_refs
from farm.workspace.processes import Processes, in_parallel
from farm.workspace.standing import checkout_state, decide

_FETCH = (
    "fetch",
    "--quiet",
    "--prune",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
    "origin",
)
"""Fetching nothing is most of a sync: no process for housekeeping, no file for a merge."""


class Change(StrEnum):
    """What became of one checkout."""

    CURRENT = "up to date"
    FORWARDED = "fast-forwarded"
    LEFT = "left alone"
    FAILED = "failed"


@dataclass(frozen=True)
class Synced:
    """The result for one checkout."""

    checkout: Checkout
    change: Change
    detail: str = ""


def sync_all(
    checkouts: Iterable[Checkout], git: DeveloperGit, processes: Processes
) -> Iterator[Synced]:
    """Fetch every checkout and fast-forward those that are clean, several at once."""

    def sync(checkout: Checkout) -> Synced:
        try:
            return sync_one(checkout, git)
        except FarmError as error:
            if processes.stopping:
                raise
            return Synced(checkout, Change.FAILED, str(error))

    for _checkout, result in in_parallel(processes, PARALLEL_CLONES, checkouts, sync):
        yield result


def sync_one(checkout: Checkout, git: DeveloperGit) -> Synced:
    """Fetch one checkout, and fast-forward it when nothing of the developer's is in the way.

    :raises GitFailed: the checkout is damaged.
    """
    before = read_refs(checkout.path)
    origin = before.origin if before else _origin(checkout, git)
    if not origin:
        return Synced(
            checkout,
            Change.FAILED,
            f"it has no remote 'origin': `git remote add origin {redacted(checkout.git)}`",
        )
    if not _same(origin, checkout.git):
        return Synced(
            checkout,
            Change.LEFT,
            f"its origin is {redacted(origin)}, and the components file says "
            f"{redacted(checkout.git)}: `git remote set-url origin {redacted(checkout.git)}`",
        )
    try:
        git.do(*_FETCH, cwd=checkout.path)
    except GitFailed as error:
        return Synced(checkout, Change.FAILED, f"{redacted(origin)}: {error}")
    after = read_refs(checkout.path)
    if after and after.upstream and after.commit == after.upstream:
        return Synced(checkout, Change.CURRENT, _other_branch(checkout, after.branch))
    state = checkout_state(git, checkout.path)
    advance = decide(state)
    if advance.left:
        return Synced(checkout, Change.LEFT, advance.left)
    if not advance.forward:
        ahead = f"{state.ahead} ahead of {state.upstream}" if state.ahead else ""
        return Synced(checkout, Change.CURRENT, ahead)
    try:
        git.do("merge", "--ff-only", "--quiet", cwd=checkout.path)
    except GitFailed as error:
        return Synced(checkout, Change.LEFT, str(error))
    commits = "1 commit" if state.behind == 1 else f"{state.behind} commits"
    return Synced(checkout, Change.FORWARDED, f"{state.branch}: {commits}")


def _origin(checkout: Checkout, git: DeveloperGit) -> str:
    found = git.attempt("remote", "get-url", "origin", cwd=checkout.path)
    if found.status and "No such remote" not in found.errors:
        raise GitFailed(
            f"{checkout.path} is not a complete checkout; move it away, then `farm clone` again"
        )
    return found.output.strip()


def _same(one: str, other: str) -> bool:
    def plain(url: str) -> str:
        return url.removeprefix("file://").rstrip("/").removesuffix(".git")

    return plain(one) == plain(other)


def _other_branch(checkout: Checkout, branch: str) -> str:
    wanted = checkout.branch
    return f"on {branch}; the components file says {wanted}" if wanted not in ("", branch) else ""
