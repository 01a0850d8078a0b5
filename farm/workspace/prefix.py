"""From the staging directory into the prefix: only what differs, recorded, all of it or nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from farm.workspace.errors import WorkspaceError
from farm.workspace.facts import is_binary, is_library, link_interface, without_debug
from farm.workspace.files import read_json, write_json
from farm.workspace.records import ComponentFiles, Installed, Record, record_json
from farm.workspace.sweep import digest_of, identity

_DROPPED = (".la",)
"""libtool's own notes: they name absolute paths, and pkg-config does without."""
_SHARED = ("share/info/dir",)
"""Files that every component writes its part into, which only install-info can do."""


@dataclass(frozen=True)
class Staged:
    """What an install step put below DESTDIR."""

    files: dict[str, str]
    """Identity by path below the prefix."""
    directories: tuple[str, ...]
    outside: tuple[str, ...]
    """Absolute paths of files outside the prefix."""


@dataclass
class Plan:
    """What has to happen to the prefix."""

    moves: list[str] = field(default_factory=list)
    """Files that are new or differ."""
    removes: list[str] = field(default_factory=list)
    """Files of the last build that are not installed any more."""
    kept: list[str] = field(default_factory=list)
    """Files that are there already; not even their times change."""


def scan_stage(stage: Path, prefix: Path) -> Staged:
    """Read a staging directory.

    :raises WorkspaceError: it holds devices or the like.
    """
    inner = os.path.join(stage, os.fspath(prefix).lstrip("/"))
    files: dict[str, str] = {}
    directories: list[str] = []
    outside: list[str] = []
    for folder, folders, names in os.walk(stage):
        here = os.path.relpath(folder, inner)
        below = here == "." or not here.startswith("..")
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        if below and here != ".":
            directories.append(here)
        for name in (*names, *links):
            place = os.path.join(folder, name)
            if not below:
                outside.append(place.removeprefix(os.fspath(stage)))
                continue
            path = name if here == "." else f"{here}/{name}"
            if path.endswith(_DROPPED) or path in _SHARED:
                continue
            what = identity(place, os.lstat(place))
            if not what:
                raise WorkspaceError(f"install made {path}, which is neither file nor link")
            files[path] = what
    return Staged(files, tuple(sorted(directories)), tuple(sorted(outside)))


def plan_install(
    staged: Mapping[str, str],
    recorded: Mapping[str, Installed],
    present: Mapping[str, str],
    owners: Mapping[str, str],
    name: str,
) -> Plan:
    """Decide what to do with the prefix. Pure.

    :param staged: what the component installs now.
    :param recorded: what it installed last.
    :param present: identity of those of both that are in the prefix.
    :param owners: which component installed each file.
    :param name: the component.
    :raises WorkspaceError: a file is another component's, or nobody's that the farm knows.
    """
    plan = Plan()
    for path, what in sorted(staged.items()):
        there = present.get(path, "")
        owner = owners.get(path, name if path in recorded else "")
        if there != what and owner not in ("", name):
            raise WorkspaceError(
                f"{path} in the prefix belongs to {owner}, and {name} installs it too"
            )
        if there and there != what and not owner:
            raise WorkspaceError(
                f"{path} is in the prefix, and no component installed it: move it away"
            )
        (plan.kept if there == what else plan.moves).append(path)
    plan.removes = sorted(
        path
        for path in recorded
        if path not in staged and path in present and owners.get(path, name) == name
    )
    return plan


def describe_installed(
    stage_root: Path,
    prefix: Path,
    staged: Mapping[str, str],
    before: Mapping[str, Installed],
    *,
    used: bool,
) -> dict[str, Installed]:
    """What dependents can observe of the staged files, compared with the ones still in the prefix.

    Two builds of a library that differ in debug information only are the same to dependents; the
    later one gets the earlier one's digests.

    :param used: there are dependents; without any, changed files are not looked into.
    """
    result = {}
    for path, what in staged.items():
        old = before.get(path)
        if old is None:
            seen = link = what
        elif old.identity == what:
            seen, link = old.seen, old.link
        elif not used:
            seen = link = what
        else:
            seen, link = _compare(stage_root / path, prefix / path, what, old, path)
        result[path] = Installed(what, seen, link)
    return result


def _compare(new: Path, previous: Path, what: str, old: Installed, path: str) -> tuple[str, str]:
    """What can be observed of a file whose bytes changed."""
    same_kind = what[0] == old.identity[0] != "l" and previous.is_file()
    if not (same_kind and is_binary(new) and is_binary(previous)):
        return what, what
    # Whoever changed the installed file by hand has broken the comparison.
    if identity(os.fspath(previous), previous.lstat()) != old.identity:
        return what, what
    plain = without_debug(new)
    if plain and plain == without_debug(previous):
        return old.seen, old.link
    if is_library(path):
        interface = link_interface(new)
        if interface and interface == link_interface(previous):
            return what, old.link
    return what, what


def output_digest(installed: Mapping[str, Installed], observable: Mapping[str, list[str]]) -> str:
    """The identity of what dependents can observe of an installation."""
    return digest_of({path: installed[path].seen for path in observable})


def present_in(prefix: Path, paths: set[str]) -> dict[str, str]:
    """Identity of those of the paths that are in the prefix."""
    found = {}
    for path in paths:
        place = os.path.join(prefix, path)
        with suppress(FileNotFoundError, NotADirectoryError):
            status = os.lstat(place)
            found[path] = identity(place, status) or stat.filemode(status.st_mode)
    return found


