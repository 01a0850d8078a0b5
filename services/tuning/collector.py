"""How often Python looks for garbage in the master."""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 10, 10)
"""Objects made before the youngest are looked at, and how often that makes the older ones due.

Thousands of builders are a million objects that live as long as the master. By default they are
looked through again and again while more are made, a fifth of the time that a start takes.
"""


def collect_seldom() -> None:
    """Let the process do so."""
    gc.set_threshold(*THRESHOLDS)
