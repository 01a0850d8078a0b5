"""The verdict on a build says what its log says first."""

from __future__ import annotations

from pathlib import Path

from farm.errors import BuildFailure
from farm.failure.model import FoundFailure, Kind
from farm.failure.verdict import explained

FAILURE = BuildFailure("build", "dpkg-buildpackage exited with 2\n  the end\n  of the log")


def verdict(log: Path, text: str, failure: BuildFailure = FAILURE) -> BuildFailure:
    log.write_text(text)
    return explained(failure, log, "k" * 64, log.with_suffix(".json"))


def test_the_first_error_is_the_message_and_is_handed_over(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    one = verdict(log, "==> build\nx.c:1:2: error: y\nbuild failed: dpkg-buildpackage exited\n")
    assert one.phase == "build"
    first, *more = str(one).splitlines()
    assert first == "build failed: x.c:1:2: error: y (compiler, line 2 of the log)"
    assert "  >      2  x.c:1:2: error: y" in more
    found = FoundFailure.model_validate_json(log.with_suffix(".json").read_text())
    assert (found.key, found.failure.kind, found.failure.line) == ("k" * 64, Kind.COMPILER, 2)


def test_where_nothing_tells_why_the_end_of_the_log_is_still_shown(tmp_path: Path) -> None:
    one = verdict(tmp_path / "build.log", "mystery\nmake: *** [Makefile:3: all] Error 1\n")
    first, *more = str(one).splitlines()
    assert first == "build failed: make: *** [Makefile:3: all] Error 1; before it: mystery"
    assert more == str(FAILURE).removeprefix("build failed: ").splitlines()


def test_the_farms_own_words_are_said_once(tmp_path: Path) -> None:
    failure = BuildFailure("package", "it has no debian/control")
    one = verdict(tmp_path / "build.log", f"{failure}\n", failure)
    assert str(one) == "package failed: it has no debian/control"


def test_without_a_log_the_verdict_stands(tmp_path: Path) -> None:
    assert explained(FAILURE, tmp_path / "none.log", "k", tmp_path / "none.json") is FAILURE
