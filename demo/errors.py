"""What stops the demo, with what to do about it."""

from __future__ import annotations

from farm.errors import FarmError


class DemoError(FarmError):
    """A step of the demo cannot go on.

    `advice` is the next thing a person should do, as a sentence or a few commands.
    """

    def __init__(self, message: str, advice: str = ""):
        self.advice = advice
        super().__init__(message)
