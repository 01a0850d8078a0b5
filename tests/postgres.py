"""A PostgreSQL of a test's own, from Debian's package: on a socket, with nothing to keep."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import sqlalchemy as sa

USER = "postgres"
"""Debian's user; PostgreSQL refuses to run as root."""
QUICK = "-c fsync=off -c full_page_writes=off"


def program(name: str) -> Path:
    """One of PostgreSQL's programs, of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    assert found, "Debian's package postgresql is not installed: make test-packages"
    return found[-1]


@dataclass
class Cluster:
    """A running PostgreSQL below `folder`."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self._admin = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")

    def url(self, database: str) -> str:
        """Of a database that is there."""
        return f"postgresql+psycopg2://{USER}@/{database}?host={self.folder}"

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"farm_{next(self._numbers)}"
        with self._admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE template0"))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        with self._admin.connect() as connection:
            name = sa.make_url(url).database
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))

    def kill_connections(self, url: str, pid: int | None = None) -> int:
        """End the connections to a database, or one of them; return how many there were."""
        ended = sa.text(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = :name AND (:pid IS NULL OR pid = :pid)"
        ).bindparams(sa.bindparam("pid", pid, sa.Integer), name=sa.make_url(url).database)
        with self._admin.connect() as connection:
            return len(connection.execute(ended).all())

    def stop(self) -> None:
        """Stop it at once."""
        self._admin.dispose()
        _run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' {QUICK}"
        log = self.folder / "log"
        _run("pg_ctl", "-D", self.folder / "data", "-l", log, "-o", options, "-w", "start")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="farm-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        settings = ("-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        _run("initdb", "-D", folder / "data", *settings)
        one = Cluster(folder)
        one.start()
        try:
            yield one
        finally:
            one.stop()
    finally:
        shutil.rmtree(folder)


def _run(name: str, *arguments: str | Path) -> None:
    argv = [str(program(name)), *map(str, arguments)]
    user = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
    # The server that pg_ctl starts would keep a pipe open: its words go to a file.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(argv, stdout=said, stderr=said, cwd="/", **user)
        said.seek(0)
        assert done.returncode == 0, said.read().decode()
