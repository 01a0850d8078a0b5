"""Whether a publication can be asked for at all: everything in it becomes text or a path."""

from __future__ import annotations

import re
from collections import Counter

from pydantic import TypeAdapter, ValidationError

from farm.model.names import ComponentName
from repo_publish.errors import PublishError
from repo_publish.model import Publication

_URL = re.compile(r"(?:https?://|file:///)[^\s\x00-\x1f\"'<>]+")
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9_-]*")
_TITLE = re.compile(r"[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*")
_component = TypeAdapter(ComponentName)


def check_request(publication: Publication, url: str) -> str:
    """Check the texts of a publication; the base URL without a trailing slash.

    :raises PublishError: with everything that is wrong.
    """
    problems = []
    if not _URL.fullmatch(url):
        problems.append(f"{url!r} is not an address: expected http://, https:// or file:///")
    if not _ARCHITECTURE.fullmatch(publication.architecture):
        problems.append(f"{publication.architecture!r} is not an architecture")
    if not _TITLE.fullmatch(publication.title):
        problems.append(f"{publication.title!r} is not a title: expected one line of text")
    counts = Counter(published.component for published in publication.packages)
    problems += [f"{name} is listed {n} times" for name, n in sorted(counts.items()) if n > 1]
    problems += [f"{name!r} is not a component's name" for name in counts if not _is_name(name)]
    if problems:
        raise PublishError(f"{publication.channel}/{publication.distro} is not published", problems)
    return url.rstrip("/")


def check_reason(reason: str) -> None:
    """Check the reason that a person gives: it is published.

    :raises PublishError: it is empty, or more than one line.
    """
    if not _TITLE.fullmatch(reason):
        raise PublishError(f"{reason!r} is not a reason: expected one line of text")


def _is_name(name: str) -> bool:
    try:
        _component.validate_python(name)
    except ValidationError:
        return False
    return True
