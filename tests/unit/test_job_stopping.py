from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# A job whose child starts a daemon that leaves its session, as build scripts do.
JOB = """
import subprocess, sys
from farm.errors import InfrastructureError
from farm.job.stopping import stoppable
try:
    with stoppable():
        daemon = "setsid sh -c 'trap \\"\\" TERM; echo $$; exec sleep 60' & sleep 0.1"
        subprocess.run(["sh", "-c", daemon + END])
except InfrastructureError as error:
    print(error, flush=True)
    sys.exit(75)
finally:
    print("cleaned up", flush=True)
"""


def start(end: str) -> tuple[subprocess.Popen[str], int]:
    code = JOB.replace("END", repr(end))
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, int(child.stdout.readline())


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_below_at_once(number: signal.Signals) -> None:
    child, daemon = start("; sleep 60")
    begin = time.monotonic()
    os.kill(child.pid, number)
    said, _ = child.communicate(timeout=10)
    assert said == f"stopped by {number.name}\ncleaned up\n"
    assert child.returncode == 75
    assert time.monotonic() - begin < 5
    assert not is_running(daemon)


def test_nothing_is_left_behind_by_a_job_that_ends() -> None:
    child, daemon = start("")
    said, _ = child.communicate(timeout=10)
    assert (said, child.returncode) == ("cleaned up\n", 0)
    assert not is_running(daemon)
