"""Types of every name that becomes a path, a command or a URL.

A value of one of these types is safe to join to a path and to pass in an argument list: it cannot
start with ``-`` or ``.`` and holds no separator or control character unless its type says so.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_NAME = r"^[a-z0-9][a-z0-9+.-]*$"
_GIT_URL = re.compile(
    r"^(?:(?:https|http|git|ssh)://[A-Za-z0-9][A-Za-z0-9@:%._~!$&'()*+,;=/\[\]-]*"
    r"|file:///[^\s\x00-\x1f]+|/[^\s\x00-\x1f]+"
    r"|[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s\x00-\x1f-][^\s\x00-\x1f]*)$"
)
# What git check-ref-format(1) refuses, and a leading dash.
_BAD_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-/.]|[/.]$|^@$")


def _git_url(value: str) -> str:
    if not _GIT_URL.fullmatch(value):
        raise ValueError(
            "not a git URL: expected https://, http://, ssh://, git://, file:/// or user@host:path"
        )
    return value


def _branch(value: str) -> str:
    if not value or _BAD_BRANCH.search(value):
        raise ValueError("not a valid git branch name (see git check-ref-format)")
    return value


def _directory(value: str) -> str:
    parts = value.split("/")
    if value != "." and (
        not value or any(p in ("", ".", "..", ".git") or p.startswith("-") for p in parts)
    ):
        raise ValueError("expected a relative directory inside the repository, such as src/lib")
    if re.search(r"[\x00-\x1f\\:*?\[\]]", value):
        raise ValueError("a directory may not hold control characters, \\ : * ? [ or ]")
    return value


def _one_line(value: str) -> str:
    if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
        raise ValueError("expected one line of text")
    return value.strip()


ComponentName = Annotated[str, StringConstraints(pattern=_NAME, min_length=2, max_length=80)]
"""Also a Debian source package name (Policy 5.6.1): lower case, at least two characters."""

DistroName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=40)]

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=60)]

PackageName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9+._()/:-]*$", max_length=200)
]
"""A distro package: a name, or for rpm also a capability such as ``pkgconfig(ogg)``."""

GitUrl = Annotated[str, AfterValidator(_git_url)]

Branch = Annotated[str, AfterValidator(_branch)]

Directory = Annotated[str, AfterValidator(_directory)]

Line = Annotated[str, AfterValidator(_one_line)]
"""Text on one line: a summary, a command, a person."""

MailAddress = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._%+=~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$"),
    StringConstraints(max_length=254),
]
"""Where mail is sent to: an address without a name."""
