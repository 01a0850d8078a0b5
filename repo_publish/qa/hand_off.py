"""One pass of the hand-off: tell whoever is due, promote what has passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from farm.errors import FarmError
from farm.qa import Qa, Webhook
from repo_publish.publisher import Stores
from repo_publish.qa.delivery import deliver_due, retry_after_s
from repo_publish.qa.promotion import Due, due_promotions, promote


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

    def one_pass(self) -> list[FarmError]:
        """Do what is due; what went wrong with promotions. (Deliveries remember their own.)"""
        if not self.archive.is_dir():
            return []
        deliver_due(self.archive, self.settings.webhooks, self.secret, self.log, clock=self.clock)
        errors = []
        for due in due_promotions(self.archive, self.settings.promotions):
            if due in self._done:
                continue
            attempts, next_try = self._failed.get(due, (0, 0.0))
            if next_try > self.clock():
                continue
            self._say(f"promoting {due.source} {due.snapshot} to {due.target}")
            try:
                promote(due.source, due.snapshot, due.target.channel, self.stores, self.log)
            except FarmError as error:
                wait = retry_after_s(attempts + 1)
                self._failed[due] = (attempts + 1, self.clock() + wait)
                self._say(
                    f"{due.source} {due.snapshot} is not promoted (again in {wait} s): {error}"
                )
                errors.append(error)
            else:
                self._done.add(due)
        return errors

    def _say(self, message: str) -> None:
        print(message, file=self.log, flush=True)
