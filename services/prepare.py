"""Makes the master's directory, or upgrades it, and those of this host's workers.

`python -m services.prepare` is run before every start: by systemd, in a container, by hand.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from farm.errors import FarmError
from farm.run import run
from farm.site import Site, load_site
from workers import setup

TOP = Path(__file__).resolve().parent.parent
PROCESSES = Path("/proc")


def runs(directory: Path, processes: Path = PROCESSES) -> bool:
    """Whether the master of a directory runs: the process that its pid file names is a Buildbot."""
    try:
        pid = int((directory / "twistd.pid").read_text())
        return b"buildbot" in (processes / str(pid) / "cmdline").read_bytes()
    except (OSError, ValueError):
        return False


def prepare(site: Site) -> None:
    """Make the master's directory and database, or bring them up to this version.

    :raises FarmError: the master runs, or Buildbot fails.
    """
    directory = site.state / "master"
    if runs(directory):
        raise FarmError(f"the master in {directory} runs: stop it first")
    # Of a master that was killed; its number may be another process's by now.
    (directory / "twistd.pid").unlink(missing_ok=True)
    # Shared by the publisher and by workers, which are root: whoever comes first would own it.
    for folder in (site.state / "cache", site.state / "cache" / "gate"):
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(0o755)
    buildbot = Path(sys.executable).with_name("buildbot")
    if (directory / "buildbot.tac").exists():
        run("upgrade the master", [buildbot, "upgrade-master", "--quiet", directory])
    else:
        config = f"--config={TOP / 'master.cfg'}"
        made = ["create-master", "--quiet", config, f"--db={site.database_url}", directory]
        run("make the master", [buildbot, *made])


def main() -> None:
    """Prepare the site that FARM_SITE names."""
    try:
        prepare(load_site())
        setup.main()
    except FarmError as error:
        sys.exit(f"prepare: {error}")


if __name__ == "__main__":
    main()
