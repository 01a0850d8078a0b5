"""`farm archive prune` and `farm prune`: removing what no rule keeps and nothing refers to."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.show import counted, print_json, print_table
from farm.errors import FarmError
from repo_publish.cli import options

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from farm.site import Site
    from repo_publish.pool_collection import PoolPlan
    from repo_publish.prune import LinePlan
    from repo_publish.retention import References, Rules

Keep = Annotated[
    int | None,
    typer.Option("--keep", metavar="N", min=0, help="Keep so many of each line's newest."),
]
KeepDays = Annotated[
    float | None, typer.Option("--keep-days", metavar="DAYS", min=0, help="Keep younger ones, too.")
]
Protect = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CHANNEL/DISTRO/NUMBER",
        help="Keep this snapshot: something outside the archive refers to it. Repeatable.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Show what would go and how much it frees; remove nothing."),
]


def register(archive: typer.Typer) -> None:
    """Add the command to `farm archive`."""
    archive.command("prune")(archive_prune_command)


def register_top(app: typer.Typer) -> None:
    """Add the command to `farm`."""
    app.command("prune")(prune_command)


def archive_prune_command(
    keep: Keep = None,
    keep_days: KeepDays = None,
    protect: Protect = None,
    archive: options.Archive = None,
    pool: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Remove builds from this pool, too; needs --needed."),
    ] = None,
    needed: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Build keys, one per line, that stay in the pool in any case."
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Remove snapshots that no rule keeps and nothing refers to.

    What is live, what clients may still use, and what a release, another line or an undo of a
    rollback refers to, always stays. Default: the newest 20 of each line, and what is younger than
    30 days. With --pool also builds that no snapshot has and that --needed does not name.

    Examples:

    \b
      farm archive prune --keep 10 --keep-days 14 --dry-run
      farm archive prune --pool state/pool --needed keys.txt
    """
    if (pool is None) != (needed is None):
        raise FarmError(
            "prune: --pool and --needed go together: builds that the farm counts on must stay"
        )
    directory = options.archive_directory(archive)
    rules = _rules(keep, keep_days)
    keys = _keys(needed) if needed else []
    _prune(directory, rules, protect or [], pool, keys, dry_run=dry_run, as_json=as_json)


def prune_command(
    keep: Keep = None,
    keep_days: KeepDays = None,
    protect: Protect = None,
    dry_run: DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Remove old snapshots of this farm, and builds that it cannot need any more.

    As `farm archive prune` with the farm's own records of what it needs. May run while the farm
    works. Needs the site file in FARM_SITE.

    Example: farm prune --dry-run
    """
    from farm.cli.looking import looking
    from farm.needed import needed_builds

    with looking(None) as view:
        keys = needed_builds(view.farm)
        site = view.site
    rules = _rules(keep, keep_days, site)
    archive, pool = site.state / "archive", site.state / "pool"
    _prune(archive, rules, protect or [], pool, keys, dry_run=dry_run, as_json=as_json)


def _prune(
    directory: Path,
    rules: Rules,
    protect: Sequence[str],
    pool: Path | None,
    needed: Collection[str],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    from repo_publish.disposal import freed_bytes
    from repo_publish.line import archive_lock
    from repo_publish.pool_collection import collect_pool, plan_pool
    from repo_publish.prune import plan_lines, prune_line, read_archive

    protected = _protected(protect)
    directory = directory.absolute()
    with nullcontext() if dry_run else archive_lock(directory, exclusive=True):
        archive = read_archive(directory)
        plans = plan_lines(archive, rules, protected, time.time())
        gone = {snapshot.tree for plan in plans for snapshot in plan.go}
        remaining = [one for one in archive.everything if one.tree not in gone]
        builds = plan_pool(pool.absolute(), directory, remaining, needed) if pool else None
        freed = freed_bytes([*gone, *(builds.paths if builds else ())])
        if not dry_run:
            for plan in plans:
                prune_line(plan, sys.stderr)
            if builds:
                # What is really left is asked again, rather than what was to be left.
                remaining = read_archive(directory).everything
                builds = plan_pool(builds.pool, directory, remaining, needed)
                collect_pool(builds, sys.stderr)
    if as_json:
        print_json(_answer(plans, builds, freed, dry_run=dry_run))
    else:
        _tell(plans, builds, freed, dry_run=dry_run)


def _tell(plans: Sequence[LinePlan], builds: PoolPlan | None, freed: int, *, dry_run: bool) -> None:
    rows = [
        (str(plan.line), _ranges([s.manifest.number for s in plan.go]) or "-", str(number), why)
        for plan in plans
        for number, why in sorted(plan.stay.items(), reverse=True)
    ]
    print_table(("line", "go", "stays", "because"), rows)
    snapshots = counted(sum(len(plan.go) for plan in plans), "snapshot")
    what = [snapshots, *([counted(len(builds.builds), "build")] if builds else [])]
    verb = "would go and free" if dry_run else "are removed, which frees"
    typer.echo(f"{' and '.join(what)} {verb} {freed / 1e6:.1f} MB")


def _answer(
    plans: Sequence[LinePlan], builds: PoolPlan | None, freed: int, *, dry_run: bool
) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "freed_bytes": freed,
        "lines": [
            {
                "line": str(plan.line),
                "go": [snapshot.manifest.number for snapshot in plan.go],
                "stay": {str(number): why for number, why in plan.stay.items()},
            }
            for plan in plans
        ],
        "builds": list(builds.builds) if builds else [],
        "builds_that_stay": builds.stay if builds else None,
        "signed_copies": len(builds.copies) if builds else 0,
    }


def _ranges(numbers: Sequence[int]) -> str:
    """``1-7, 9``."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][-1] == number - 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)


def _rules(keep: int | None, keep_days: float | None, site: Site | None = None) -> Rules:
    from repo_publish.retention import Rules

    default = Rules(site.retention.keep, site.retention.keep_days) if site else Rules()
    return Rules(
        default.keep if keep is None else keep,
        default.keep_days if keep_days is None else keep_days,
    )


def _protected(values: Sequence[str]) -> References:
    found: dict[tuple[str, str, int], str] = {}
    for value in values:
        channel, _, rest = value.partition("/")
        distro, _, number = rest.partition("/")
        if not (channel and distro and number.isdecimal()):
            raise FarmError(f"--protect {value}: expected CHANNEL/DISTRO/NUMBER")
        found[channel, distro, int(number)] = "it was asked for with --protect"
    return found


def _keys(path: Path) -> list[str]:
    from farm.pool import checked_key

    try:
        return [checked_key(key) for key in path.read_text().split()]
    except OSError as error:
        raise FarmError(f"{path}: {error.strerror}") from error
