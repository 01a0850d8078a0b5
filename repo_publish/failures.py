"""Failures of the machine while publishing, told as one message."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from farm.errors import CommandError, InfrastructureError
from repo_publish.errors import PublishError, VerifyError
from repo_publish.line import Line

_FULL = ("No space left on device", "Disk quota exceeded")
_ALMOST_NOTHING = 1024 * 1024
"""With so few bytes left, tools fail without saying why, or (rpmkeys --import) not at all."""


@contextmanager
def explained(line: Line) -> Iterator[None]:
    """Turn a full disk and other errors of the system into one message that says what is live.

    :raises InfrastructureError: instead of an OSError, or of a tool that found the disk full.
    """
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise InfrastructureError(
            f"{line} is not published: {error.strerror or error}{where}; {_live(line)}"
        ) from error
    except (CommandError, VerifyError) as error:
        full = next((text for text in _FULL if text in str(error)), None)
        if full is None and _free_bytes(line) < _ALMOST_NOTHING:
            full = _FULL[0]
        if full is None:
            raise
        raise InfrastructureError(
            f"{line} is not published: {full} ({line.archive}); {_live(line)}"
        ) from error


def _free_bytes(line: Line) -> int:
    try:
        status = os.statvfs(line.archive)
    except OSError:
        return _ALMOST_NOTHING
    return status.f_bavail * status.f_frsize


def _live(line: Line) -> str:
    try:
        number = line.live()
    except (PublishError, OSError):
        return "the archive was not touched"
    return "nothing is live yet" if number is None else f"snapshot {number} stays live"
