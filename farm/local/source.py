"""What of a checkout is built: its files as they are now, and a version that says so."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from farm.git_process import run_git
from farm.model import Component
from farm.packaging.skeleton import history
from farm.style.project import GIT_TIMEOUT_S, is_in_git


@dataclass(frozen=True)
class Source:
    """A copy of a component's files, and what it is called."""

    commit: str
    """What the checkout stands on."""
    upstream_version: str
    timestamp: int
    changes: tuple[str, ...]
    dirty: bool
    """There are changes that no commit has."""
    digest: str
    """Of the files: names, contents and executable bits; 64 hexadecimal digits."""


def local_version(version: str, changed: int) -> str:
    """The version of uncommitted changes to a commit: above the commit's, and unmistakable.

    :param changed: when the youngest of the changed files was written, in seconds since 1970.
    """
    moment = datetime.fromtimestamp(changed, UTC).strftime("%Y%m%d%H%M%S")
    return f"{version}+local{moment}"


def take_source(directory: Path, component: Component, into: Path) -> Source:
    """Copy a checkout's files: those that git has or would take, as they are now.

    Every file gets one time, as in a checkout of the farm.

    :param into: a directory that does not exist.
    :raises FarmError: the checkout cannot be read.
    """
    version, commit, when, changes = history(directory, component)
    paths, changed = (_files(directory), _changed(directory)) if commit else (None, [])
    if commit and is_in_git(directory) and changed:
        youngest = max((_written(directory / path) for path in changed), default=0) or when
        when = max(when, youngest)
        version = local_version(version, when)
        changes = (f"Uncommitted changes to {commit[:12]}.", *changes)
    into.mkdir(parents=True)
    if paths is None:
        shutil.copytree(directory, into, symlinks=True, dirs_exist_ok=True)
    for path in paths or ():
        _copy(directory / path, into / path)
    for copied in (into, *into.rglob("*")):
        os.utime(copied, (when, when), follow_symlinks=False)
    return Source(commit, version, when, changes, bool(changed), tree_digest(into))


def tree_digest(tree: Path) -> str:
    """Digest of a tree's names, contents, links and executable bits."""
    digest = hashlib.sha256()
    for path in sorted(tree.rglob("*")):
        if path.is_symlink():
            kind, content = "link", str(path.readlink()).encode()
        elif path.is_file():
            kind = "script" if path.stat().st_mode & 0o100 else "file"
            content = hashlib.sha256(path.read_bytes()).digest()
        else:
            continue
        name = path.relative_to(tree).as_posix()
        digest.update(f"{kind} {len(name)} {name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _files(directory: Path) -> list[str]:
    """Paths of all files that git has or would take, below the directory."""
    options = ("--cached", "--others", "--exclude-standard", "--deduplicate", "-z")
    listed = run_git(["-C", str(directory), "ls-files", *options], GIT_TIMEOUT_S)
    return [path for path in listed.split("\0") if path]


def _changed(directory: Path) -> list[str]:
    """Paths below the directory that differ from the commit, new ones included."""
    options = ("--porcelain", "--untracked-files=all", "--no-renames", "-z")
    printed = run_git(["-C", str(directory), "status", *options, "--", "."], GIT_TIMEOUT_S)
    prefix = run_git(["-C", str(directory), "rev-parse", "--show-prefix"], GIT_TIMEOUT_S).strip()
    return [entry[3:].removeprefix(prefix) for entry in printed.split("\0") if entry]


def _written(file: Path) -> int:
    try:
        return int(file.lstat().st_mtime)
    except FileNotFoundError:  # deleted
        return 0


def _copy(source: Path, target: Path) -> None:
    if source.is_symlink() or source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
