"""What is wrong at one place of a configuration, before the place has a line number."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Place = tuple[str | int, ...]
"""Keys and list indices that lead to a value: ``("components", "xapi", "depends", 2)``."""


@dataclass(frozen=True)
class Finding:
    """One mistake. With `on_key` it is the key at `place` that is wrong, not its value."""

    place: Place
    message: str
    on_key: bool = False


def dotted(place: Place) -> str:
    """The place as people read it: ``components.xapi.depends[2]``."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'libogg'?`` when `word` is close to one of `known`, else nothing."""
    by_lower_case = {name.lower(): name for name in sorted(known)}
    close = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f"; did you mean '{by_lower_case[close[0]]}'?" if close else ""


def listed(names: Iterable[str], *, last: str = "or") -> str:
    """``a, b or c``."""
    words = list(names)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
