"""Pieces of packaging text that both families need; the same input always gives the same text."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from email.utils import format_datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from farm.packaging.info import PackagingInfo

SYNOPSIS_WIDTH = 79
"""Longest first line of a description that lintian and rpmlint accept."""
TEXT_WIDTH = 77
NO_ADDRESS = "farm@example.invalid"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_ENVIRONMENT = Environment(
    loader=PackageLoader("farm.packaging"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: object) -> str:
    """The text of a template in templates/; a value that is missing is an error."""
    return _ENVIRONMENT.get_template(template).render(**values)


def one_line(text: str) -> str:
    """Text without line breaks or control characters."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())


def maintainer(info: PackagingInfo) -> str:
    """The maintainer as ``Name <address>``, which changelogs cannot do without."""
    line = one_line(info.maintainer)
    if re.fullmatch(r"[^<>]+ <[^<>\s]+>", line):
        return line
    return f"{re.sub(r'[<>]', '', line) or 'Build farm'} <{NO_ADDRESS}>"


def whole_line(command: str) -> str:
    """A shell line that does the same and does not take in the next line of a file.

    A single backslash at its end is a character to ``sh -c``, and a continuation in a file.
    """
    backslashes = len(command) - len(command.rstrip("\\"))
    return f"{command[:-1]}'\\'" if backslashes % 2 else command


def synopsis(info: PackagingInfo) -> str:
    """The summary as package managers show it: one line, no article, no full stop, not too long."""
    line = re.sub(r"^(?:the|an?)\s+", "", one_line(info.summary).rstrip("."), flags=re.IGNORECASE)
    line = line or f"component {info.name}"
    return textwrap.shorten(line, SYNOPSIS_WIDTH, placeholder="...")


def description(info: PackagingInfo) -> str:
    """What a package manager shows below the summary, which it may not repeat (Policy 3.4.2)."""
    if info.description.strip():
        return info.description
    return f"This is {info.name}, built from {info.homepage or info.vcs or 'its own sources'}."


def public_vcs(info: PackagingInfo) -> str:
    """Where others can clone the component from; empty when that is a place on this machine."""
    return info.vcs if re.match(r"(?:https?|git|ssh)://", info.vcs) else ""


def capitalised(line: str) -> str:
    """A line that begins with a capital letter, as rpm's summaries do."""
    return line[:1].upper() + line[1:]


def paragraphs(text: str, width: int = TEXT_WIDTH) -> list[list[str]]:
    """Wrapped lines of each paragraph; paragraphs are parted by empty lines."""
    blocks = re.split(r"\n\s*\n", text.strip())
    wrapped = (textwrap.wrap(one_line(b), width, break_on_hyphens=False) for b in blocks)
    return [lines for lines in wrapped if lines]


def rfc5322_date(timestamp: int) -> str:
    """``Tue, 14 Nov 2023 22:13:20 +0000``, as debian/changelog wants it."""
    return format_datetime(datetime.fromtimestamp(timestamp, UTC))


def spec_date(timestamp: int) -> str:
    """``Tue Nov 14 2023`` in UTC whatever the locale, as %changelog wants it."""
    day = datetime.fromtimestamp(timestamp, UTC)
    return f"{_DAYS[day.weekday()]} {_MONTHS[day.month - 1]} {day.day:02d} {day.year}"
