"""Licences: the SPDX expression that a project states, or that its licence texts amount to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

_DECLARED = re.compile(r"SPDX-License-Identifier:[ \t]*([^\n\"'<>*]+)")
_LATER = re.compile(
    r"\bversions?\s+\d(?:\.\d)?\W.{0,160}?\bor\W+\(?\s*at\s+your\s+option\W+any\s+later"
    r"|\bor\s+(?:any\s+)?(?:later|newer)\s+versions?\b|\bv?\d(?:\.\d)?\s+or\s+(?:later|newer)\b",
    re.IGNORECASE | re.DOTALL,
)
_ONLY = re.compile(
    r"\bversion\s+\d(?:\.\d)?\s+(?:only\b|of the\s+licen[cs]e\s*(?:[.;]|as published))",
    re.IGNORECASE,
)
_GNU = re.compile(r"(?:A|L)?GPL-[\d.]+$|GFDL-[\d.]+$")
_SHORTEST_GNU_TEXT = 7000
"""Characters; what is shorter are notices."""
_COMMENT_END = re.compile(r"[\s*/-]+$")


@dataclass(frozen=True)
class Licence:
    """What a project is licensed under, as far as its files tell."""

    expression: str
    """SPDX expression, empty when nothing was recognised."""
    certain: bool = True
    """Whether the files leave no choice: a GPL's text alone says nothing of later versions."""


def is_expression(text: str) -> bool:
    """Whether the text is an SPDX licence expression of known licences."""
    if not text.strip():
        return False
    return not _licensing().validate(text, strict=True).errors


def parts(expression: str) -> frozenset[str]:
    """The licences in a valid expression, versions of the GNU licences without their suffix."""
    return frozenset(
        re.sub(r"(?:-only|-or-later|\+)$", "", symbol)
        for symbol in re.split(r"[()\s]+", expression)
        if symbol not in ("", "AND", "OR", "WITH")
    )


def declared(text: str) -> str:
    """The valid SPDX expression in a ``SPDX-License-Identifier:`` line of the text, else empty."""
    for found in _DECLARED.finditer(text):
        expression = _COMMENT_END.sub("", found[1]).strip()
        if is_expression(expression):
            return expression
    return ""


def identify(texts: Mapping[str, str], notices: Iterable[str] = ()) -> Licence:
    """The licence that texts amount to.

    :param texts: licence files: name to text.
    :param notices: other texts that may say which versions of a GNU licence are meant: a readme,
        the heads of source files.
    """
    found = [one for text in texts.values() for one in _identified(text)]
    if "LGPL-3.0" in found:
        # The LGPL's version 3 is a supplement to the GPL's, whose text has to come along.
        found = [one for one in found if one != "GPL-3.0"]
    names = list(dict.fromkeys(found))
    said = "\n".join(_without_licences(text) for text in (*texts.values(), *notices))
    meant = [_with_versions(name, said) for name in names]
    several_files = len(texts) > 1 and len(names) > 1
    return Licence(
        " AND ".join(dict.fromkeys(licence.expression for licence in meant)),
        certain=all(licence.certain for licence in meant) and not several_files,
    )


def _identified(text: str) -> list[str]:
    """SPDX ids in a text, in order; a GNU licence's appendix on how to use it is not a notice."""
    from licenseclassifier import identify_license

    found: dict[str, str] = {}
    for match in sorted(identify_license(text), key=lambda match: match.start):
        base = re.sub(r"-(?:only|or-later)$", "", match.id)
        if _GNU.match(base) or is_expression(match.id):
            found.setdefault(base, match.id)
    return list(found.values())


def _with_versions(name: str, said: str) -> Licence:
    """A GNU licence with ``-only`` or ``-or-later``, as the notices say."""
    if not _GNU.match(name):
        return Licence(name)
    if _LATER.search(said):
        return Licence(f"{name}-or-later")
    return Licence(f"{name}-only", certain=_ONLY.search(said) is not None)


def _without_licences(text: str) -> str:
    """The text up to a GNU licence quoted in it, which mentions every choice there is."""
    from licenseclassifier import identify_license

    if len(text) < _SHORTEST_GNU_TEXT:
        return text
    quoted = (match.start for match in identify_license(text) if _GNU.match(match.id))
    return text[: min(quoted, default=len(text))]


@cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
