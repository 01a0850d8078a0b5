"""The directory of a worker: its settings, password and certificate, and what Buildbot starts."""

from __future__ import annotations

import os
from pathlib import Path

from farm.errors import FarmError
from farm.files import write_atomically
from farm.growing.offer import Offer, Welcome

OFFER, PASSWORD, TLS, PROGRAM = "worker.json", "password", "tls", "buildbot.tac"
WORK = "work"

# A Buildbot worker attaches to at most MAX_BROKER_REFS builders: past that it says "ready" while
# nothing builds, so the limit is raised before it connects. SIGHUP ends it when its builds have.
_TAC = """\
import os
import sys

from buildbot_worker.bot import Worker
from twisted.application import service
from twisted.internet.endpoints import quoteStringArgument
from twisted.python.log import FileLogObserver, ILogObserver
from twisted.python.logfile import LogFile
from twisted.spread import pb

pb.MAX_BROKER_REFS = 65536
os.environ["PATH"] += ":" + os.path.dirname(sys.executable)
os.environ.update({environment!r})

basedir = {basedir!r}
os.makedirs(basedir, exist_ok=True)
application = service.Application('buildbot-worker')  # `buildbot-worker start` looks for just this
log = LogFile.fromFullPath(
    os.path.join({directory!r}, "twistd.log"), rotateLength=10_000_000, maxRotatedFiles=10
)
application.setComponent(ILogObserver, FileLogObserver(log).emit)
with open({password!r}) as file:
    password = file.read().strip()
endpoint = {endpoint!r}
Worker(
    None, None, {name!r}, password, basedir, keepalive=600, umask=0o22, maxdelay=5,
    allow_shutdown="signal",
    connection_string=":".join(
        [endpoint.pop(0), *(f"{{key}}={{quoteStringArgument(value)}}" for key, value in endpoint)]
    ),
).setServiceParent(application)
"""


def program(
    name: str,
    directory: Path,
    password: Path,
    endpoint: dict[str, str],
    environment: dict[str, str],
    work: Path | None = None,
) -> str:
    """The file that `twistd` and `buildbot-worker start` run.

    :param directory: where it lies, and the log.
    :param work: where builds are; Buildbot calls everything else there a leftover. Default: the
        same.
    :param endpoint: Twisted's description of where the master is; its ``kind`` is tcp or tls.
    :param environment: what builds see besides.
    """
    kind, *rest = [endpoint["kind"], *((k, v) for k, v in endpoint.items() if k != "kind")]
    return _TAC.format(
        name=name,
        directory=str(directory),
        basedir=str(work or directory),
        password=str(password),
        endpoint=[kind, *rest],
        environment=environment,
    )


def write_information(directory: Path, title: str) -> None:
    """What the web UI shows of a worker."""
    (directory / "info").mkdir(parents=True, exist_ok=True)
    (directory / "info" / "admin").write_text(f"{title}\n")
    (directory / "info" / "host").write_text(" ".join(os.uname()) + "\n")


def write_home(directory: Path, welcome: Welcome, key: bytes) -> None:
    """Make the directory of a worker on another machine; nobody but its owner reads it."""
    offer = welcome.offer
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    write_certificate(directory, welcome.certificate, welcome.authority, key)
    write_atomically(directory / PASSWORD, f"{welcome.password}\n", 0o600)
    write_atomically(directory / OFFER, offer.model_dump_json(indent=1))
    write_information(directory / WORK, offer.title)
    tls = directory / TLS
    endpoint = {
        "kind": "tls",
        "host": offer.host,
        "port": str(offer.port),
        "trustRoots": str(tls / "trust"),
        "certificate": str(tls / "cert.pem"),
        "privateKey": str(tls / "key.pem"),
    }
    environment = {
        "FARM_CACHE": str(directory / "cache"),
        "FARM_POOL_URL": offer.pool_url,
        "FARM_TLS": str(tls),
    }
    text = program(
        offer.worker, directory, directory / PASSWORD, endpoint, environment, directory / WORK
    )
    write_atomically(directory / PROGRAM, text)


def write_certificate(directory: Path, certificate: str, authority: str, key: bytes) -> None:
    """Put a certificate and its key where the worker finds them.

    The key goes first: a worker that starts in between does not connect, and tries again.
    """
    tls = directory / TLS
    (tls / "trust").mkdir(parents=True, exist_ok=True, mode=0o700)
    tls.chmod(0o700)
    write_atomically(tls / "key.pem", key.decode(), 0o600)
    write_atomically(tls / "cert.pem", certificate)
    write_atomically(tls / "trust" / "ca.pem", authority)


def read_offer(directory: Path) -> Offer:
    """What the worker of a directory is.

    :raises FarmError: no worker that joined lives there.
    """
    try:
        return Offer.model_validate_json((directory / OFFER).read_text())
    except (OSError, ValueError) as error:
        raise FarmError(f"{directory} is no directory of a worker that joined a farm") from error
