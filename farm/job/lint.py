"""Linting what a build made, on workers that are told to: for people to read, never a verdict."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from farm.build.interface import BuildOutcome
from farm.build.phases import MARK
from farm.job.model import LintCounts
from farm.model import Family
from farm.packaging.lint import is_linted, lint

VARIABLE = "FARM_LINT"
"""Set in a worker's environment to have its builds linted: 0.5 CPU s an RPM build, 2 to 3 a deb
build."""


def lint_build(family: Family, made: Path, outcome: BuildOutcome, log: TextIO) -> LintCounts | None:
    """Write what the family's linter says of a build's packages to its log, and count it.

    :param made: where the files of the outcome are.
    :return: None where nobody asked for it, or the linter is not installed.
    """
    if not os.environ.get(VARIABLE):
        return None
    names = (*outcome.source, *outcome.binaries)
    log.write(f"{MARK}lint\n")
    found = lint(family, [made / name for name in names if is_linted(name)])
    if found is None:
        log.write("no linter is installed\n")
        return None
    for line in (*found.errors, *found.warnings):
        log.write(f"{line}\n")
    return LintCounts(errors=len(found.errors), warnings=len(found.warnings))
