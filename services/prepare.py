"""Makes the master's directory, or upgrades it, and those of this host's workers.

`python -m services.prepare` is run before every start: by systemd, in a container, by hand.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from farm.errors import FarmError
from farm.run import run
from farm.site import Site, load_site
from workers import setup

TOP = Path(__file__).resolve().parent.parent
PROCESSES = Path("/proc")
ALIVE_S = 150.0
"""A master says every minute that it lives."""


def runs(directory: Path, processes: Path = PROCESSES) -> bool:
    """Whether the master of a directory runs: the process that its pid file names is a Buildbot."""
    try:
        pid = int((directory / "twistd.pid").read_text())
        return b"buildbot" in (processes / str(pid) / "cmdline").read_bytes()
    except (OSError, ValueError):
        return False


def prepare(site: Site) -> None:
    """Make the master's directory and database, or bring them up to this version.

    :raises FarmError: the master runs, here or on another host, or Buildbot fails.
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
    bury(site.database_url, f"{os.uname().nodename}:{directory.resolve()}", time.time())


def bury(url: str, name: str, now: float) -> None:
    """Have Buildbot take masters for dead that the same farm had on other hosts.

    It knows a master by its host, and would leave the planner to one that is gone for more than
    ten minutes. There is one master of a farm at a time, so nobody else can be alive.

    :param url: of Buildbot's database.
    :param name: what the master of this host is called.
    :param now: in seconds since 1970.
    :raises FarmError: one of them seems to be alive.
    """
    masters = sa.table("masters", sa.column("name"), sa.column("active"), sa.column("last_active"))
    others = (masters.c.active == 1) & (masters.c.name != name)
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            for other in connection.execute(sa.select(masters).where(others)):
                silent_s = now - other.last_active
                if silent_s < ALIVE_S:
                    raise FarmError(
                        f"the master {other.name} was alive {max(0, silent_s):.0f} s ago: stop it; "
                        f"if it is dead, try again in {ALIVE_S - silent_s:.0f} s"
                    )
            connection.execute(sa.update(masters).where(others).values(last_active=0))
    except sa.exc.SQLAlchemyError as error:
        raise FarmError(f"cannot read Buildbot's database: {error}") from error
    finally:
        engine.dispose()


def main() -> None:
    """Prepare the site that FARM_SITE names."""
    try:
        prepare(load_site())
        setup.main()
    except FarmError as error:
        sys.exit(f"prepare: {error}")


if __name__ == "__main__":
    main()
