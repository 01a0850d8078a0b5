"""How a checkout stands to its branch and remote: facts from git, and what `sync` may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from farm.workspace.developer_git import DeveloperGit

_COUNTS = re.compile(r"\+(\d+) -(\d+)")
_UNFINISHED = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}
"""What lies in .git while something is not finished."""


@dataclass(frozen=True)
class CheckoutState:
    """What git says of a checkout."""

    branch: str
    """Empty when HEAD is detached."""
    commit: str
    """Empty while there is no commit."""
    upstream: str
    """``origin/main``; empty without one."""
    gone: bool = False
    """The upstream branch does not exist (any more)."""
    ahead: int = 0
    behind: int = 0
    modified: int = 0
    """Tracked files that differ from the last commit."""
    untracked: int = 0
    unfinished: str = ""
    """``a rebase``, when one is in progress."""

    @property
    def summary(self) -> str:
        """The state in a few words: ``main, 2 ahead, 1 modified``."""
        facts = [self.branch or f"detached at {self.commit[:8]}"]
        facts += [f"{count} {word}" for count, word in self._counts() if count]
        if self.gone:
            facts.append(f"{self.upstream} is gone")
        if self.unfinished:
            facts.append(f"{self.unfinished} in progress")
        return ", ".join(facts)

    def _counts(self) -> tuple[tuple[int, str], ...]:
        return (
            (self.ahead, "ahead"),
            (self.behind, "behind"),
            (self.modified, "modified"),
            (self.untracked, "untracked"),
        )


@dataclass(frozen=True)
class Advance:
    """What `sync` does with a checkout after fetching."""

    forward: bool
    """Fast-forward it."""
    left: str = ""
    """Why it is left as it is; empty when there is nothing to bring in."""


def decide(state: CheckoutState) -> Advance:
    """Fast-forward a clean branch that is only behind; everything else is the developer's work."""
    if state.unfinished:
        return Advance(False, f"{state.unfinished} is in progress")
    if not state.branch:
        return Advance(False, f"HEAD is detached at {state.commit[:8]}: `git switch BRANCH`")
    if state.gone:
        return Advance(False, f"{state.upstream} does not exist any more")
    if not state.upstream:
        return Advance(False, f"branch {state.branch} has no upstream")
    if state.behind and state.ahead:
        return Advance(
            False,
            f"{state.branch} and {state.upstream} have diverged ({state.ahead} and {state.behind} "
            "commits): `git rebase` or `git merge`",
        )
    if state.behind and state.modified:
        return Advance(
            False,
            f"{_files(state.modified)} modified; {state.behind} behind {state.upstream}",
        )
    return Advance(bool(state.behind))


def _files(count: int) -> str:
    return f"{count} file is" if count == 1 else f"{count} files are"


def checkout_state(git: DeveloperGit, checkout: Path) -> CheckoutState:
    """Ask git how a checkout stands.

    :raises GitFailed: it is no sound checkout.
    """
    printed = git.read(
        "status", "--porcelain=v2", "--branch", "--untracked-files=normal", cwd=checkout
    )
    return parse_status(printed, _unfinished(checkout))


def parse_status(printed: str, unfinished: str = "") -> CheckoutState:
    """Read the output of ``git status --porcelain=v2 --branch``."""
    head: dict[str, str] = {}
    modified = untracked = 0
    for line in printed.splitlines():
        if line.startswith("# "):
            key, _, value = line[2:].partition(" ")
            head[key] = value
        elif line.startswith("?"):
            untracked += 1
        elif line[:1] in ("1", "2", "u"):
            modified += 1
    counts = _COUNTS.match(head.get("branch.ab", ""))
    branch, commit = head.get("branch.head", ""), head.get("branch.oid", "")
    return CheckoutState(
        branch="" if branch == "(detached)" else branch,
        commit="" if commit == "(initial)" else commit,
        upstream=head.get("branch.upstream", ""),
        gone="branch.upstream" in head and counts is None and commit != "(initial)",
        ahead=int(counts[1]) if counts else 0,
        behind=int(counts[2]) if counts else 0,
        modified=modified,
        untracked=untracked,
        unfinished=unfinished,
    )


def _unfinished(checkout: Path) -> str:
    git = checkout / ".git"
    return next((what for name, what in _UNFINISHED.items() if (git / name).exists()), "")
