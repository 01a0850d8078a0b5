"""`farm build --like`: on this machine what the farm built."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import typer


def build_like(
    build: str,
    farm: str | None,
    given: list[Path],
    output: Path,
    cache: Path | None,
    *,
    show_log: bool,
    as_json: bool,
) -> None:
    """Build what a build of the farm built, and say whether it came out the same.

    :raises FarmError: there is no such build, or something that it needs cannot be had.
    """
    from farm.cli.farm_options import client
    from farm.cli.show import plain, print_json
    from farm.job.workspace import Cache
    from farm.local.build import default_cache, require_root
    from farm.local.like import build_like as build_locally
    from farm.local.like import build_name, check_machine, wanted_of
    from farm.local.results import result_directory

    key, farm_of_page = build_name(build)
    asked = client(farm or farm_of_page)
    page = asked.get("builds", key)
    wanted = wanted_of(asked.get("builds", page["key"], "job"))
    job = wanted.job
    check_machine(job.distro, platform.machine())
    require_root()
    say(f"the farm: {plain(_said_by(page))}")
    out = result_directory(output, job.distro, job.component.name)
    place = Cache((cache or default_cache()).resolve())
    result = build_locally(wanted, given, place, out, say, show_log=show_log)
    same = page["outcome"] == "built" and page["output_digest"] == result.output_digest
    if as_json:
        print_json(
            {
                "key": page["key"],
                "component": result.component,
                "version": result.version,
                "farm": page["outcome"],
                "same_output": same,
                "directory": str(out),
                "files": [file.filename for file in result.files],
            }
        )
        return
    if page["outcome"] == "built":
        say("it came out as on the farm" if same else "it built, but not as on the farm")
    else:
        say(f"it builds here, though on the farm it {page['outcome']}")
    for file in result.files:
        print(out / file.filename)


def _said_by(page: dict[str, Any]) -> str:
    what = f"{page['component']} {page['version']} on {page['distro']}: {page['outcome']}"
    message = page["message"].partition("\n")[0]
    return f"{what}, {page['phase']}: {message}" if message else what


def say(line: str) -> None:
    """One line about what is being done."""
    typer.echo(line, err=True)
