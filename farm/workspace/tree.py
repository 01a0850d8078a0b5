"""The build tree: a copy of the source, in which only what is proven survives from build to build.

All source files have one time, as after every checkout of the farm: git keeps none, and automake
runs its tools again when a generated file looks older than what it was made from. So make never
sees from times that a source changed; what depends on the change is removed instead.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.buildsystem import BUILD_DIRECTORY
from farm.workspace.depfiles import Made, is_depfile, made, parse_ninja, proven, read_tree
from farm.workspace.errors import WorkspaceError
from farm.workspace.records import Evidence
from farm.workspace.redo import ALL_OBJECTS, Redo
from farm.workspace.sweep import Files, identity

STOP_MARGIN_S = 5.0
"""Objects younger than this when a build was stopped may be incomplete."""

_HARMLESS = (".ninja_deps", ".ninja_log", ".dirstamp")
"""Products that hold nothing of the source: ninja's memory, and automake's word for a directory."""
_REWRITTEN = re.compile(
    r"(?:^|/)(?:config\.log|compiler_depend\.\w+|depend\.(?:make|internal)|progress\.marks"
    r"|\.ninja_(?:deps|log|lock)|Makefile2?\.tmp|install_manifest\.txt)$"
    r"|(?:^|/)(?:Testing|meson-logs|CMakeFiles/Progress)/"
)
"""Files of configure that the build writes to, and that decide nothing."""
_COMPILED = (".c", ".cc", ".cpp", ".cxx", ".C", ".h", ".hh", ".hpp", ".hxx", ".inc", ".S", ".s")
"""Files that reach an object through its depfile or not at all, unless a makefile reads them."""
_ASKS_FOR_TEXT = re.compile(r"\$\(shell|!=|`(?!test -f )")  # that one is automake's own
_MAKEFILE = re.compile(r"(?:^|/)(?:GNUm|M|m)akefile(?:\.\w+)?$|\.(?:mk|mak|am)$")
EXECUTABLE = 0o755


class Disturbed(Exception):
    """What configure made was changed by the build: the tree cannot be kept."""


def populate(source: Path, tree: Path, files: Files, time_s: int) -> None:
    """Make the tree afresh from the source.

    :raises WorkspaceError: the source changed meanwhile, or the disk is full.
    """
    if tree.exists():
        # Renamed first: an end in the middle leaves no tree that looks whole.
        doomed = tree.with_name(f"{tree.name}.old")
        shutil.rmtree(doomed, ignore_errors=True)
        tree.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    try:
        made_directories: set[str] = set()
        # Texts, because building a Path takes as long as copying a small file.
        there, here = os.fspath(source), os.fspath(tree)
        for path in sorted(files):
            directory = path.rpartition("/")[0]
            if directory not in made_directories:
                os.makedirs(f"{here}/{directory}", exist_ok=True)
                made_directories.add(directory)
            _place(f"{there}/{path}", f"{here}/{path}", files[path], time_s)
        tree.mkdir(exist_ok=True)
    except OSError as error:
        raise WorkspaceError(f"{error.filename or tree}: {error.strerror}") from error


def _place(original: str, copy: str, what: str, time_s: int) -> None:
    """Copy one file or link as it was when it was looked at."""
    if what[0] == "l":
        os.symlink(what[1:], copy)
    else:
        shutil.copyfile(original, copy)
        if what[0] == "x":
            os.chmod(copy, EXECUTABLE)
    os.utime(copy, (time_s, time_s), follow_symlinks=False)


def check_copy(tree: Path, files: Files) -> None:
    """Make sure that the tree is what was to be copied: an editor may have saved meanwhile.

    :raises WorkspaceError: it is not; the next build starts from what is there then.
    """
    root = os.fspath(tree)
    for path, what in files.items():
        place = f"{root}/{path}"
        if identity(place, os.lstat(place)) != what:
            raise WorkspaceError(f"{path} was changed while it was copied: build again")


@dataclass(frozen=True)
class Kept:
    """What was kept of a tree."""

    objects: int
    all_dropped: str = ""
    """Why no object was kept; empty when some may be."""


def renew(
    source: Path,
    tree: Path,
    files: Files,
    evidence: Evidence,
    redo: Redo,
    prefix: Path,
    time_s: int,
) -> Kept:
    """Bring a kept tree to the state right after configure, but for objects that are proven.

    :raises Disturbed: the build changed what configure made.
    :raises WorkspaceError: the source changed meanwhile, or the disk is full.
    """
    try:
        found = dict(_walk(tree))
        configured = evidence.configured
        for path, facts in configured.items():
            decides = facts and not (is_depfile(path) or _REWRITTEN.search(path))
            if decides and _facts(found, path) != facts:
                raise Disturbed(path)
        _restore(source, tree, files, evidence, redo, found, time_s)
        products = {
            path: one
            for path, one in found.items()
            if path not in files and path not in configured and not _is_trusted(path, redo)
        }
        keep, why = _keep(tree, files, evidence, redo, prefix, products)
        for path in products:
            if path not in keep and path.rpartition("/")[2] not in _HARMLESS:
                (tree / path).unlink()
        _remove_empty(tree, files, configured, redo)
    except OSError as error:
        raise WorkspaceError(f"{error.filename or tree}: {error.strerror}") from error
    return Kept(len(keep), why)


def snapshot(tree: Path, files: Files) -> dict[str, list[int]]:
    """Size and time of everything in the tree that is not source; directories end in a slash."""
    made_by = {path: _facts_of(found) for path, found in _walk(tree) if path not in files}
    folders = (os.path.relpath(folder, tree) for folder, _, _ in os.walk(tree))
    return made_by | {f"{folder}/": [] for folder in folders if folder != "."}


def _keep(
    tree: Path,
    files: Files,
    evidence: Evidence,
    redo: Redo,
    prefix: Path,
    products: Mapping[str, os.stat_result],
) -> tuple[set[str], str]:
    """The products that are proven, and why there are none if that is so."""
    if redo.source == ALL_OBJECTS:
        return set(), "what changed decides how everything is compiled"
    depfiles = [path for path in evidence.configured if is_depfile(path)]
    objects = [*read_tree(tree, [*products, *depfiles]), *_ninja(tree)]
    latest = evidence.stopped - STOP_MARGIN_S if evidence.stopped else float("inf")
    existing = {path for path, one in products.items() if one.st_mtime < latest}
    root = os.path.realpath(prefix)
    keep, known = proven(
        objects,
        existing=dict.fromkeys([*existing, *depfiles]),
        given={*files, *evidence.configured},
        changed=redo.source,
        changed_outside=frozenset(f"{root}/{path}" for path in redo.prefix),
    )
    compiled = known | {path for path in redo.source if path.endswith(_COMPILED)}
    for path in sorted(redo.source - compiled):
        if evidence.build_opened is None or path in evidence.build_opened:
            return set(), f"{path} is read by more than compilers"
    for path in sorted(redo.source & compiled):
        if _flags_come_from(tree, path, files):
            return set(), f"flags may come from {path}"
    return keep & products.keys(), ""


def _ninja(tree: Path) -> Iterator[Made]:
    build = tree / BUILD_DIRECTORY
    if not (build / ".ninja_deps").exists():
        return
    asked = subprocess.run(
        ["ninja", "-t", "deps"], cwd=build, capture_output=True, text=True, check=False
    )
    root, base = os.path.realpath(tree), os.path.realpath(build)
    for targets, inputs in parse_ninja(asked.stdout if asked.returncode == 0 else ""):
        yield made(root, os.path.join(base, targets[0]), base, inputs)


def _flags_come_from(tree: Path, path: str, files: Files) -> bool:
    """Whether a makefile takes text out of a file that is compiled as well."""
    name = path.rpartition("/")[2]
    for makefile in files:
        if _MAKEFILE.search(makefile):
            text = (tree / makefile).read_text(errors="replace")
            if name in text:
                lines = text.replace("\\\n", " ").splitlines()
                if any(name in line and _ASKS_FOR_TEXT.search(line) for line in lines):
                    return True
    return False


def _restore(
    source: Path,
    tree: Path,
    files: Files,
    evidence: Evidence,
    redo: Redo,
    found: Mapping[str, os.stat_result],
    time_s: int,
) -> None:
    """Make every source file in the tree what it has to be: changed by whom ever."""
    for path in evidence.files.keys() - files.keys():
        (tree / path).unlink(missing_ok=True)
    for path, what in files.items():
        there = found.get(path)
        touched = there is None or int(there.st_mtime) != time_s or there.st_mtime_ns % 10**9
        if evidence.files.get(path) == what and not (touched and not redo.trusted):
            continue
        copy = tree / path
        copy.unlink(missing_ok=True)
        copy.parent.mkdir(parents=True, exist_ok=True)
        # Who checks contents itself looks at them only when the time is new.
        when = int(time.time()) if redo.trusted else time_s
        _place(os.fspath(source / path), os.fspath(copy), what, when)


def _remove_empty(tree: Path, files: Files, configured: Mapping[str, object], redo: Redo) -> None:
    """Remove directories that the build made: a plain mkdir in a makefile fails on them."""
    wanted = {""}
    for path in (*files, *configured):
        directory = path.rpartition("/")[0]
        while directory not in wanted:
            wanted.add(directory)
            directory = directory.rpartition("/")[0]
    for directory, folders, names in os.walk(tree, topdown=False):
        path = os.path.relpath(directory, tree)
        spared = path == "." or path in wanted or _is_trusted(path, redo)
        inner = any(os.path.isdir(os.path.join(directory, name)) for name in folders)
        if not (spared or names or inner):
            os.rmdir(directory)


def _is_trusted(path: str, redo: Redo) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in redo.trusted)


def _facts(found: Mapping[str, os.stat_result], path: str) -> list[int]:
    return _facts_of(found[path]) if path in found else []


def _facts_of(found: os.stat_result) -> list[int]:
    return [found.st_size, found.st_mtime_ns]


def _walk(tree: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file and link below the tree, by relative path."""
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        with os.scandir(tree / directory) as entries:
            for entry in entries:
                path = f"{directory}/{entry.name}" if directory else entry.name
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    waiting.append(path)
                else:
                    yield path, found
