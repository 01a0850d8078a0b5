from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import BinaryIO, cast

from farm.job.log import BuildLog


def test_what_is_written_goes_to_the_file_and_the_terminal(tmp_path: Path) -> None:
    terminal = io.BytesIO()
    with BuildLog(tmp_path / "log", terminal) as log:
        log.write("one ä\n")
        subprocess.run(["echo", "two"], stdout=log, check=True)
        log.write("three")
    assert terminal.getvalue().decode() == "one ä\ntwo\nthree"
    assert (tmp_path / "log").read_bytes() == terminal.getvalue()


def test_a_log_without_end_is_cut(tmp_path: Path) -> None:
    with BuildLog(tmp_path / "log", io.BytesIO(), limit=10) as log:
        log.write("0123456789abc\n" * 10)
        log.write("more\n")
    assert (tmp_path / "log").read_text() == (
        "0123456789\n[the log ends here: it is longer than allowed]\n"
    )


class Gone:
    def write(self, _data: bytes) -> int:
        raise BrokenPipeError


def test_the_file_is_written_also_when_nobody_listens(tmp_path: Path) -> None:
    with BuildLog(tmp_path / "log", cast(BinaryIO, Gone())) as log:
        log.write("one\n")
        log.write("two\n")
    assert (tmp_path / "log").read_text() == "one\ntwo\n"
