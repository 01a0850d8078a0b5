"""Builder of job files, and of a pool that answers over HTTP in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from farm.job.model import Job, JobInput
from farm.model import Component, Distro, Root
from tests.builds import KEY

TOKEN = "a token"  # noqa: S105 - of a server that lives for one test
DEB = Distro(
    name="bookworm",
    family="deb",
    release="Debian 12",
    architecture="amd64",
    root=Root(suite="bookworm"),
    version_suffix="~deb12",
)


def job(component: Component, commit: str, *, distro: Distro = DEB, **fields: object) -> Job:
    """A job for the commit; every field has a value that tests need not care about."""
    values: dict[str, object] = {
        "key": KEY,
        "channel": "development",
        "maintainer": "Farm <farm@example.invalid>",
        "upstream_version": "1.0",
        "rebuild": 0,
        "timestamp": 1_700_000_000,
        "changes": ("Change",),
        "inputs": (),
        "pool_url": "http://127.0.0.1:1",
    }
    return Job(component=component, commit=commit, distro=distro, **{**values, **fields})


def package(name: str, component: str = "", *, direct: bool = True, **fields: object) -> JobInput:
    """An input package; digest and size are of nothing unless given."""
    values: dict[str, object] = {
        "version": "1.0-1",
        "filename": f"{name}_1.0-1_amd64.deb",
        "key": KEY,
        "sha256": "0" * 64,
        "size": 0,
    }
    values.update(fields)
    return JobInput(component=component or name, package=name, direct=direct, **values)


_SERVE = """
import sys
from pathlib import Path
from twisted.internet import reactor
from steps.pool_site import Access, pool_site
site = pool_site({sys.argv[2]: Access((Path(sys.argv[1]),))})
port = reactor.listenTCP(0, site, interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
"""


@contextmanager
def served_pool(pool: Path) -> Iterator[str]:
    """Serve `pool` on a loopback port of its own; the value is its URL."""
    argv = [sys.executable, "-c", _SERVE, str(pool), TOKEN]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)
        if server.stdout is not None:
            server.stdout.close()


def eventually(condition: Callable[[], bool], within_s: float = 5) -> bool:
    """Whether the condition comes true before long."""
    end = time.monotonic() + within_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()
