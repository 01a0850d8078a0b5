"""Finding the first error in the lines of a log, in one pass that keeps a bounded part of it.

A log marks the phases of the build (`farm.build.phases`). What failed, failed in the last of them:
errors before it were survived, and count only where the last phase has none.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from farm.build.phases import MARK
from farm.failure.model import (
    MOST_CONTEXT,
    MOST_LINE,
    MOST_MESSAGE,
    MOST_TESTS,
    Failure,
    Kind,
)
from farm.failure.rule import Rule
from farm.failure.rules import RULES
from farm.failure.signs import (
    IGNORED,
    SUMMARIES,
    TEST_HINT,
    TEST_NAMES,
    TEST_TARGET,
    may_tell,
)

KEPT_BEFORE = 40
"""Lines; an error that names its place does so within them."""
SHOWN_BEFORE = 3
NAMED_TESTS = 4
"""In the message; the rest is counted."""

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOISE = re.compile(r"^\s*$|^make(?:\[\d+\])?: (?:Entering|Leaving|\*\*\*)|^[+ ]*exit \d+$")


@dataclass
class _Found:
    """A line that says what is wrong, and what stands around it."""

    number: int
    text: str
    rule: Rule | None
    match: re.Match[str] | None
    before: tuple[str, ...]
    after: list[str] = field(default_factory=list)


@dataclass
class _Phase:
    """What was found in one phase."""

    name: str = ""
    certain: _Found | None = None
    first: _Found | None = None
    summary: _Found | None = None
    test: _Found | None = None
    tests: dict[str, None] = field(default_factory=dict)
    """Names, in their order."""

    @property
    def tells(self) -> bool:
        """Whether it says what is wrong."""
        return any((self.certain, self.first, self.test))

    def ignored(self) -> None:
        """What failed up to here was allowed to."""
        if self.summary is None:
            self.first = self.test = None
            self.tests.clear()

    @property
    def runs_tests(self) -> bool:
        """Whether it was in tests that it failed."""
        match = self.summary.match if self.summary else None
        target = match.groupdict().get("target") if match else None
        return self.name == "test" or bool(target and TEST_TARGET.search(target))


class _Search:
    """Takes a log line by line."""

    def __init__(self) -> None:
        self._phase = _Phase()
        self._told: _Phase | None = None
        self._before: deque[str] = deque(maxlen=KEPT_BEFORE)
        self._open: list[_Found] = []
        self._last = _Found(0, "", None, None, ())

    def take(self, number: int, raw: str) -> None:
        """The next line."""
        line = plain_line(raw)
        if self._open:
            self._follow(line)
        if line.startswith(MARK):
            if self._phase.tells:
                self._told = self._phase
            self._phase = _Phase(line.removeprefix(MARK).strip())
        elif may_tell(line):
            self._look(number, line)
        if line.strip():
            self._last = _Found(number, line, None, None, tuple(self._before)[-SHOWN_BEFORE:])
        self._before.append(line)

    def _follow(self, line: str) -> None:
        for found in self._open:
            found.after.append(line)
        self._open = [found for found in self._open if len(found.after) < MOST_CONTEXT]

    def _look(self, number: int, line: str) -> None:
        phase = self._phase
        if IGNORED.match(line):
            phase.ignored()
            return
        for pattern in TEST_NAMES:
            if match := pattern.match(line):
                if phase.test is None:
                    phase.test = self._found(number, line, None, match)
                if len(phase.tests) < MOST_TESTS:
                    phase.tests[match["name"].strip()[:MOST_LINE]] = None
                return
        for rule in RULES:
            if (rule.certain or phase.first is None) and (match := rule.pattern.search(line)):
                if rule.certain and phase.certain is None:
                    phase.certain = self._found(number, line, rule, match)
                elif phase.first is None:
                    phase.first = self._found(number, line, rule, match)
                return
        if phase.summary is None:
            for rule in SUMMARIES:
                if match := rule.pattern.search(line):
                    phase.summary = self._found(number, line, rule, match)
                    return

    def _found(
        self, number: int, line: str, rule: Rule | None, match: re.Match[str] | None
    ) -> _Found:
        found = _Found(number, line, rule, match, tuple(self._before))
        self._open.append(found)
        return found

    def answer(self) -> Failure:
        """What was found."""
        phase = self._phase
        if not phase.tells and self._told and not phase.summary:
            phase = self._told
        if phase.certain:
            return _explained(phase.certain)
        if phase.test and (phase.first is None or phase.runs_tests):
            return _failed_tests(phase.test, list(phase.tests))
        if phase.first:
            return _explained(phase.first)
        return _unexplained(phase.summary or self._last)


def first_error(lines: Iterable[str]) -> Failure:
    """The first error that matters in the log of a build that failed.

    :param lines: of the log, from its beginning. Time is linear in their length, which the caller
        bounds (`farm.failure.log` does).
    """
    search = _Search()
    for number, line in enumerate(lines, 1):
        search.take(number, line)
    return search.answer()


def plain_line(raw: str) -> str:
    """A line as a terminal shows it in the end: no colours, and what a progress bar left."""
    line = raw.rstrip("\r\n")
    if "\r" in line:
        line = line.rpartition("\r")[2]
    if "\x1b" in line:
        line = _COLOUR.sub("", line)
    return line.expandtabs(4)[:MOST_LINE] if "\t" in line else line[:MOST_LINE]


def _explained(found: _Found) -> Failure:
    rule, match = found.rule, found.match
    if rule is None or match is None:
        raise ValueError("nothing was matched")
    groups = {name: value or "" for name, value in match.groupdict().items()}
    message = rule.message.format(**groups) if rule.message else found.text.strip()
    number = found.number
    if rule.after and (said := _first(rule.after, found.after)):
        message = f"{message} {said[1]}" if message.endswith(":") else message
    if rule.before:
        here = [n for n, line in enumerate(found.before) if rule.before.match(line)]
        if here:
            # A compiler names the place once, right before; a packaging tool lists all of them.
            at = here[-1] if rule.kind is Kind.COMPILER else here[0]
            said_there = found.before[at].strip()
            number = found.number - len(found.before) + at
            message = f"{said_there} {message}" if rule.kind is Kind.COMPILER else said_there
    return _failure(rule.kind, message, number, found, rule.hint.format(**groups))


def _first(pattern: re.Pattern[str], lines: Iterable[str]) -> re.Match[str] | None:
    return next((match for line in lines if (match := pattern.match(line))), None)


def _failed_tests(found: _Found, names: list[str]) -> Failure:
    message = f"{names[0]} failed"
    if len(names) > 1:
        left = "many" if len(names) == MOST_TESTS else len(names) - NAMED_TESTS
        more = f" and {left} more" if len(names) > NAMED_TESTS else ""
        message = f"tests failed: {', '.join(names[:NAMED_TESTS])}{more}"
    return _failure(Kind.TEST, message, found.number, found, TEST_HINT, names)


def _unexplained(found: _Found) -> Failure:
    message = found.text.strip() or "the log says nothing"
    words = [line.strip() for line in found.before if not _NOISE.match(line)]
    if found.rule and words:
        message = f"{message}; before it: {words[-1]}"
    hint = "" if found.number else "Nothing was printed: see the farm's own message."
    return _failure(Kind.COMMAND, message, found.number, found, hint)


def _failure(
    kind: Kind, message: str, number: int, found: _Found, hint: str, tests: Iterable[str] = ()
) -> Failure:
    """:param number: of the line that is shown, which may be before that of `found`."""
    lines = [*found.before, *([found.text] if found.number else []), *found.after]
    first = found.number - len(found.before)
    begin = max(number - SHOWN_BEFORE, first)
    context = lines[begin - first : begin - first + MOST_CONTEXT]
    return Failure(
        kind=kind,
        message=_shown(message, MOST_MESSAGE),
        line=number,
        context=tuple(_shown(line, MOST_LINE) for line in context),
        context_line=max(begin, 0),
        hint=_shown(hint, 1000),
        tests=tuple(_shown(name, MOST_LINE) for name in tests),
    )


def _shown(text: str, most: int) -> str:
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= most else text[: most - 1] + "…"
