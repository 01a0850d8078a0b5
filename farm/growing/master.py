"""The master on this machine: told of new settings; and the workers that it has beside it."""

from __future__ import annotations

import os
import re
import shlex
import sys
from contextlib import suppress
from pathlib import Path

from farm.errors import FarmError
from farm.run import run
from farm.site import SITE_VARIABLE, Site

RECONFIGURE_TIMEOUT_S = 180.0
_CONFIGURATION = re.compile(r"^configfile = r?['\"](?P<path>/[^'\"]+)['\"]", re.MULTILINE)


def own_worker(distro: str) -> str:
    """The worker for a distro, on the master's machine, where the site names none."""
    return f"worker-{distro.replace('.', '-')}"


def process_of(directory: Path) -> int | None:
    """The process id of the master or worker of a directory; None where it does not run here."""
    with suppress(FileNotFoundError, ValueError, ProcessLookupError):
        pid = int((directory / "twistd.pid").read_text())
        os.kill(pid, 0)
        return pid
    return None


def is_running(directory: Path) -> bool:
    """Whether the master or worker of a directory runs on this machine."""
    return process_of(directory) is not None


def reconfigure_command(site: Site) -> str:
    """What a person types on the master's machine."""
    return f"buildbot reconfig {shlex.quote(str(site.state / 'master'))}"


def reconfigure(site: Site) -> bool:
    """Have the master read its configuration again, where it runs here; builds go on.

    :returns: whether it runs here, and has the new configuration now.
    :raises FarmError: it runs, and refuses the configuration; it goes on with the old one.
    """
    master = site.state / "master"
    if not is_running(master):
        return False
    run(
        "reconfigure the master",
        [_program("buildbot"), "reconfig", "--progress_timeout=120", master],
        timeout_s=RECONFIGURE_TIMEOUT_S,
    )
    return True


def start_own_worker(site: Site, site_file: Path, name: str) -> None:
    """Make and start a worker on the master's machine, if it does not run.

    :raises FarmError: it cannot be made or started.
    """
    text = (site.state / "master" / "buildbot.tac").read_text(encoding="utf-8")
    found = _CONFIGURATION.search(text)
    if found is None:
        raise FarmError(f"{site.state / 'master' / 'buildbot.tac'} names no master.cfg")
    run(
        f"make the worker {name}",
        [sys.executable, "-m", "workers.setup"],
        cwd=Path(found["path"]).parent,
        env={**os.environ, SITE_VARIABLE: str(site_file.resolve())},
    )
    directory = site.state / "workers" / name
    if not is_running(directory):
        (directory / "twistd.pid").unlink(missing_ok=True)
        run(f"start the worker {name}", [_program("buildbot-worker"), "start", directory])


def stop_own_worker(site: Site, name: str) -> bool:
    """Stop a worker on the master's machine, and forget it.

    :returns: whether there was one.
    """
    directory = site.state / "workers" / name
    if is_running(directory):
        run(f"stop the worker {name}", [_program("buildbot-worker"), "stop", directory])
    known = (directory / "buildbot.tac").exists()
    (directory / "buildbot.tac").unlink(missing_ok=True)
    return known


def _program(name: str) -> Path:
    """A command of the environment that this one is installed in."""
    return Path(sys.executable).with_name(name)
