"""Options of commands that change what a farm is made of, and the files that they change."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.config import DEFAULT_FILE, FILE_VARIABLE, Variables

if TYPE_CHECKING:
    from farm.model import Stack
    from farm.site import Site

ComponentsFile = Annotated[
    Path | None,
    typer.Option(
        "--components",
        metavar="FILE",
        envvar=FILE_VARIABLE,
        help="The file to change; default: that of the site, else components.yml.",
    ),
]
SetVariables = Variables
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Print the change and write nothing.")
]
NoReconfigure = Annotated[
    bool, typer.Option("--no-reconfigure", help="Leave the running master as it is.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]


@dataclass(frozen=True)
class ComponentsPlace:
    """A components.yml, and the site on this machine that builds it."""

    file: Path
    text: str
    variables: dict[str, str]
    site: Site | None
    site_file: Path | None

    def stack(self) -> Stack:
        """What the file says now."""
        return self.load(self.file)

    def load(self, path: Path) -> Stack:
        """Read another file with the same variables."""
        from farm.model.load import load_stack

        return load_stack(path, self.variables)

    def workers_for(self, distro: str) -> list[str]:
        """Workers of the site that build a distro for everything but pull requests."""
        from farm.growing.master import own_worker

        if self.site is None:
            return []
        if not self.site.workers:
            return [own_worker(distro)]
        return [
            name
            for name, one in self.site.workers.items()
            if not one.untrusted and (not one.distros or distro in one.distros)
        ]

    def start_own_worker(self, distro: str) -> str:
        """Start the worker that a site without named workers has for a distro; its name."""
        from farm.growing.master import own_worker, start_own_worker

        assert self.site is not None and self.site_file is not None  # noqa: S101 - for the types
        start_own_worker(self.site, self.site_file, own_worker(distro))
        return own_worker(distro)

    def stop_own_worker(self, distro: str) -> None:
        """Stop that worker."""
        from farm.growing.master import own_worker, stop_own_worker

        if self.site is not None:
            stop_own_worker(self.site, own_worker(distro))


def place_of(components: Path | None, assignments: list[str] | None) -> ComponentsPlace:
    """The file that is meant: the one given, else that of the site here, else components.yml."""
    from farm.cli.packaging import variables
    from farm.site import SITE_VARIABLE, load_site

    named = os.environ.get(SITE_VARIABLE, "site.yml")
    site_file = Path(named) if SITE_VARIABLE in os.environ or Path(named).exists() else None
    site = load_site(site_file) if site_file else None
    assigned = variables(assignments)
    file = components or (site.components if site else DEFAULT_FILE)
    if site is not None and file.resolve() == site.components.resolve():
        assigned = {**site.variables, **assigned}
    else:
        site = site_file = None
    text = file.read_bytes().decode() if file.is_file() else ""
    return ComponentsPlace(file, text, assigned, site, site_file)


@dataclass(frozen=True)
class SitePlace:
    """The site file of the farm on this machine."""

    file: Path
    text: str
    site: Site

    def stack(self) -> Stack:
        """The components.yml of the site."""
        from farm.model.load import load_stack

        return load_stack(self.site.components, self.site.variables)

    def load(self, path: Path) -> Site:
        """Read another file of its kind."""
        from farm.site import load_site

        return load_site(path)

    def with_remote_worker(self, name: str, settings: dict[str, object]) -> str:
        """The text with one more worker, on another machine.

        Once a site names workers, it has no others: those that it had on this machine, one for
        each distro, are named, too.

        :raises FarmError: the file is written in a way that it cannot be added.
        """
        from farm.growing.master import own_worker

        text = self.text
        if not self.site.workers:
            for distro in self.stack().distros:
                text = self._with_worker(text, own_worker(distro), {"distros": [distro]})
        return self._with_worker(text, name, {**settings, "remote": True})

    def _with_worker(self, before: str, name: str, entry: dict[str, object]) -> str:
        from farm.errors import FarmError
        from farm.model.document import parse_document
        from farm.model.edit import unchanged_but, with_entry

        part = "workers"
        data = parse_document(before, str(self.file)).data
        if not (isinstance(data, dict) and part in data):
            before = f"{before.rstrip()}\n\n{part}:\n"
        after = with_entry(before, part, name, entry)
        if not unchanged_but(before, after, name, part):
            raise FarmError(f"{self.file}: {part} is written in a way that nothing can be added")
        return after

    def certificate_ends(self) -> dict[str, float]:
        """When the newest certificate of each worker from another machine ends."""
        if self.site.remote is None:
            return {}
        from farm.growing.authority import Authority

        authority = Authority(self.site.state, self.site.remote)
        return {name: authority.expires(name) for name in self.site.workers}


def site_place() -> SitePlace:
    """The site file that FARM_SITE names, or site.yml here.

    :raises FarmError: there is none.
    """
    from farm.site import SITE_VARIABLE, load_site

    file = Path(os.environ.get(SITE_VARIABLE, "site.yml"))
    site = load_site(file)
    return SitePlace(file, file.read_bytes().decode(), site)


def known_certificate_ends() -> dict[str, float]:
    """As `SitePlace.certificate_ends`; nothing where no site of this user is on this machine."""
    from farm.errors import FarmError

    try:
        return site_place().certificate_ends()
    except (FarmError, OSError):
        return {}
