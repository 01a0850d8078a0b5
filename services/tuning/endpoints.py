"""What answers a path of Buildbot's data, found without sorting all of them each time."""

from __future__ import annotations

from buildbot.util.pathmatch import Matcher

_sort = Matcher._compile


def sort_endpoints_once() -> None:
    """Make Buildbot do so. Doing it again changes nothing.

    Buildbot 4.3 means to: it has a mark for what is to be sorted, and never takes it away.
    """
    Matcher._compile = _sort_once


def _sort_once(self: Matcher) -> None:
    _sort(self)
    self._dirty = False
