"""The addresses of the interface: what each takes, answers, does, and who may ask for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from farm.access.roles import Permission
from www.api.asked import Nothing

JSON = "application/json"
PREFIX = "/api/farm/v1/"
_FIELD = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Route:
    """One method of one address.

    A reading route's `work` is called with the `Reader` and the validated parameters, a writing
    one's with the `Actor`, the parameters and the body; either may return an awaitable.
    """

    name: str
    """In the description and in the audit log."""
    method: str
    path: str
    """Below `PREFIX`; ``{name}`` stands for the parameter of that name."""
    summary: str
    answer: type[BaseModel] | str
    """The model of the answer, or the media type of text."""
    work: Callable[..., Any]
    asked: type[BaseModel] = Nothing
    """Parameters: those named in `path`, the rest in the query."""
    body: type[BaseModel] | None = None
    needs: Permission | None = None
    status: HTTPStatus = HTTPStatus.OK
    kept: bool = True
    """The answer depends on the plans and records alone: it can be kept until they change."""
    timed: bool = False
    """The answer goes with the time, too."""
    settles_s: float = 0.0
    """Seconds that an answer is given for after it was made, whatever has changed since: so the
    cost of a large one does not grow with the number of those who look."""
    conflicts: bool = False
    """It may find that what is asked does not fit what there is."""

    @cached_property
    def in_path(self) -> tuple[str, ...]:
        """Parameters that are part of the address."""
        return tuple(_FIELD.findall(self.path))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the address; its groups are the parameters."""
        parts = _FIELD.split(self.path)
        text = "".join(
            f"(?P<{part}>[^/]+)" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
        return re.compile(text)

    @property
    def reads(self) -> bool:
        """Nothing is changed by it."""
        return self.method == "GET"


@dataclass(frozen=True)
class Found:
    """Where an address leads."""

    routes: dict[str, Route]
    """By method; empty where the address is none."""
    values: dict[str, str]
    """Parameters from the address."""


def find(routes: Iterable[Route], path: str) -> Found:
    """The routes of an address."""
    found: dict[str, Route] = {}
    values: dict[str, str] = {}
    for route in routes:
        match = route.pattern.fullmatch(path)
        # An address without parameters goes before one whose parameter would match it.
        if match and not (found and values == {} and match.groupdict()):
            found[route.method] = route
            values = match.groupdict()
    return Found(found, values)
