"""What a component's directory holds, read once: the facts that the checks judge."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from debian.debian_support import NativeVersion

from farm.errors import CommandError, FarmError
from farm.git import without_credentials
from farm.git_process import run_git
from farm.packaging.details import is_licence
from farm.tags import tag_version

GIT_TIMEOUT_S = 60.0
MAX_TEXT_BYTES = 1 << 20
"""Of a document that is read; what is longer is no document."""
NOTICE_FILES = 5
NOTICE_CHARACTERS = 4000
"""How many source files, and how much of each, are read for notices of their licence."""

_README = re.compile(r"README(?:\.[a-z]+)?$", re.IGNORECASE)
_CONTRIBUTING = re.compile(r"(?:(?:\.github|docs?)/)?(?:CONTRIBUTING|HACKING)(?:\.[a-z]+)?$", re.I)
_CHANGELOG = re.compile(
    r"(?:CHANGELOG|CHANGES|NEWS|HISTORY|RELEASES?|RELEASE[-_]NOTES)(?:\.[a-z]+)?$", re.IGNORECASE
)
_SOURCE = re.compile(r"\.(?:c|cc|cpp|h|hpp|py|rs|go|ml|sh|pl|js)$")


@dataclass(frozen=True)
class Project:
    """A component's directory, as its checks see it."""

    name: str
    files: tuple[str, ...] = ()
    """Paths of the files that git has (of all files where there is no git), sorted."""
    in_git: bool = True
    texts: Mapping[str, str] = field(default_factory=dict)
    """Documents and .gitignore: path to text."""
    notices: tuple[str, ...] = ()
    """Heads of some source files."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    executables: frozenset[str] = frozenset()
    submodules: tuple[str, ...] = ()
    origin: str = ""
    """Where it is cloned from, without credentials."""
    version: str = ""
    """Of the newest version tag in its history."""

    @property
    def readme(self) -> str:
        """Path of the README, empty without one."""
        return _first(self.texts, _README)

    @property
    def contributing(self) -> str:
        """Path of the file that says how to contribute, empty without one."""
        return _first(self.texts, _CONTRIBUTING)

    @property
    def changelog(self) -> str:
        """Path of the changelog, empty without one."""
        return _first(self.texts, _CHANGELOG)

    @property
    def licences(self) -> dict[str, str]:
        """Licence files: path to text."""
        return {path: text for path, text in self.texts.items() if _is_licence(path)}


def read_project(directory: Path, name: str) -> Project:
    """Read a component's directory.

    :raises FarmError: it cannot be read.
    """
    in_git = is_in_git(directory)
    files, submodules = _tracked(directory) if in_git else (_walked(directory), ())
    present = [path for path in files if (directory / path).is_file()]
    plain = [path for path in present if not (directory / path).is_symlink()]
    sources = [path for path in plain if _SOURCE.search(path)][:NOTICE_FILES]
    return Project(
        name=name,
        files=tuple(files),
        in_git=in_git,
        texts={path: _text(directory / path) for path in present if _is_document(path)},
        notices=tuple(_text(directory / path)[:NOTICE_CHARACTERS] for path in sources),
        sizes={path: (directory / path).stat().st_size for path in plain},
        executables=frozenset(p for p in present if os.access(directory / p, os.X_OK)),
        submodules=submodules,
        origin=without_credentials(_git(directory, "remote", "get-url", "origin").strip()),
        version=newest_version(_git(directory, "tag", "--merged", "HEAD").splitlines(), name),
    )


def is_in_git(directory: Path) -> bool:
    """Whether the directory belongs to a git repository."""
    return _git(directory, "rev-parse", "--is-inside-work-tree") == "true\n"


def newest_version(tags: Iterable[str], name: str) -> str:
    """The highest version that the tags name, empty without one."""
    names = {name, name.removeprefix("lib")}
    found = [version for tag in tags if (version := tag_version(tag, names))]
    return max(found, key=NativeVersion, default="")


def _tracked(directory: Path) -> tuple[list[str], tuple[str, ...]]:
    """Paths that git has below the directory, and submodules among them."""
    listed = run_git(["-C", str(directory), "ls-files", "--stage", "-z"], GIT_TIMEOUT_S)
    entries = [entry.partition("\t") for entry in listed.split("\0") if entry]
    links = tuple(path for stage, _, path in entries if stage.startswith("160000 "))
    return sorted({path for _, _, path in entries} - set(links)), links


def _walked(directory: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(directory):
        folders[:] = [one for one in folders if one not in (".git", ".hg", ".svn")]
        found += [Path(folder, name).relative_to(directory).as_posix() for name in names]
    return sorted(found)


def _git(directory: Path, *arguments: str) -> str:
    """What git prints; nothing where there is no repository, or no such thing in it."""
    if not directory.is_dir():
        raise FarmError(f"{directory}: no such directory")
    try:
        return run_git(["-C", str(directory), *arguments], GIT_TIMEOUT_S)
    except CommandError:
        return ""


def _is_document(path: str) -> bool:
    documents = (_README, _CONTRIBUTING, _CHANGELOG)
    return path == ".gitignore" or _is_licence(path) or any(d.match(path) for d in documents)


def _is_licence(path: str) -> bool:
    return is_licence(path) or re.match(r"LICENSES/[^/]+\.txt$", path) is not None


def _text(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(MAX_TEXT_BYTES).decode(errors="replace")


def _first(texts: Mapping[str, str], pattern: re.Pattern[str]) -> str:
    return next((path for path in texts if pattern.match(path)), "")
