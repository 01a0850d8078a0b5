"""What a checkout's git says without a process: HEAD, branches and remotes from git's own files.

Starting git costs milliseconds, and a workspace has hundreds of checkouts. Whatever is not in its
usual place here (a worktree, another ref format) is answered with None, and git is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SECTION = re.compile(r'\[(?P<kind>[A-Za-z0-9.-]+)(?:\s+"(?P<name>(?:[^"\\]|\\.)*)")?\]')


@dataclass(frozen=True)
class Refs:
    """Where a checkout stands."""

    branch: str
    """The branch that is checked out; empty when none is (a detached HEAD)."""
    commit: str
    upstream: str
    """The commit of the branch's upstream as last fetched; empty without one."""
    origin: str
    """The URL of the remote called origin; empty without one."""


def read_refs(checkout: Path) -> Refs | None:
    """Read a checkout; None when it is not as this module knows them."""
    git = checkout / ".git"
    try:
        head = (git / "HEAD").read_text().strip()
        config = _config((git / "config").read_text())
        if "extensions.refstorage" in config or "include.path" in config:
            return None
        origin = config.get("remote.origin.url", "")
        if not head.startswith("ref: refs/heads/"):
            return Refs("", head, "", origin) if _OBJECT.fullmatch(head) else None
        branch = head.removeprefix("ref: refs/heads/")
        commit = _ref(git, f"refs/heads/{branch}")
        if not commit:
            return None
        remote = config.get(f"branch.{branch}.remote", "")
        merge = config.get(f"branch.{branch}.merge", "").removeprefix("refs/heads/")
        upstream = _ref(git, f"refs/remotes/{remote}/{merge}") if remote and merge else ""
        return Refs(branch, commit, upstream, origin)
    except (OSError, UnicodeDecodeError):
        return None


def _ref(git: Path, name: str) -> str:
    try:
        value = (git / name).read_text().strip()
        return value if _OBJECT.fullmatch(value) else ""
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        pass
    try:
        packed = (git / "packed-refs").read_text()
    except FileNotFoundError:
        return ""
    found = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", packed, re.MULTILINE)
    return found[1] if found else ""


def _config(text: str) -> dict[str, str]:
    """The simple values of a git configuration file, by dotted lower-case key."""
    values: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if match := _SECTION.match(stripped):
            name = re.sub(r"\\(.)", r"\1", match["name"] or "")
            section = match["kind"].lower() + (f".{name}" if name else "")
        elif "=" in stripped and not stripped.startswith(("#", ";")):
            key, _, value = stripped.partition("=")
            values[f"{section}.{key.strip().lower()}"] = value.strip().strip('"')
    return values
