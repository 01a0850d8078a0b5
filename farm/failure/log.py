"""Reading a log of any size, with any bytes in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from farm.failure.model import Failure
from farm.failure.search import first_error

LONGEST_LINE = 1 << 16
"""Bytes that are looked at of one line; the rest of it is skipped."""


def first_error_in(path: Path) -> Failure:
    """The first error that matters in a log file; see `farm.failure.search.first_error`.

    :raises OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return first_error(bounded_lines(file))


def bounded_lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a file, each cut to `LONGEST_LINE`."""
    while part := file.readline(LONGEST_LINE):
        line = part
        while part and not part.endswith(b"\n"):
            part = file.readline(LONGEST_LINE)
        yield line.decode("utf-8", "replace")
