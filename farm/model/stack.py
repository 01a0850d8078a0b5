"""The stack: components, distros and channels, as `components.yml` says them.

Nothing below this module reads YAML, and nothing above it reads dictionaries.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from farm.model.names import (
    Branch,
    ChannelName,
    ComponentName,
    Directory,
    DistroName,
    GitUrl,
    Line,
    MailAddress,
    PackageName,
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Family(StrEnum):
    """How a distro packages software."""

    DEB = "deb"
    RPM = "rpm"


class Commands(_Strict):
    """Shell lines that differ from the standard interface; an empty string means "nothing to do".

    They are run by the packaging (`debian/rules`, `%build` …) in a clean root, in the source
    directory. `install` must honour ``DESTDIR``.
    """

    configure: Line | None = Field(None, description="Instead of ./configure --prefix=/usr …")
    build: Line | None = Field(None, description="Instead of make")
    test: Line | None = Field(None, description="Instead of make test, or make check")
    install: Line | None = Field(None, description="Instead of make install DESTDIR=…")


class Packaging(StrEnum):
    """Where a component's packaging comes from."""

    AUTO = "auto"
    """The repository's own where it has some for the family, generated otherwise."""
    GENERATED = "generated"
    REPOSITORY = "repository"


class Component(_Strict):
    """One directory of a git repository that becomes one source package per distro."""

    name: ComponentName = Field(description="The key in components.yml")
    git: GitUrl = Field(description="Clone URL of the repository")
    directory: Directory = Field(".", description="The component's directory in the repository")
    branch: Branch | None = Field(
        None, description="Branch that the development channel follows; default: the remote's HEAD"
    )
    version: Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.+~]*$")] | None = Field(
        None, description="Version to count from while the repository has no tag"
    )
    summary: Line = Field("", description="One line, without the component's name")
    description: str = Field("", description="A paragraph for package managers")
    licence: Line = Field("", description="SPDX licence expression")
    homepage: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    maintainers: tuple[MailAddress, ...] = Field(
        (), description="Who is told when it does not build any more, by mail"
    )
    depends: tuple[ComponentName, ...] = Field((), description="Components it is built with")
    packages: dict[str, tuple[PackageName, ...]] = Field(
        default_factory=dict,
        description="Distro packages needed to build, by family (deb, rpm) or distro; a distro's "
        "list replaces its family's",
    )
    commands: Commands = Commands.model_construct()
    configure_arguments: tuple[Line, ...] = Field(
        (), description="Added to the standard ./configure call"
    )
    packaging: Packaging = Packaging.AUTO
    distros: tuple[DistroName, ...] | None = Field(None, description="Only these distros")
    exclude: tuple[DistroName, ...] = Field((), description="All distros but these")
    timeout_minutes: Annotated[int, Field(gt=0, le=7 * 24 * 60)] | None = Field(
        None, description="How long a build may take; default: by how long the last one took"
    )

    def packages_for(self, distro: Distro) -> tuple[str, ...]:
        """Distro packages that a build of this component on `distro` needs."""
        if distro.name in self.packages:
            return self.packages[distro.name]
        return self.packages.get(distro.family.value, ())

    def builds_on(self, distro: str) -> bool:
        """Whether the component is built for the distro of that name."""
        return (self.distros is None or distro in self.distros) and distro not in self.exclude


class Root(_Strict):
    """What the clean root of a distro is made from: one of `suite`, `mock`, `repositories`."""

    suite: Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]*$")] | None = Field(
        None, description="A Debian or Ubuntu suite, made by mmdebstrap"
    )
    mirror: Annotated[str, Field(pattern=r"^(?:https?://|file:///|/)\S+$")] | None = Field(
        None, description="Where the suite comes from; default: the worker's own apt configuration"
    )
    areas: tuple[PackageName, ...] = Field(("main",), description="Archive areas of the suite")
    keyring: Annotated[str, Field(pattern=r"^/\S+$")] | None = Field(
        None, description="Keyring that signs the suite; default: the worker's"
    )
    mock: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")] | None = Field(
        None, description="Name of a mock configuration on the worker"
    )
    repositories: dict[
        DistroName, Annotated[str, Field(pattern=r"^(?:https?://|file:///)\S+$")]
    ] = Field(default_factory=dict, description="yum repositories: name to base URL")
    group: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] = Field(
        "buildsys-build", description="Package group of the minimal build root (rpm)"
    )
    include: tuple[PackageName, ...] = Field((), description="Packages added to every root")
    refreshed: Line = Field(
        "", description="A date, say: another one has the root made anew, of today's packages"
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Root:
        given = [n for n in ("suite", "mock", "repositories") if getattr(self, n)]
        if len(given) != 1:
            said = " and ".join(given) if given else "none of them"
            raise ValueError(f"expected exactly one of suite, mock, repositories; found {said}")
        return self


class Distro(_Strict):
    """One release of a distribution on one architecture."""

    name: DistroName = Field(description="The key in components.yml")
    family: Family
    release: Line = Field(description="What people call it: Debian 12, EL 9")
    architecture: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] = Field(
        description="In the family's own words: amd64 (deb), x86_64 (rpm)"
    )
    root: Root
    version_suffix: Annotated[str, Field(pattern=r"^[~+.]?[A-Za-z0-9][A-Za-z0-9.~+]*$")] = Field(
        description="Ends a package's version: ~deb12 (deb), .el9 (rpm dist tag)"
    )
    backend: Literal["overlay", "sbuild", "mock"] | None = Field(
        None, description="How roots are used; default: mock for a mock root, else overlay"
    )

    @model_validator(mode="after")
    def _fits(self) -> Distro:
        if self.family is Family.DEB and not self.root.suite:
            raise ValueError("a deb distro needs root.suite")
        if self.family is Family.RPM and self.root.suite:
            raise ValueError("an rpm distro needs root.mock or root.repositories, not root.suite")
        allowed = (
            {"overlay", "sbuild"}
            if self.root.suite
            else {"mock"}
            if self.root.mock
            else {"overlay"}
        )
        if self.backend is not None and self.backend not in allowed:
            raise ValueError(
                f"backend {self.backend} cannot use this root; expected {sorted(allowed)}"
            )
        return self

    @property
    def build_backend(self) -> str:
        """The backend that builds for this distro: ``overlay``, ``sbuild`` or ``mock``."""
        return self.backend or ("mock" if self.root.mock else "overlay")


class Channel(_Strict):
    """A stream of branches, published as one archive per distro."""

    name: ChannelName = Field(description="The key in components.yml")
    branch: Branch | None = Field(
        None, description="Branch of every component that has it; default: each component's own"
    )
    branches: dict[ComponentName, Branch] = Field(
        default_factory=dict, description="Exceptions: component to branch"
    )
    distros: tuple[DistroName, ...] | None = Field(None, description="Only these distros")


class Stack(_Strict):
    """A whole components.yml."""

    maintainer: Line = Field(
        "Build farm <farm@example.invalid>", description="Maintainer of generated packaging"
    )
    channels: dict[ChannelName, Channel]
    distros: dict[DistroName, Distro]
    components: dict[ComponentName, Component]
