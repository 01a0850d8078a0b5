"""Tables, times and values as people read them in a terminal."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass

UNLIMITED_WIDTH = 1000
"""Columns of what goes into a file or pipe: nothing is cut off there."""

STYLES = {
    "published": "green",
    "built": "green",
    "building": "cyan",
    "ready": "cyan",
    "failed": "bold red",
    "blocked": "red",
    "interrupted": "yellow",
}
"""Colours of a cell that is one of these words."""

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
"""What compilers colour their messages with (ECMA-48 5.4)."""


def plain(text: str) -> str:
    """The text without control characters: messages come from builds, and a terminal obeys."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in _COLOUR.sub("", text))


def print_text(text: str) -> None:
    """Print a paragraph, wrapped between words in a terminal."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED_WIDTH**2
    print(textwrap.fill(text, width, subsequent_indent="  ", break_on_hyphens=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; long cells wrap in a terminal, and stay on one line in a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console.width = UNLIMITED_WIDTH
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(plain(cell), style=STYLES.get(cell, "")) for cell in row))
    console.print(table)


def print_json(answer: object) -> None:
    """Print a dataclass, or plain data, as JSON."""
    value = asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else answer
    print(json.dumps(value, indent=2))


def span(seconds: float) -> str:
    """``45 s``, ``2 min 20 s``, ``3 h 5 min``, ``4 d``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    if whole < 48 * 3600:
        minutes = whole % 3600 // 60
        return f"{whole // 3600} h {minutes} min" if minutes else f"{whole // 3600} h"
    return f"{whole // 86400} d"


def ago(moment: float) -> str:
    """How long ago a moment was, in its largest unit; nothing for a moment that never was."""
    if not moment:
        return ""
    seconds = max(0, round(time.time() - moment))
    for unit, length in (("d", 2 * 86400), ("h", 2 * 3600), ("min", 120)):
        if seconds >= length:
            return f"{seconds // {'d': 86400, 'h': 3600, 'min': 60}[unit]} {unit}"
    return f"{seconds} s"


def when(moment: float) -> str:
    """A moment in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def short(identifier: str) -> str:
    """The beginning of a commit id, key or digest: enough to find it by."""
    return identifier[:12]


def value_text(value: object) -> str:
    """A value of a key's inputs on one line; one that is absent or empty is a dash."""
    if value is None or value in ("", []):
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value)


def counted(count: int, noun: str) -> str:
    """``1 build``, ``2 builds``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
