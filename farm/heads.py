"""What the newest commit of a component is, and which version it gets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from debian.debian_support import NativeVersion

from farm.errors import CommandError, FarmError
from farm.git import Mirror
from farm.model import Component
from farm.tags import is_named, tag_version
from farm.version import Described, next_version

MAX_CHANGES = 20
"""Lines of a changelog entry; the rest is counted in one more line."""
MAX_SUBJECT = 200

_UNTAGGED = "0"


@dataclass(frozen=True)
class Head:
    """The newest commit of a branch that concerns a component."""

    component: str
    branch: str
    commit: str
    """The last commit that touches the component's directory."""
    tree: str
    """Id of the directory's git tree: what is built."""
    upstream_version: str
    timestamp: int
    """Seconds since 1970 of the commit."""
    subject: str
    author: str


def read_head(
    mirror: Mirror, component: Component, branch: str | None, previous: Head | None
) -> Head:
    """The head of a component on a branch (default: the repository's), as the mirror has it.

    :param previous: the head that the same line had before; versions go up from it.
    :raises MissingBranch: there is no such branch.
    :raises MissingDirectory: the branch does not have the component's directory.
    """
    name, tip = mirror.head(branch)
    return head_at(mirror, component, name, tip, previous)


def head_at(
    mirror: Mirror, component: Component, branch: str, tip: str, previous: Head | None
) -> Head:
    """The head of a component at a commit that the mirror has.

    :param branch: what to call where the commit was found.
    :param previous: as for `read_head`.
    :raises MissingDirectory: the commit does not have the component's directory.
    """
    tree = mirror.tree(tip, component.directory)
    commit = tip
    if component.directory != ".":
        commit = mirror.query("rev-list", "-1", tip, "--", component.directory).strip()
    timestamp, author, subject = mirror.query(
        "show", "--no-patch", "--format=%ct%x00%an <%ae>%x00%s", commit
    ).split("\0")
    return Head(
        component=component.name,
        branch=branch,
        commit=commit,
        tree=tree,
        upstream_version=next_version(previous, describe(mirror, component, tip, commit)),
        timestamp=int(timestamp),
        subject=_one_line(subject),
        author=_one_line(author),
    )


def find_head(mirror: Mirror, component: Component, at: str, previous: Head | None) -> Head:
    """Fetch a repository and read the head of a component at a branch or commit.

    :param at: a branch, or a commit that some branch or tag leads to, of at least seven digits.
    :raises MissingBranch: there is no such thing.
    """
    mirror.update()
    branch, tip = mirror.find(at)
    return head_at(mirror, component, branch, tip, previous)


@dataclass(frozen=True)
class Followed:
    """A component on a channel, and where its newest commit is to be looked for."""

    channel: str
    component: Component
    branches: tuple[str | None, ...]
    """The first that there is counts; None is the repository's default branch."""
    previous: Head | None
    """The head that the channel has."""
    optional: bool = False
    """The channel has another head for it where none of the branches exists."""


def read_heads(mirror: Mirror, followed: Iterable[Followed]) -> tuple[list[tuple[str, Head]], str]:
    """Fetch a repository and read the newest commits of what lives in it.

    :returns: channel and head of all that could be read; and what was wrong, a line each.
    """
    heads: list[tuple[str, Head]] = []
    problems = []
    try:
        mirror.update()
        there = mirror.branches()
    except FarmError as error:
        return [], str(error)
    for one in followed:
        found = [branch for branch in one.branches if branch is None or branch in there]
        if one.optional and not found:
            continue
        branch = (found or one.branches)[0]
        try:
            heads.append((one.channel, read_head(mirror, one.component, branch, one.previous)))
        except FarmError as error:
            problems.append(str(error))
    return heads, "\n".join(problems)


def describe(mirror: Mirror, component: Component, tip: str, commit: str) -> Described:
    """Where `commit` stands behind the nearest tag that is a version of the component.

    For a component in a directory, commits that touch the directory are counted. When the
    repository tags that component by its own name, only those tags count, also those on later
    commits that leave the directory alone.
    """
    below = () if component.directory == "." else ("--", component.directory)
    tags = _version_tags(mirror, component, tip)
    named = {t: v for t, v in tags.items() if below and is_named(t, _names(component))}
    tag = _nearest(mirror, named, tip) if named else _nearest(mirror, tags, commit)
    if tag is None:
        count = int(mirror.query("rev-list", "--count", commit, *below))
        return Described(component.version or _UNTAGGED, count, commit)
    at = mirror.query("rev-parse", "--verify", f"refs/tags/{tag}^{{commit}}").strip()
    there = mirror.query("tag", "--points-at", at).splitlines()
    versions = [(named or tags)[t] for t in there if t in (named or tags)]
    count = int(mirror.query("rev-list", "--count", f"{at}..{commit}", *below))
    return Described(max(versions, key=NativeVersion), count, commit)


def changes_since(
    mirror: Mirror, component: Component, old_commit: str | None, new_commit: str
) -> tuple[str, ...]:
    """Subjects of the commits since the old one that touch the component, newest first.

    At most `MAX_CHANGES`, then a line that counts the rest. Never empty: the new commit's own
    subject stands for an unknown, rewritten or equal past.
    """
    below = () if component.directory == "." else ("--", component.directory)
    if old_commit and old_commit != new_commit and mirror.has(old_commit):
        span = (f"{old_commit}..{new_commit}", *below)
        log = mirror.query("log", "--no-merges", f"-{MAX_CHANGES}", "-z", "--format=%s", *span)
        if subjects := tuple(_one_line(s) for s in log.split("\0") if s.strip()):
            total = int(mirror.query("rev-list", "--count", "--no-merges", *span))
            rest = total - len(subjects)
            return (*subjects, f"… and {rest} more") if rest > 0 else subjects
    return (_one_line(mirror.query("show", "--no-patch", "--format=%s", new_commit)),)


def _names(component: Component) -> set[str]:
    """Names that prefix the component's own tags."""
    names = {component.name}
    if component.directory == ".":
        names.add(component.name.removeprefix("lib"))
    else:
        names |= {component.directory, component.directory.rsplit("/", 1)[-1]}
    return names


def _version_tags(mirror: Mirror, component: Component, tip: str) -> dict[str, str]:
    """The tags in the history of `tip` that name a version, and the version."""
    repository = re.split(r"[/:]", component.git.rstrip("/"))[-1].removesuffix(".git")
    names = {*_names(component), *({repository} - {""})}
    tags = mirror.query("tag", "--list", "--merged", tip).splitlines()
    found = ((tag, tag_version(tag, names)) for tag in tags)
    return {tag: version for tag, version in found if version}


def _nearest(mirror: Mirror, tags: dict[str, str], commit: str) -> str | None:
    if not tags:
        return None
    match = [f"--match={tag}" for tag in tags]
    try:
        return mirror.query("describe", "--tags", "--abbrev=0", *match, commit).strip()
    except CommandError:  # none of them is in the history of this commit
        return None


def _one_line(text: str) -> str:
    plain = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())
    return plain if len(plain) <= MAX_SUBJECT else plain[: MAX_SUBJECT - 1] + "…"
