"""Patterns for ``*.install`` and ``%files``: short where that is safe, exact where it is not.

A pattern is only used when every path that it matches belongs to the same package, so the lists
of all packages together cover every file once, however alike their names are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from farm.packaging.manifest import Installed

_UNSAFE = re.compile(r"[^A-Za-z0-9/._+@:,=~%\x80-\U0010ffff-]")
"""ASCII that a shell glob or a list of words would take for something else."""
_WIDE = re.compile(r"[\x80-\U0010ffff]+")
"""One character or several bytes, as the tool sees it."""
_HIDDEN = r"(?!\.)"
"""A wildcard at the start of a name does not match a dot, in a shell as in rpm."""


def cover(
    own: Iterable[Installed],
    others: Iterable[str],
    candidates: Callable[[Installed], Sequence[str]],
) -> tuple[tuple[str, Installed], ...]:
    """Choose patterns for the files of a package.

    :param own: the package's files.
    :param others: paths of all other packages' files.
    :param candidates: patterns that match a file, from the widest to the exact one; ``*`` and
        ``?`` stay within a directory, and a pattern that names a directory means all below it.
    :return: pairs of a pattern and the first file it was chosen for, in the order of the files.
    """
    foreign = tuple(others)
    chosen: list[tuple[str, Installed]] = []
    matchers: list[re.Pattern[str]] = []
    for entry in own:
        if any(m.match(entry.path) for m in matchers):
            continue
        offered = candidates(entry)
        for number, pattern in enumerate(offered, 1):
            matcher = compile_pattern(pattern)
            fits = matcher.match(entry.path) and not any(map(matcher.match, foreign))
            if fits or number == len(offered):
                chosen.append((pattern, entry))
                matchers.append(matcher)
                break
    return tuple(chosen)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """What a glob matches: the path itself, or anything below it."""
    translated = re.sub(
        r"(^|/)?([*?])|.",
        lambda m: (
            (m[1] or "") + (_HIDDEN if m[1] else "") + {"*": "[^/]*", "?": "[^/]"}[m[2]]
            if m[2]
            else re.escape(m[0])
        ),
        pattern.rstrip("/"),
        flags=re.DOTALL,
    )
    return re.compile(f"{translated}(?:/.*)?$", re.DOTALL)


def exact(path: str) -> str:
    """A pattern for one path, with wildcards for what no list of patterns can name."""
    return _WIDE.sub("*", _UNSAFE.sub("?", path))
