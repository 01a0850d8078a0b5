"""One pass of the hand-off: tell whoever is due, promote what has passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from farm.errors import FarmError
from farm.qa import Qa, Webhook
from repo_publish.line import Line, lines
from repo_publish.publisher import Stores
from repo_publish.qa.delivery import deliver_due, retry_after_s
from repo_publish.qa.promotion import Due, due_promotions, promote
from repo_publish.summary import newest_summaries


@dataclass
class HandOff:
    """What passes have in common; a promotion that fails is tried again later, like an event."""

    archive: Path
    settings: Qa
    secret: Callable[[Webhook], str]
    """Signs what goes to a hook."""
    stores: Stores
    log: TextIO
    clock: Callable[[], float] = time.time
    _failed: dict[Due, tuple[int, float]] = field(default_factory=dict)
    """Promotion to its failed attempts, and the time of the next."""
    _done: set[Due] = field(default_factory=set)
    """What the target had already, so that no snapshot of it says where it came from."""
    _told: dict[str, str] = field(default_factory=dict)
    """Line to what was last said to be wrong with it."""

    def one_pass(self) -> list[FarmError]:
        """Do what is due; what went wrong, beside deliveries, which remember their own trouble."""
        if not self.archive.is_dir():
            return []
        errors: list[FarmError] = []
        sound = [line for line in lines(self.archive) if not self._trouble(line, errors)]
        deliver_due(
            self.archive,
            self.settings.webhooks,
            self.secret,
            self.log,
            clock=self.clock,
            among=sound,
        )
        for due in due_promotions(sound, self.settings.promotions):
            self._promote(due, errors)
        return errors

    def _trouble(self, line: Line, errors: list[FarmError]) -> bool:
        """Whether a line is damaged, which must not keep the others waiting; told once."""
        try:
            newest_summaries(line, len(line.numbers()))
            line.live()
        except FarmError as error:
            errors.append(error)
            if self._told.get(str(line)) != str(error):
                self._say(f"{line} is left out: {error}")
            self._told[str(line)] = str(error)
            return True
        self._told.pop(str(line), None)
        return False

    def _promote(self, due: Due, errors: list[FarmError]) -> None:
        attempts, next_try = self._failed.get(due, (0, 0.0))
        if due in self._done or next_try > self.clock():
            return
        self._say(f"promoting {due.source} {due.snapshot} to {due.target}")
        try:
            promote(due.source, due.snapshot, due.target.channel, self.stores, self.log)
        except FarmError as error:
            errors.append(error)
            wait = retry_after_s(attempts + 1)
            self._failed[due] = (attempts + 1, self.clock() + wait)
            self._say(f"{due.source} {due.snapshot} is not promoted (again in {wait} s): {error}")
        else:
            self._done.add(due)

    def _say(self, message: str) -> None:
        print(message, file=self.log, flush=True)
