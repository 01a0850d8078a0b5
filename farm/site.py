"""The site settings: one file that says where this farm runs. Its defaults are safe."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from farm.access.roles import Members, Role
from farm.access.settings import Login
from farm.errors import FarmError
from farm.growing.kinds import KINDS, Docker, Ec2, Kubernetes, Libvirt, OpenStack
from farm.growing.settings import Remote
from farm.model.load import load_model
from farm.model.names import DistroName, Line
from farm.notices.settings import Notices
from farm.qa import Qa

SITE_VARIABLE = "FARM_SITE"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_Port = Annotated[int, Field(ge=1, le=65535)]
_Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]
_Database = Annotated[Line, Field(pattern=r"^(sqlite|postgresql)(\+[a-z0-9]+)?://\S*$")]
_WorkerName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=50)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(_Strict):
    """Where a server of the farm listens, and how others reach it."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]+$")] = "127.0.0.1"
    port: _Port
    url: _Url | None = Field(None, description="What others call it; default: http://host:port/")

    @property
    def public_url(self) -> str:
        """URL with a trailing slash."""
        return (self.url or f"http://{self.host}:{self.port}").rstrip("/") + "/"

    @property
    def endpoint(self) -> str:
        """Twisted's endpoint description."""
        return f"tcp:{self.port}:interface={self.host.replace(':', chr(92) + ':')}"

    @property
    def beyond_loopback(self) -> bool:
        """Whether other machines can connect, also through a proxy that `url` names."""
        hosts = {self.host, urlsplit(self.public_url).hostname}
        return not hosts <= set(LOOPBACK)


class WorkerSettings(_Strict):
    """One worker."""

    distros: tuple[DistroName, ...] | None = Field(None, description="Default: all")
    builds: Annotated[int, Field(ge=1, le=256)] = Field(1, description="Builds at the same time")
    untrusted: bool = Field(
        False, description="Builds pull requests, and nothing else; without one, none are built"
    )
    remote: bool = Field(False, description="On another machine: farm worker invite made it")
    docker: Docker | None = Field(None, description="A container, started for builds")
    kubernetes: Kubernetes | None = Field(None, description="A pod, started for builds")
    ec2: Ec2 | None = Field(None, description="An Amazon instance, started for builds")
    openstack: OpenStack | None = Field(None, description="A server, started for builds")
    libvirt: Libvirt | None = Field(None, description="A virtual machine, started for builds")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) > 1:
            raise ValueError(f"expected one kind of worker; found {' and '.join(given)}")
        return self

    @property
    def kind(self) -> str:
        """The key that says how it is started; ``permanent``: it is there."""
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        return given[0] if given else "permanent"


class Retention(_Strict):
    """Which snapshots `farm prune` keeps of each line, beside those that something refers to."""

    keep: Annotated[int, Field(ge=0)] = Field(20, description="So many of the newest")
    keep_days: Annotated[float, Field(ge=0)] = Field(30.0, description="And all younger ones")


