"""The demo's master and workers: made, started, and known to be up."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from demo.errors import DemoError
from demo.paths import TOP, Paths
from demo.processes import MARKER, Daemon, Process, end, running
from demo.site import COMPONENTS
from farm.errors import TAIL_LINES, CommandError
from farm.run import CLEAN_PATH, run

MASTER_CONFIG = TOP / "master.cfg"
START_TIMEOUT_S = 120.0
POLL_S = 0.1

Say = Callable[[str], None]

_MASTER_UP = re.compile(r"BuildMaster is running")
_MASTER_FAILED = re.compile(
    r"Configuration Errors|BuildMaster startup failed|configuration update aborted"
    r"|The Buildmaster database needs to be upgraded"
)
_WORKER_UP = re.compile(r"message from master: attached|Connected to .*; worker is ready")
_WORKER_FAILED = re.compile(r"UnauthorizedLogin|Invalid login")
_KEPT_VARIABLES = ("HOME", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY")


def master(paths: Paths) -> Daemon:
    """The farm's master."""
    return Daemon("master", paths.master)


def workers(paths: Paths) -> list[Daemon]:
    """The farm's workers, those that have been made."""
    made = sorted(paths.workers.glob("*/buildbot.tac"))
    return [Daemon(f"worker {tac.parent.name}", tac.parent) for tac in made]


def everything(paths: Paths) -> list[Daemon]:
    """All daemons, in the order to stop them: the master first, so that it ends its builds."""
    return [master(paths), *workers(paths)]


def environment(paths: Paths, caller: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the daemons see: nothing of the caller's environment but the way to the network."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{CLEAN_PATH}",
        "LANG": "C.UTF-8",
        "FARM_SITE": str(paths.site_file),
        MARKER: str(paths.state),
        "PYTHONDONTWRITEBYTECODE": "1",
        **{name: caller[name] for name in _KEPT_VARIABLES if name in caller},
    }


def start(paths: Paths, say: Say) -> bool:
    """Start what does not run yet: the master, then its workers.

    A master that runs gets the settings and components that changed since it read them.

    :return: whether the master was started by this call.
    :raises DemoError: one of them does not come up; the message has the end of its log.
    """
    started = not running(master(paths))
    if started:
        _make_master(paths)
        _start(master(paths), "buildbot", paths, _MASTER_UP, _MASTER_FAILED)
        say("master started")
    elif _changed_since(paths, _configured(paths)):
        buildbot = Path(sys.executable).with_name("buildbot")
        _run(paths, "tell the master of new settings", [buildbot, "reconfig", paths.master])
        say("master runs already, and was told of new settings")
    else:
        say("master runs already")
    _configured(paths).touch()
    printed = _run(paths, "set the workers up", [sys.executable, "-m", "workers.setup"])
    _drop_workers_but(set(printed.splitlines()), paths)
    for worker in workers(paths):
        if running(worker):
            say(f"{worker.name} runs already")
            continue
        _start(worker, "buildbot-worker", paths, _WORKER_UP, _WORKER_FAILED)
        say(f"{worker.name} started")
    return started


def _configured(paths: Paths) -> Path:
    """A file as old as the settings that the running master has."""
    return paths.demo / "configured"


def _changed_since(paths: Paths, marker: Path) -> bool:
    if not marker.exists():
        return True
    read = (MASTER_CONFIG, paths.site_file, COMPONENTS)
    return any(file.stat().st_mtime > marker.stat().st_mtime for file in read)


def _drop_workers_but(wanted: set[str], paths: Paths) -> None:
    """Stop the workers of earlier settings, and forget them."""
    for worker in workers(paths):
        if str(worker.base) not in wanted:
            if process := running(worker):
                end([process])
            (worker.base / "buildbot.tac").unlink()


def dead(daemons: Sequence[Daemon]) -> list[Daemon]:
    """Those of the daemons that do not run."""
    return [daemon for daemon in daemons if running(daemon) is None]


def log_tail(daemon: Daemon, lines: int = TAIL_LINES) -> str:
    """The end of a daemon's log, indented for a message."""
    try:
        text = daemon.log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


def _make_master(paths: Paths) -> None:
    """Make the master's base directory, unless it is there and reads this checkout's master.cfg."""
    tac = paths.master / "buildbot.tac"
    if tac.exists() and repr(str(MASTER_CONFIG)) in tac.read_text(encoding="utf-8"):
        return
    paths.state.mkdir(parents=True, exist_ok=True)
    buildbot = Path(sys.executable).with_name("buildbot")
    _run(
        paths,
        "make the master's directory",
        [buildbot, "create-master", "--force", "-q", f"--config={MASTER_CONFIG}", paths.master],
    )


def _run(paths: Paths, what: str, argv: Sequence[str | Path]) -> str:
    try:
        return run(what, argv, cwd=TOP, env=environment(paths))
    except CommandError as error:
        raise DemoError(str(error), f"The site file is {paths.site_file}.") from error


def _start(
    daemon: Daemon, program: str, paths: Paths, up: re.Pattern[str], failed: re.Pattern[str]
) -> None:
    (daemon.base / "twistd.pid").unlink(missing_ok=True)  # nobody's: it would stop twistd
    seen = daemon.log.stat().st_size if daemon.log.exists() else 0
    command = Path(sys.executable).with_name(program)
    _run(paths, f"start the {daemon.name}", [command, "start", "--quiet", daemon.base])
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        text = _log_since(daemon.log, seen)
        process = running(daemon)
        if up.search(text) and process:
            return
        trouble = _trouble(daemon, text, process, failed, over=time.monotonic() > deadline)
        if trouble:
            raise DemoError(
                f"the {daemon.name} {trouble}; the end of its log:\n{log_tail(daemon)}",
                f"The whole log is {daemon.log}.\nStart anew with: make stop; make demo",
            )
        time.sleep(POLL_S)


def _trouble(
    daemon: Daemon, text: str, process: Process | None, failed: re.Pattern[str], *, over: bool
) -> str:
    """Why waiting any longer is useless, or empty."""
    if failed.search(text):
        return "cannot start"
    if text and process is None and daemon.recorded_pid() is None and "shut down" in text:
        return "ended right after its start"
    return f"did not come up in {START_TIMEOUT_S:.0f} s" if over else ""


def _log_since(log: Path, offset: int) -> str:
    """What was written to the log after `offset`; all of it when it was rotated since."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(offset if size >= offset else 0)
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
