"""What lintian and rpmlint say of built packages, counted and sorted out of their output."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.errors import CommandError, FarmError
from farm.model import Family
from farm.run import CLEAN_PATH, clean_environment, run

RPMLINT_CONFIGURATION = Path(__file__).with_name("templates") / "rpmlint.toml"
TIMEOUT_S = 300.0
TOOLS = {Family.DEB: "lintian", Family.RPM: "rpmlint"}

_DEBUG = re.compile(r"-dbgsym_|-debug(?:info|source)-")
_LINE = re.compile(r"^(?:(?P<deb>[EW]): \S+(?: source)?: |\S+ (?P<rpm>[EW]): )")


@dataclass(frozen=True)
class Lint:
    """The lines of a linter."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def lint(family: Family, packages: Sequence[Path]) -> Lint | None:
    """Look at packages (.deb, .dsc, .changes; .rpm) with the family's linter.

    :return: None where it is not installed, or fails.
    """
    tool = TOOLS[family]
    if not packages or not shutil.which(tool, path=CLEAN_PATH):
        return None
    options = (
        ["--allow-root", "--tag-display-limit", "0"]
        if family is Family.DEB
        else ["--config", str(RPMLINT_CONFIGURATION)]
    )
    try:
        said = run(
            "lint", [tool, *options, *packages], env=clean_environment(), timeout_s=TIMEOUT_S
        )
    except CommandError as error:  # it found something
        said = error.output
    except FarmError:
        return None
    return parse_lint(said)


def is_linted(filename: str) -> bool:
    """Whether a file is for a linter: packages and source packages, none of debug symbols."""
    return filename.endswith((".deb", ".dsc", ".rpm")) and not _DEBUG.search(filename)


def parse_lint(text: str) -> Lint:
    """Errors and warnings in the output of either linter."""
    lines = [(line, found) for line in text.splitlines() if (found := _LINE.match(line))]

    def of(level: str) -> tuple[str, ...]:
        return tuple(line for line, found in lines if level in (found["deb"], found["rpm"]))

    return Lint(of("E"), of("W"))
