"""What kinds of commits a C library's history is made of, judged by the files that they change.

    python bench/commit_kinds.py [--since DATE] REPOSITORY...

Prints the number of commits of each kind as JSON; `bench/data/commit-kinds.json` holds those of the
demo stack's components, from clones of their public repositories. Merges are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class Kind(IntEnum):
    """What a commit changes; the strongest kind of its files is that of the commit."""

    NOT_BUILT = 1
    """Continuous integration, other platforms and build systems, what git ignores."""
    DOCUMENTATION = 2
    """Texts for people: README, changelog, licence, manual pages, web pages."""
    TESTS = 3
    """Tests and examples: built, perhaps, and not installed."""
    TRANSLATION = 4
    COMMENT = 5
    """Comments or layout of source files."""
    HEADER_COMMENT = 6
    """The same of headers that are installed."""
    BUILD_FILES = 7
    """Makefiles and configure scripts."""
    CODE = 8
    HEADER = 9
    """What an installed header declares."""
    RELEASE = 10
    """The version."""
    SONAME = 11

    @property
    def text(self) -> str:
        """Its name in files and tables."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class FileChange:
    """A file before and after a commit; empty where it did not exist."""

    path: str
    before: str
    after: str


_NOT_BUILT = re.compile(
    r"\.|(?:win32|win64|macosx?|symbian|ti|debian|cmake)/|(?:SConstruct|CMakeLists\.txt)$"
    r"|.*\.(?:ds[pw]|sln|vcx?proj|ckport|kdevelop|spec|spec\.in|sha2|yml)$",
)
_DOCUMENTATION = re.compile(
    r"docs?/"
    r"|(?:.*/)?(?:README|CHANGE|NEWS|AUTHORS|COPYING|LICEN[CS]E|TODO|HACKING|INSTALL|THANKS)[^/]*$"
    r"|.*\.(?:html|xml|txt|md|tex|css|png|svg|[1-8])$",
    re.IGNORECASE,
)
_TESTS = re.compile(r"(?:.*/)?(?:tests?|examples?)/|(?:.*/)?test[^/]*\.c$")
_TRANSLATION = re.compile(r"(?:.*/)?(?:po|intl)/")
_BUILD_FILE = re.compile(r"(?:.*/)?(?:configure\.(?:ac|in)|[^/]*\.(?:am|m4|sh|in))$|m4/")
_HEADER = re.compile(r"(?:.*/)?include/.*\.h(?:\.in)?$")
_SOURCE = re.compile(r".*\.(?:c|h|h\.in|cpp|cc)$")

_C_TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
_VERSION = re.compile(r"A[CM]_INIT(?:_AUTOMAKE)?\(([^)]*)\)")
_CURRENT = re.compile(r"^(\w*LIB\w*)_CURRENT=(\d+)", re.MULTILINE)
_AGE = re.compile(r"^(\w*LIB\w*)_AGE=(\d+)", re.MULTILINE)


def kind_of(changes: Iterable[FileChange]) -> Kind:
    """The kind of a commit; one without files changes nothing that is built."""
    return max(map(_kind, changes), default=Kind.NOT_BUILT)


def _kind(change: FileChange) -> Kind:
    path = change.path
    for pattern, kind in (
        (_NOT_BUILT, Kind.NOT_BUILT),
        (_DOCUMENTATION, Kind.DOCUMENTATION),
        (_TESTS, Kind.TESTS),
        (_TRANSLATION, Kind.TRANSLATION),
    ):
        if pattern.match(path):
            return kind
    if _SOURCE.match(path):
        same = _without_comments(change.before) == _without_comments(change.after)
        if _HEADER.match(path):
            return Kind.HEADER_COMMENT if same else Kind.HEADER
        return Kind.COMMENT if same else Kind.CODE
    if _BUILD_FILE.match(path):
        if change.before and _sonames(change.before) != _sonames(change.after):
            return Kind.SONAME
        if change.before and _VERSION.findall(change.before) != _VERSION.findall(change.after):
            return Kind.RELEASE
        return Kind.BUILD_FILES
    return Kind.CODE


def _without_comments(text: str) -> str:
    def kept(match: re.Match[str]) -> str:
        return " " if match[0].startswith("/") else match[0]

    return "".join(_C_TOKEN.sub(kept, text).split())


def _sonames(text: str) -> dict[str, int]:
    """libtool's major versions, which are current - age on Linux."""
    age = {name: int(number) for name, number in _AGE.findall(text)}
    return {name: int(number) - age.get(name, 0) for name, number in _CURRENT.findall(text)}


def commits_of(repository: Path, since: str) -> Iterator[list[FileChange]]:
    """The changes of each commit of the checked-out branch, newest first."""
    git = ["git", "-C", str(repository)]
    log = [*git, "log", "--no-merges", f"--since={since}", "--format=%x00", "--raw", "--no-abbrev"]
    listing = subprocess.run(
        [*log, "--no-renames"], check=True, capture_output=True, text=True, errors="replace"
    ).stdout
    with subprocess.Popen(
        [*git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        reader, writer = process.stdout, process.stdin
        assert reader is not None and writer is not None

        def blob(name: str) -> str:
            if not name.strip("0"):
                return ""
            writer.write(f"{name}\n".encode())
            writer.flush()
            size = int(reader.readline().split()[2])
            return reader.read(size + 1)[:-1].decode(errors="replace")

        for commit in listing.split("\0")[1:]:
            changes = []
            for line in commit.splitlines():
                if not line.startswith(":"):
                    continue
                fields, _, path = line.partition("\t")
                _, mode, before, after, _ = fields.split()
                if mode != "160000":  # a submodule
                    changes.append(FileChange(path, blob(before), blob(after)))
            yield changes


def main() -> None:
    """Count, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--since", default="2008-01-01")
    arguments = parser.parse_args()
    counts = {}
    for repository in arguments.repositories:
        found = Counter(map(kind_of, commits_of(repository, arguments.since)))
        counts[repository.name] = {kind.text: found[kind] for kind in Kind if found[kind]}
    json.dump(counts, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
