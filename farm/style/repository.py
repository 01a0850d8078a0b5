"""Checks of what is in git, and of what is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from farm.style import rules
from farm.style.finding import Append, Change, Finding, MakeExecutable, Untrack
from farm.style.project import Project

LARGE_BYTES = 5 * 1000 * 1000

_GENERATED = (
    ("*.o", re.compile(r"\.l?o$")),
    ("*.la", re.compile(r"\.la$")),
    ("__pycache__/", re.compile(r"(?:^|/)__pycache__/|\.py[co]$")),
    ("*.cm[aiotx]*", re.compile(r"\.cm(?:i|o|x|a|xa|xs|t|ti)$")),
    ("*.class", re.compile(r"\.class$")),
    ("autom4te.cache/", re.compile(r"(?:^|/)autom4te\.cache/")),
    (".deps/", re.compile(r"(?:^|/)\.deps/")),
    (".libs/", re.compile(r"(?:^|/)\.libs/")),
    ("config.log", re.compile(r"(?:^|/)config\.log$")),
    ("config.status", re.compile(r"(?:^|/)config\.status$")),
    ("CMakeCache.txt", re.compile(r"(?:^|/)CMakeCache\.txt$")),
    ("CMakeFiles/", re.compile(r"(?:^|/)CMakeFiles/")),
    ("*~", re.compile(r"~$")),
    ("*.orig", re.compile(r"\.(?:orig|rej)$")),
    (".DS_Store", re.compile(r"(?:^|/)\.DS_Store$")),
)
"""Pattern for .gitignore, and what it stands for in a list of files."""


def check_repository(project: Project) -> Iterator[Finding]:
    """Submodules, generated files, large files, the mode of ./configure."""
    for path in project.submodules:
        yield Finding(
            rules.SUBMODULES,
            "is a submodule, which the farm does not fetch",
            "Make it a component of its own, or commit its files (git subtree).",
            file=path,
        )
    if project.in_git:
        yield from _generated(project)
    for path, size in project.sizes.items():
        if size > LARGE_BYTES:
            yield Finding(
                rules.LARGE_FILE,
                f"has {size / 1e6:.0f} MB, which every clone and source package carries",
                "Publish it elsewhere and fetch it where it is needed, or make it smaller.",
                file=path,
            )
    if "configure" in project.files and "configure" not in project.executables:
        yield Finding(
            rules.CONFIGURE_EXECUTABLE,
            "is not executable",
            "chmod +x configure && git update-index --chmod=+x configure",
            file="configure",
            changes=(MakeExecutable("configure"),),
        )


def _generated(project: Project) -> Iterator[Finding]:
    for pattern, matcher in _GENERATED:
        paths = tuple(path for path in project.files if matcher.search(path))
        if paths:
            yield _committed(project, paths, pattern)
    files = set(project.files)
    made = tuple(p for p in project.files if p.endswith("Makefile") and f"{p}.in" in files)
    if made and "configure" in files:
        yield _committed(project, made, "Makefile")


def _committed(project: Project, paths: tuple[str, ...], pattern: str) -> Finding:
    more = f", and {len(paths) - 1} more like it" if len(paths) > 1 else ""
    changes: tuple[Change, ...] = (Untrack(paths),)
    if pattern not in project.texts.get(".gitignore", "").splitlines():
        changes += (Append(".gitignore", f"{pattern}\n"),)
    return Finding(
        rules.GENERATED,
        f"is made by tools, and in git all the same{more}",
        f"git rm --cached {paths[0]}{' …' if more else ''} && echo '{pattern}' >>.gitignore",
        file=paths[0],
        changes=changes,
    )
