"""Carrying out the mechanical repairs: what is not part of a repair stays byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from farm.errors import FarmError
from farm.git_process import run_git
from farm.style.finding import Append, Change, Finding, MakeExecutable, Untrack, Write
from farm.style.project import GIT_TIMEOUT_S, is_in_git


def apply(directory: Path, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Carry out the changes of findings and say what was done, a line for each.

    A change that has been made already is not made again.

    :raises FarmError: a file cannot be written, or is a link.
    """
    changes = dict.fromkeys(change for finding in findings for change in finding.changes)
    tracked = is_in_git(directory)
    done = (_apply(directory, change, in_git=tracked) for change in changes)
    return tuple(line for line in done if line)


def appended(text: str, addition: str) -> str:
    """The text with lines added at its end; lines of a list that are there already are left out.

    An addition that begins with an empty line is a paragraph and is added as it is.
    """
    if addition.startswith("\n"):
        if addition.strip() in text:
            return text
    else:
        known = set(text.splitlines())
        addition = "".join(f"{line}\n" for line in addition.splitlines() if line not in known)
    joint = "" if not text or text.endswith("\n") or not addition else "\n"
    return f"{text}{joint}{addition if text else addition.lstrip()}"


def _apply(directory: Path, change: Change, *, in_git: bool) -> str:
    match change:
        case Write(path, text):
            if (directory / path).exists():
                return ""
            _write(directory / path, text)
            return f"wrote {path}"
        case Append(path, text):
            file = directory / path
            before = file.read_bytes().decode(errors="surrogateescape") if file.exists() else ""
            after = appended(before, text)
            if after == before:
                return ""
            _write(file, after)
            return f"added to {path}"
        case MakeExecutable(path):
            (directory / path).chmod((directory / path).stat().st_mode | 0o111)
            if in_git:
                _git(directory, "update-index", "--chmod=+x", "--", path)
            return f"made {path} executable"
        case Untrack(paths):
            _git(directory, "rm", "--cached", "--quiet", "--ignore-unmatch", "--", *paths)
            return f"took {len(paths)} out of git: {paths[0]}{' …' if len(paths) > 1 else ''}"


def _write(file: Path, text: str) -> None:
    if file.is_symlink():
        raise FarmError(f"{file} is a symbolic link; repair what it leads to by hand")
    try:
        file.write_bytes(text.encode(errors="surrogateescape"))
    except OSError as error:
        raise FarmError(f"{file} cannot be written: {error.strerror}") from error


def _git(directory: Path, *arguments: str) -> None:
    run_git(["-C", str(directory), *arguments], GIT_TIMEOUT_S)