class Site(_Strict):
    """The site file."""

    title: Line = "Farm"
    state: Path = Field(description="The directory that everything the farm writes lies under")
    components: Path = Field(description="The components.yml to build")
    variables: dict[str, Line] = Field(
        default_factory=dict, description="Values of ${name} in components.yml"
    )
    www: Listen = Listen.model_construct(host="127.0.0.1", port=8010, url=None)
    archive: Listen = Listen.model_construct(host="127.0.0.1", port=8020, url=None)
    pool: Listen = Listen.model_construct(host="127.0.0.1", port=8030, url=None)
    workers_listen: Listen = Listen.model_construct(host="127.0.0.1", port=9989, url=None)
    database: _Database | None = Field(
        None, description="Buildbot's SQLAlchemy URL; default: SQLite"
    )
    records: _Database | None = Field(
        None, description="The farm's SQLAlchemy URL, of another database; default: SQLite"
    )
    workers: dict[_WorkerName, WorkerSettings] = Field(
        default_factory=dict, description="Default: one worker per distro"
    )
    remote: Remote | None = Field(
        None, description="Workers on other machines, over TLS; default: none can connect"
    )
    poll_interval_s: Annotated[int, Field(ge=0)] = Field(
        60, description="Seconds between polls of every repository; 0: only hooks"
    )
    hooks: tuple[Annotated[str, Field(pattern="^(github|gitlab|gitea|bitbucket|base)$")], ...] = (
        Field((), description="Change hooks to accept: github gitlab gitea bitbucket base")
    )
    topic_days: Annotated[float, Field(gt=0, le=365)] = Field(
        14, description="Days that a topic, or a pull request nobody pushes to, lives"
    )
    retention: Retention = Field(
        Retention.model_construct(keep=20, keep_days=30.0), description="What farm prune keeps"
    )
    upgrade_test: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Whether upgrades are tried before publishing: where the publishing host can "
        "make clean roots; always, or nothing is published; never",
    )
    qa: Qa | None = Field(
        None, description="Who is told of snapshots, and what promotes them; default: nobody"
    )
    notices: Notices | None = Field(
        None, description="Who is told of failures, and which forges of builds; default: nobody"
    )
    github_api: _Url = Field(
        "https://api.github.com",
        description="Where verdicts on pull requests go, with the token in <state>/secrets/github",
    )
    admins: tuple[Line, ...] = Field(
        ("admin",), description="Admins with a generated password in <state>/secrets"
    )
    login: Login = Field(
        Login(), description="github, gitlab or oidc; default: the farm's own users and passwords"
    )
    roles: dict[Role, Members] = Field(
        default_factory=dict,
        description="Who is a developer, release-manager or admin of those that log in elsewhere",
    )

    @model_validator(mode="after")
    def _two_databases(self) -> Self:
        if self.records is not None and self.records == self.database:
            raise ValueError("records and database must be two databases: both have table names")
        return self

    def secret(self, name: str) -> str:
        """A random secret of that name, made on first use with mode 0600 in <state>/secrets."""
        folder = self.state / "secrets"
        path = folder / name
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = folder / f".{name}.{os.getpid()}"
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(24) + "\n")
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass  # another process of the farm was quicker: its secret is the one
            finally:
                fresh.unlink()
        return path.read_text().strip()

    def pull_request_distros(self, distros: Iterable[str]) -> tuple[str, ...]:
        """Those of `distros` that pull requests are built for: some worker is there for them."""
        workers = [worker for worker in self.workers.values() if worker.untrusted]
        return tuple(d for d in distros if any(not w.distros or d in w.distros for w in workers))

    def token(self, name: str) -> str:
        """A secret of another service, from <state>/secrets; empty when nobody put it there."""
        path = self.state / "secrets" / name
        return path.read_text().strip() if path.exists() else ""

    @property
    def database_url(self) -> str:
        """Where Buildbot keeps its own tables."""
        return self.database or f"sqlite:///{self.state / 'master' / 'state.sqlite'}"

    @property
    def notices_url(self) -> str:
        """Where is kept what people were told."""
        return f"sqlite:///{self.state / 'notices.sqlite'}"

    @property
    def records_url(self) -> str:
        """Where the farm keeps its records."""
        return self.records or f"sqlite:///{self.state / 'farm.sqlite'}"


def load_site(path: Path | None = None) -> Site:
    """Read the site file: `path`, else the one that ``FARM_SITE`` names, else ``site.yml``.

    Relative paths in it count from the file's own directory.

    :raises ConfigError: the file has mistakes.
    """
    path = path or Path(os.environ.get(SITE_VARIABLE, "site.yml"))
    if not path.exists():
        raise FarmError(
            f"{path}: no site file; copy examples/site.yml there, or name one in {SITE_VARIABLE}"
        )
    site = load_model(path, Site)
    base = path.resolve().parent
    return site.model_copy(
        update={"state": base / site.state, "components": base / site.components}
    )
