"""Makes the directories of a site's workers on this machine: `python -m workers.setup`."""

from __future__ import annotations

from pathlib import Path

from farm.growing.home import PROGRAM, program, write_information
from farm.model.load import load_stack
from farm.site import Site, load_site
from workers.config import worker_plans


def worker_directory(site: Site, name: str) -> Path:
    """Where a worker of this machine lives."""
    return site.state / "workers" / name


def set_up(site: Site, name: str, *, untrusted: bool = False) -> Path:
    """Make a worker's directory; one that exists gets the current settings.

    :param untrusted: it builds pull requests, and shares no cache with others.
    """
    directory = worker_directory(site, name)
    write_information(directory, "the farm")
    site.secret(f"worker-{name}")
    listen = site.workers_listen
    text = program(
        name,
        directory,
        site.state / "secrets" / f"worker-{name}",
        {"kind": "tcp", "host": listen.host, "port": str(listen.port)},
        {"FARM_CACHE": str(site.state / ("cache-untrusted" if untrusted else "cache"))},
    )
    (directory / PROGRAM).write_text(text)
    return directory


def main() -> None:
    """Set up every worker of the site, and print their directories."""
    site = load_site()
    stack = load_stack(site.components, site.variables)
    for plan in worker_plans(site, stack):
        if plan.here:
            print(set_up(site, plan.name, untrusted=plan.untrusted))


if __name__ == "__main__":
    main()
