"""What version a git tag names: ``v1.3.5``, ``libogg-1.3.5``, ``curl-7_88_1``, ``1.4-rc1``."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SEPARATOR = r"[-_./@]"
_LEAD = re.compile(rf"(?:(?:release|rel|version|ver){_SEPARATOR}?)?v?{_SEPARATOR}?(?=[0-9])", re.I)
_VERSION = re.compile(r"[0-9][A-Za-z0-9._+~-]*")
_PRERELEASE = re.compile(
    r"[-_.~]?(?<![A-Za-z])(alpha|beta|rc|preview|pre|dev|snapshot)(?![A-Za-z])[-_.]?", re.I
)


def tag_version(tag: str, names: Iterable[str] = ()) -> str | None:
    """The version that a tag names, in the characters both families allow, or None.

    A tag may begin with one of `names` (the component's, the repository's); with any other name
    it belongs to something else. Pre-releases sort before their release: ``1.4-rc1`` becomes
    ``1.4~rc1``.
    """
    rest = tag
    for name in sorted(names, key=len, reverse=True):
        spelled = re.sub(r"[-_]", "[-_]", re.escape(name).replace(r"\-", "-"))
        if match := re.match(spelled + _SEPARATOR, tag, re.I):
            rest = tag[match.end() :]
            break
    lead = _LEAD.match(rest)
    if not lead or not _VERSION.fullmatch(rest[lead.end() :]):
        return None
    version = _PRERELEASE.sub(lambda m: "~" + m[1].lower(), rest[lead.end() :])
    return re.sub(r"[-_]", ".", version).rstrip(".+~")


def is_named(tag: str, names: Iterable[str]) -> bool:
    """Whether the tag is a version of one of `names` only: ``libogg-1.3.5``, ``lib/ogg/v1``."""
    return tag_version(tag) is None and tag_version(tag, names) is not None
