"""What a component's source is now: its files by content, found with as few system calls as can be.

Every file's stat is compared with the one it had when it was read last; only files that differ are
read. Directories tell by their own times whether anything in them is new or gone; only then is
git asked what belongs to the source: tracked files, and new ones that are not ignored.

A stat can be trusted only when the file was old already at the time it was read: a second change
within the clock's step leaves no trace in it (git calls such files racy). Those are read again.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.workspace.errors import WorkspaceError

Signature = list[int]
"""What of a stat tells a file from a later version of itself."""

_UNSETTLED: Signature = [0, 0]
"""Of a directory that changed a moment before it was read: it is read again."""

CLOCK_STEP_NS = 20_000_000
COARSE_CLOCK_STEP_NS = 2_000_000_000
"""On file systems whose times are whole seconds."""

Files = Mapping[str, str]
"""A source: path (with slashes, relative) to identity, which is a letter and a digest or target:
``-`` an ordinary file, ``x`` an executable one, ``l`` a symbolic link."""


@dataclass
class Sweep:
    """One component's source as it was seen, and what makes the next look quick."""

    files: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, Signature] = field(default_factory=dict)
    """Of files; those that are not here are read again."""
    watched: dict[str, Signature] = field(default_factory=dict)
    """Directories, and git's files that decide what is ignored: by path relative to the source."""
    submodules: list[str] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """Whether any later change would show in the stats."""
        return self.files.keys() == self.signatures.keys() and _UNSETTLED not in (
            self.watched.values()
        )

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return dict(vars(self))


def sweep_from_json(kept: Any) -> Sweep | None:
    """What `Sweep.to_json` gave, or None."""
    try:
        return Sweep(**kept)
    except TypeError:
        return None


def digest_of(files: Files) -> str:
    """The identity of a set of files."""
    digest = hashlib.blake2b(digest_size=20)
    for path in sorted(files):
        digest.update(f"{path}\0{files[path]}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def look(source: Path, before: Sweep | None) -> Sweep:
    """What the source in a checkout is now.

    :param before: what an earlier look found; None reads everything.
    :raises WorkspaceError: it is no sound git checkout, or cannot be read.
    """
    root = os.fspath(source)
    began = time.time_ns()
    try:
        if before is None or _watched_changed(root, before.watched):
            paths, submodules = _list(source)
            watched = dict(_watch(root, paths, began))
        else:
            paths, submodules, watched = list(before.files), before.submodules, before.watched
        files, signatures = _read(root, paths, before or Sweep(), began)
    except OSError as error:
        raise WorkspaceError(f"{error.filename or source}: {error.strerror}") from error
    return Sweep(files, signatures, watched, submodules)


def signature(found: os.stat_result) -> Signature:
    """The signature of a file."""
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_mode]


def is_settled(found: os.stat_result, now_ns: int) -> bool:
    """Whether a later change of the file would show in its stat."""
    newest = max(found.st_mtime_ns, found.st_ctime_ns)
    coarse = not (found.st_mtime_ns % 1_000_000_000 or found.st_ctime_ns % 1_000_000_000)
    return newest < now_ns - (COARSE_CLOCK_STEP_NS if coarse else CLOCK_STEP_NS)


def identity(path: str, found: os.stat_result) -> str:
    """The identity of a file on disk; empty for what is neither file nor link."""
    if stat.S_ISLNK(found.st_mode):
        return "l" + os.readlink(path)
    if not stat.S_ISREG(found.st_mode):
        return ""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20))
    return ("x" if found.st_mode & 0o100 else "-") + digest.hexdigest()


def _read(
    root: str, paths: list[str], before: Sweep, now_ns: int
) -> tuple[dict[str, str], dict[str, Signature]]:
    files: dict[str, str] = {}
    signatures: dict[str, Signature] = {}
    known, seen = before.files, before.signatures
    for path in paths:
        place = f"{root}/{path}"
        try:
            found = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            continue
        current = signature(found)
        if seen.get(path) == current:
            files[path] = known[path]
            signatures[path] = current
            continue
        what = identity(place, found)
        if what:
            files[path] = what
            if is_settled(found, now_ns):
                signatures[path] = current
    return files, signatures


