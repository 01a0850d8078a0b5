"""Following a program: every line, and no longer than it may run."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from farm.build.stream import KEPT_LINES, TimeLimitExceeded, follow, run_following
from farm.errors import CommandError, FarmError


def start(*argv: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def shell(script: str) -> subprocess.Popen[bytes]:
    return start("sh", "-c", script)


def test_gives_each_line_and_completes_the_last() -> None:
    lines: list[str] = []

    follow(shell("echo one; echo two >&2; printf three"), "sh", lines.append, 10)

    assert lines == ["one\n", "two\n", "three\n"]


def test_returns_everything_when_nobody_takes_the_lines() -> None:
    assert follow(shell("seq 500"), "sh", None, 10).count("\n") == 500


def test_keeps_the_last_lines_for_the_error_message() -> None:
    kept = follow(shell("seq 500"), "sh", lambda line: None, 10)

    assert kept.splitlines() == [str(n) for n in range(501 - KEPT_LINES, 501)]


def test_survives_bytes_that_are_no_text_and_characters_cut_in_two() -> None:
    script = "import sys,time; w=sys.stdout.buffer; w.write(b'\\xc3'); w.flush(); time.sleep(.05); "
    process = start(sys.executable, "-c", script + "w.write(b'\\xa9 \\xff\\n')")

    assert follow(process, "python", None, 10) == "\u00e9 \ufffd\n"


@pytest.mark.parametrize("script", ["exec sleep 60", "exec yes", "exec >&- 2>&-; exec sleep 60"])
def test_a_program_that_runs_too_long_is_noticed_whatever_it_prints(script: str) -> None:
    process = shell(script)
    began = time.monotonic()

    with pytest.raises(TimeLimitExceeded, match="it ran longer than 0 s"):
        follow(process, "it", lambda line: None, 0.2)

    process.kill()
    process.wait()
    assert time.monotonic() - began < 5


def test_does_not_wait_for_a_pipe_that_a_left_over_process_holds() -> None:
    process = shell("sleep 60 & echo $!")

    pid = follow(process, "sh", None, 30)

    os.kill(int(pid), 9)


def test_a_program_that_fails_or_is_missing_is_reported() -> None:
    environment = {"PATH": os.environ["PATH"]}

    with pytest.raises(CommandError, match=r"try it: sh -c 'echo no; exit 3' exited with 3\n  no"):
        run_following(
            "try it",
            ["sh", "-c", "echo no; exit 3"],
            env=environment,
            output=lambda line: None,
            timeout_s=10,
        )
    with pytest.raises(FarmError, match="try it: not-there is not installed"):
        run_following(
            "try it", ["not-there"], env=environment, output=lambda line: None, timeout_s=10
        )