def commit(
    files: ComponentFiles, stage_root: Path, prefix: Path, plan: Plan, record: Record
) -> Record:
    """Carry a plan out and keep the record: all of it, or nothing.

    An end in the middle is finished by `finish_journal`; a failure is undone.

    :return: the record, with the files as they are in the prefix now.
    :raises WorkspaceError: the prefix cannot be written; it is as it was.
    """
    backup = _backup(stage_root)
    _make_directories(prefix, record, plan)
    write_json(
        files.journal,
        {
            "stage": str(stage_root),
            "moves": plan.moves,
            "removes": plan.removes,
            "record": record_json(record),
        },
    )
    done: list[str] = []
    try:
        for number, path in enumerate(plan.moves):
            _set_aside(prefix / path, backup / str(number))
            _move(stage_root / path, prefix / path)
            done.append(path)
    except OSError as error:
        _undo(prefix, backup, plan.moves, done)
        files.journal.unlink()
        raise WorkspaceError(
            f"{error.filename2 or error.filename or prefix} cannot be written: {error.strerror}"
        ) from error
    finally:
        _remove_tree(backup)
    return _finish(files, prefix, plan.removes, record)


def finish_journal(files: ComponentFiles, prefix: Path) -> Record | None:
    """Finish an installation that was cut off; None when there is none.

    :raises WorkspaceError: the prefix cannot be written.
    """
    from farm.workspace.records import record_from_json

    journal = read_json(files.journal)
    record = record_from_json(journal.get("record")) if isinstance(journal, dict) else None
    if record is None:
        files.journal.unlink(missing_ok=True)
        return None
    try:
        for path in journal["moves"]:
            if os.path.lexists(os.path.join(journal["stage"], path)):
                _move(Path(journal["stage"], path), prefix / path)
    except OSError as error:
        raise WorkspaceError(f"{prefix} cannot be written: {error.strerror}") from error
    _remove_tree(_backup(Path(journal["stage"])))
    return _finish(files, prefix, journal["removes"], record)


def remove_installed(prefix: Path, record: Record, owners: Mapping[str, str], name: str) -> None:
    """Take everything of a component out of the prefix that is only its own."""
    for path in record.installed:
        if owners.get(path, name) == name:
            with suppress(FileNotFoundError, NotADirectoryError):
                (prefix / path).unlink()
    _prune(prefix, record.directories)


def installed_signature(found: os.stat_result) -> list[int]:
    """What tells an installed file from a changed one; links to it (views) make no difference."""
    return [found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode]


def is_damaged(prefix: Path, record: Record) -> bool:
    """Whether a file that was installed is gone or was changed since, as far as its stat tells."""
    root = os.fspath(prefix)
    for path, one in record.installed.items():
        try:
            if installed_signature(os.lstat(f"{root}/{path}")) != one.signature:
                return True
        except OSError:
            return True
    return False


def _finish(files: ComponentFiles, prefix: Path, removes: list[str], record: Record) -> Record:
    for path in removes:
        with suppress(FileNotFoundError, NotADirectoryError):
            (prefix / path).unlink()
    _prune(prefix, [os.path.dirname(path) for path in removes])
    installed = {
        path: Installed(
            one.identity, one.seen, one.link, installed_signature(os.lstat(prefix / path))
        )
        for path, one in record.installed.items()
    }
    final = replace(record, installed=installed)
    write_json(files.record, record_json(final))
    files.journal.unlink(missing_ok=True)
    return final


def _make_directories(prefix: Path, record: Record, plan: Plan) -> None:
    wanted = {*record.directories, *(os.path.dirname(path) for path in plan.moves)}
    try:
        prefix.mkdir(parents=True, exist_ok=True)
        for directory in sorted(wanted):
            (prefix / directory).mkdir(parents=True, exist_ok=True)
            if not os.access(prefix / directory, os.W_OK):
                raise WorkspaceError(f"{prefix / directory} cannot be written")
    except OSError as error:
        raise WorkspaceError(
            f"{error.filename or prefix} cannot be made: {error.strerror}"
        ) from error


def _set_aside(place: Path, backup: Path) -> None:
    """Keep the old file by a second name, so that it is never absent."""
    if not os.path.lexists(place):
        return
    backup.parent.mkdir(exist_ok=True)
    os.link(place, backup, follow_symlinks=False)


def _move(staged: Path, place: Path) -> None:
    os.utime(staged, follow_symlinks=False)
    staged.replace(place)


def _backup(stage_root: Path) -> Path:
    """Where replaced files are kept: beside what is staged, on the same file system."""
    return stage_root.with_name(f"{stage_root.name}.replaced")


def _undo(prefix: Path, backup: Path, moves: list[str], done: list[str]) -> None:
    for number, path in enumerate(moves):
        kept = backup / str(number)
        if os.path.lexists(kept):
            kept.replace(prefix / path)
        elif path in done:
            (prefix / path).unlink(missing_ok=True)


def _prune(prefix: Path, directories: list[str]) -> None:
    """Remove directories that became empty, and those above them."""
    for directory in sorted(set(directories), key=len, reverse=True):
        while directory:
            try:
                (prefix / directory).rmdir()
            except OSError:
                break
            directory = os.path.dirname(directory)


def _remove_tree(directory: Path) -> None:
    import shutil

    shutil.rmtree(directory, ignore_errors=True)
