"""What became of the builds that were submitted: steps report, and the records are told."""

from __future__ import annotations

from twisted.logger import Logger

from schedulers.buildsets import Buildsets
from schedulers.state import FarmState

_log = Logger()


class Outcomes:
    """Knows of builds that are under way what their records do not say."""

    def __init__(self, state: FarmState, buildsets: Buildsets):
        self._state = state
        self._buildsets = buildsets
        self._trouble: dict[str, str] = {}
        self._superseded: set[str] = set()

    async def cancel(self, key: str, reason: str) -> None:
        """Take a build back, unless a worker has it already."""
        self._superseded.add(key)
        if not await self._buildsets.cancel(key, reason):
            self._superseded.discard(key)

    def trouble(self, key: str, message: str) -> None:
        """A step could not do its work, through no fault of the component."""
        self._trouble[key] = message

    def take(self, key: str) -> None:
        """Record what became of a build. The pool and the steps' verdicts are the truth: Buildbot's
        own result cannot tell a component's failure from a lost worker's."""
        farm = self._state.farm
        row = farm.records.unfinished.get(key)
        if row is None:
            farm.ended(key)
            return
        result = self._state.result(row)
        if result is not None:
            farm.built(key, result.output_digest, result.exposes)
        elif key in self._buildsets.keys:
            return
        elif key in self._superseded:
            farm.cancelled(key)
        else:
            trouble = self._trouble.pop(key, "the worker or the master was lost")
            attempts = farm.interrupted(key, trouble)
            _log.warn(
                "{component} on {distro}: interrupted {attempts} times: {trouble}",
                trouble=trouble,
                component=row.component,
                distro=row.distro,
                attempts=attempts,
            )
        self._superseded.discard(key)
