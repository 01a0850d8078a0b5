"""The sections of a spec file's text."""

from __future__ import annotations

import re
from dataclasses import dataclass

PREAMBLE = ""

_SECTION = re.compile(
    # ldconfig_scriptlets is a macro that becomes sections.
    r"^%(?:\{\?)?(ldconfig_\w+|description|package|prep|generate_buildrequires|conf|build|install|check|clean|files"
    r"|changelog|pre|post|preun|postun|pretrans|posttrans|preuntrans|postuntrans|trigger\w*"
    r"|filetrigger\w*|transfiletrigger\w*|verifyscript|verify|sourcelist|patchlist)\b",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Section:
    """A part of a spec: its name without the percent sign, and its whole text."""

    name: str
    text: str


def split_sections(spec: str) -> list[Section]:
    """A spec's preamble and its sections in order; their texts together are the spec."""
    starts = list(_SECTION.finditer(spec))
    if not starts:
        return [Section(PREAMBLE, spec)]
    ends = [*(start.start() for start in starts[1:]), len(spec)]
    return [
        Section(PREAMBLE, spec[: starts[0].start()]),
        *(
            Section(start[1], spec[start.start() : end])
            for start, end in zip(starts, ends, strict=True)
        ),
    ]


def join_sections(sections: list[Section]) -> str:
    """The text of the sections, each begun on a line of its own."""
    texts = [s.text for s in sections if s.text]
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts)
