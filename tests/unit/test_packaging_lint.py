"""Reading what lintian and rpmlint print."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from farm.build.interface import BuildOutcome
from farm.job.lint import VARIABLE, lint_build
from farm.job.model import LintCounts
from farm.model import Family
from farm.packaging.lint import Lint, is_linted, parse_lint


def test_lintians_lines_are_sorted_by_level() -> None:
    text = (
        "E: libx1: ldconfig-symlink-is-not-a-symlink [usr/lib/libx.so.1]\n"
        "E: x source: source-is-missing [x.htm]\n"
        "W: x: no-manual-page [usr/bin/x]\n"
        "I: x: hardening-no-bindnow\nN: 0 hints overridden\n"
    )
    found = parse_lint(text)
    assert [line.split(": ")[2] for line in found.errors] == [
        "ldconfig-symlink-is-not-a-symlink [usr/lib/libx.so.1]",
        "source-is-missing [x.htm]",
    ]
    assert found.warnings == ("W: x: no-manual-page [usr/bin/x]",)


def test_rpmlints_lines_are_sorted_by_level() -> None:
    text = (
        "====== rpmlint session starts ======\nrpmlint: 2.4.0\n\n"
        "x.x86_64: E: no-binary\nx.spec: W: no-%check-section\n"
        " 1 packages and 0 specfiles checked; 1 errors, 1 warnings, 1 badness\n"
    )
    assert parse_lint(text) == Lint(("x.x86_64: E: no-binary",), ("x.spec: W: no-%check-section",))


def test_silence_is_praise() -> None:
    assert parse_lint("") == Lint()


def test_packages_that_people_install_are_linted() -> None:
    names = ("x_1.deb", "x_1.dsc", "x-1.src.rpm", "x-dbgsym_1.deb", "x-debuginfo-1.rpm", "x.log")
    assert [name for name in names if is_linted(name)] == ["x_1.deb", "x_1.dsc", "x-1.src.rpm"]


def test_a_job_lints_where_the_worker_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = BuildOutcome("1", ("x.dsc",), ("x_1.deb", "x-dbgsym_1.deb"), (), "none", "root")
    asked: list[str] = []

    def said(family: Family, packages: Sequence[Path]) -> Lint:
        asked.extend(path.name for path in packages)
        return Lint(("E: x: bad",), ("W: x: odd",))

    monkeypatch.setattr("farm.job.lint.lint", said)
    log = io.StringIO()
    monkeypatch.delenv(VARIABLE, raising=False)
    assert lint_build(Family.DEB, tmp_path, outcome, log) is None
    monkeypatch.setenv(VARIABLE, "1")
    assert lint_build(Family.DEB, tmp_path, outcome, log) == LintCounts(errors=1, warnings=1)
    assert asked == ["x.dsc", "x_1.deb"]
    assert log.getvalue() == "==> lint\nE: x: bad\nW: x: odd\n"
