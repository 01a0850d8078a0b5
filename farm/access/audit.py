"""The audit log: every action that somebody asked for, a JSON object a line, only appended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from farm.errors import FarmError

_BLOCK = 1 << 16


class Entry(BaseModel):
    """One action that somebody asked for."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    at: float
    """Seconds since 1970."""
    who: str
    """User name; ``anonymous`` for one who did not log in."""
    role: str
    address: str
    """Where it came from."""
    action: str
    """``force``, ``topic create`` …"""
    target: str
    """What it was about: components, a topic, a worker, an address of Buildbot's interface."""
    allowed: bool
    details: dict[str, str] = Field(default_factory=dict)
    """What else was asked: reason, branch …"""
    outcome: str = ""
    """Why it was refused, or what went wrong; empty where it was done."""


def audit_path(state: Path) -> Path:
    """The log of a site."""
    return state / "audit.jsonl"


def append(path: Path, entry: Entry) -> None:
    """Add an entry, on the disk when this returns; nobody but the farm may read the file.

    :raises FarmError: it cannot be written.
    """
    line = entry.model_dump_json().encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise FarmError(f"the audit log {path} cannot be written: {error.strerror}") from error


def newest(path: Path) -> Iterator[Entry]:
    """The entries, the newest first; a line that a crash cut off is passed over.

    :raises FarmError: the log cannot be read.
    """
    try:
        for line in _lines_backwards(path):
            try:
                yield Entry.model_validate_json(line)
            except ValidationError:
                continue
    except FileNotFoundError:
        return
    except OSError as error:
        raise FarmError(f"the audit log {path} cannot be read: {error.strerror}") from error


def _lines_backwards(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        place = file.seek(0, os.SEEK_END)
        rest = b""
        while place:
            start = max(0, place - _BLOCK)
            file.seek(start)
            lines = (file.read(place - start) + rest).split(b"\n")
            place = start
            rest = lines.pop(0)
            yield from (line for line in reversed(lines) if line)
        if rest:
            yield rest
