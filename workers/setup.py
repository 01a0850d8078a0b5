"""Makes the directories of a site's workers on this machine: `python -m workers.setup`."""

from __future__ import annotations

import os
from pathlib import Path

from farm.model.load import load_stack
from farm.site import Site, load_site
from workers.config import worker_plans

# A Buildbot worker attaches to at most MAX_BROKER_REFS builders: past that it says "ready" while
# nothing builds, so the limit is raised before it connects.
_TAC = """\
import os
import sys

from buildbot_worker.bot import Worker
from twisted.application import service
from twisted.python.log import FileLogObserver, ILogObserver
from twisted.python.logfile import LogFile
from twisted.spread import pb

pb.MAX_BROKER_REFS = 65536
os.environ["PATH"] += ":" + os.path.dirname(sys.executable)
os.environ["FARM_CACHE"] = {cache!r}

basedir = {basedir!r}
application = service.Application('buildbot-worker')  # `buildbot-worker start` looks for just this
log = LogFile.fromFullPath(
    os.path.join(basedir, "twistd.log"), rotateLength=10_000_000, maxRotatedFiles=10
)
application.setComponent(ILogObserver, FileLogObserver(log).emit)
with open({password!r}) as file:
    password = file.read().strip()
Worker(
    {host!r}, {port!r}, {name!r}, password, basedir, keepalive=600, umask=0o22, maxdelay=5
).setServiceParent(application)
"""


def worker_directory(site: Site, name: str) -> Path:
    """Where a worker of this machine lives."""
    return site.state / "workers" / name


def set_up(site: Site, name: str, *, untrusted: bool = False) -> Path:
    """Make a worker's directory; one that exists gets the current settings.

    :param untrusted: it builds pull requests, and shares no cache with others.
    """
    directory = worker_directory(site, name)
    (directory / "info").mkdir(parents=True, exist_ok=True)
    (directory / "info" / "admin").write_text("the farm\n")
    (directory / "info" / "host").write_text(" ".join(os.uname()) + "\n")
    site.secret(f"worker-{name}")
    text = _TAC.format(
        cache=str(site.state / ("cache-untrusted" if untrusted else "cache")),
        basedir=str(directory),
        password=str(site.state / "secrets" / f"worker-{name}"),
        host=site.workers_listen.host,
        port=site.workers_listen.port,
        name=name,
    )
    (directory / "buildbot.tac").write_text(text)
    return directory


def main() -> None:
    """Set up every worker of the site, and print their directories."""
    site = load_site()
    stack = load_stack(site.components, site.variables)
    for plan in worker_plans(site, stack):
        if not plan.awaited:
            print(set_up(site, plan.name, untrusted=plan.untrusted))


if __name__ == "__main__":
    main()