def _watched_changed(root: str, watched: Mapping[str, Signature]) -> bool:
    for path, expected in watched.items():
        try:
            found = os.stat(f"{root}/{path}")
        except OSError:
            if expected:
                return True
            continue
        if directory_signature(found) != expected:
            return True
    return not watched


def directory_signature(found: os.stat_result) -> Signature:
    """The signature of a directory, or of one of git's files: whether its content changed."""
    return [found.st_mtime_ns, found.st_ino]


def _list(source: Path) -> tuple[list[str], list[str]]:
    """The paths of tracked and of new, not ignored files; and the submodules among them."""
    argv = ["git", "--no-optional-locks", "ls-files", "-z", "-co", "--exclude-standard", "--", "."]
    try:
        done = subprocess.run(argv, cwd=source, capture_output=True, check=False)
    except FileNotFoundError as error:
        if source.is_dir():
            raise WorkspaceError("git is not installed") from error
        raise WorkspaceError(
            f"{source} does not exist: the component's directory is gone"
        ) from error
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines()
        raise WorkspaceError(f"{source} is no sound git checkout: {why[0] if why else 'unknown'}")
    found = dict.fromkeys(done.stdout.decode("utf-8", "surrogateescape").split("\0"))
    found.pop("", None)
    paths, submodules = [], []
    for path in found:
        place = os.path.join(source, path)
        if os.path.isdir(place) and not os.path.islink(place):
            submodules.append(path.rstrip("/"))
        else:
            paths.append(path)
    return paths, submodules


def _watch(root: str, paths: list[str], now_ns: int) -> Iterator[tuple[str, Signature]]:
    """Everything whose change can add a file to the source, or take one away."""
    inhabited = {""}
    for path in paths:
        directory = path.rpartition("/")[0]
        while directory not in inhabited:
            inhabited.add(directory)
            directory = directory.rpartition("/")[0]
    for directory in (*inhabited, *_others(root, inhabited)):
        # A directory that changed a moment ago may change again unseen: list it again next time.
        found = os.stat(f"{root}/{directory}")
        yield directory, directory_signature(found) if is_settled(found, now_ns) else _UNSETTLED
    for path in _git_files(root):
        try:
            found = os.stat(f"{root}/{path}")
            yield path, directory_signature(found)
        except OSError:
            yield path, []


def _others(root: str, inhabited: set[str]) -> Iterator[str]:
    """Directories without source: a file may appear there, unless git ignores the directory."""
    candidates = []
    for directory in inhabited:
        with os.scandir(f"{root}/{directory}") as entries:
            for entry in entries:
                path = f"{directory}/{entry.name}" if directory else entry.name
                if path not in inhabited and entry.is_dir(follow_symlinks=False):
                    candidates.append(path)
    candidates = [path for path in candidates if path.rpartition("/")[2] != ".git"]
    if not candidates:
        return
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=root,
        input="\0".join(candidates).encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
    )
    ignored = set(asked.stdout.decode("utf-8", "surrogateescape").split("\0"))
    for path in candidates:
        if path not in ignored and not os.path.exists(f"{root}/{path}/.git"):
            for below, _folders, _files in os.walk(f"{root}/{path}"):
                yield os.path.relpath(below, root)


def _git_files(root: str) -> Iterator[str]:
    """git's own files that decide what belongs to the source: index, excludes, ignores above."""
    place = ""
    while True:
        here = f"{root}/{place}"
        if os.path.lexists(f"{here}.git"):
            git = f"{here}.git"
            if os.path.isdir(git):
                yield f"{place}.git/index"
                yield f"{place}.git/info/exclude"
            return
        if os.path.realpath(here) == "/":
            return
        place += "../"
        yield f"{place}.gitignore"
