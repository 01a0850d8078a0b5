"""What git says of a commit, for the question where it is. Runs in threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from farm.errors import CommandError
from farm.git import Mirror
from farm.model import Component


@dataclass(frozen=True)
class Containing:
    """A head that has the commit."""

    commits: frozenset[str]
    """The commit itself, and all that have it, up to the head."""
    merged_at: float
    """When the commit was made that brought it there (seconds since 1970)."""


@dataclass(frozen=True)
class CommitFacts:
    """What git says of a commit."""

    commit: str
    subject: str
    author: str
    committed_at: float
    components: tuple[str, ...]
    """Those whose directories it changes."""
    heads: Mapping[str, Containing]
    """Those of the heads asked for that have it."""


def find_commit(mirror: Mirror, sha: str) -> str:
    """The whole id of a commit; empty where the mirror does not have it, or has several."""
    try:
        return mirror.query("rev-parse", "--verify", "--quiet", f"{sha}^{{commit}}").strip()
    except CommandError:
        return ""


def commit_facts(
    mirror: Mirror, commit: str, components: Iterable[Component], heads: Iterable[str]
) -> CommitFacts:
    """What git says of a commit.

    :param components: those of the repository.
    :param heads: commits that may have it.
    """
    shown = mirror.query("show", "--no-patch", "--format=%ct%x00%an%x00%s", commit)
    moment, author, subject = shown.strip().split("\0")
    known = {head for head in heads if find_commit(mirror, head)}
    found = {head: _containing(mirror, commit, float(moment), head) for head in known}
    return CommitFacts(
        commit=commit,
        subject=subject,
        author=author,
        committed_at=float(moment),
        components=tuple(one.name for one in components if _changes(mirror, commit, one)),
        heads={head: one for head, one in found.items() if one is not None},
    )


def _changes(mirror: Mirror, commit: str, component: Component) -> bool:
    if component.directory == ".":
        return True
    last = mirror.query("rev-list", "-1", commit, "--", component.directory).strip()
    return last == commit


def _containing(mirror: Mirror, commit: str, committed_at: float, head: str) -> Containing | None:
    if head == commit:
        return Containing(frozenset([commit]), committed_at)
    span = f"{commit}..{head}"
    having = set(mirror.query("rev-list", "--ancestry-path", span).split())
    if head not in having:
        return None
    # The first parents are the branch itself: the oldest of them that has the commit brought it.
    main = mirror.query("rev-list", "--first-parent", "--parents", span).splitlines()
    brought = [line.split() for line in main if line.split()[0] in having]
    merged_at = committed_at
    if brought and brought[-1][1:2] != [commit]:
        merged_at = float(mirror.query("show", "--no-patch", "--format=%ct", brought[-1][0]))
    return Containing(frozenset({commit, *having}), merged_at)
