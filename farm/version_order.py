"""How the two families order versions."""

from __future__ import annotations

import re

from debian.debian_support import NativeVersion

_RPM_PART = re.compile(r"~|\^|[0-9]+|[A-Za-z]+")
# What stands where one version ends and the other goes on: "~" is older, all else is newer.
_RPM_END = (1, 0, "")


def precedes(older: str, newer: str) -> bool:
    """Whether `newer` is an upgrade of `older` for dpkg and for rpm.

    They differ: ``1.0z`` is older than ``1.0+git4`` for dpkg and newer for rpm.
    """
    by_dpkg = bool(NativeVersion(older) < NativeVersion(newer))
    return by_dpkg and rpm_sort_key(older) < rpm_sort_key(newer)


def rpm_sort_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts versions (or releases) as rpmvercmp() does, see rpm-version(7)."""
    return (*(_rpm_part(part) for part in _RPM_PART.findall(version)), _RPM_END)


def _rpm_part(part: str) -> tuple[int, int, str]:
    if part == "~":
        return (0, 0, "")
    if part == "^":
        return (2, 0, "")
    return (4, int(part), "") if part.isdigit() else (3, 0, part)
