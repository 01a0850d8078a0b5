"""`farm worker`: a machine is invited, and its worker paused, drained, removed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli import worker_host
from farm.cli.farm_options import FarmUrl, Json
from farm.cli.growing_options import DryRun, NoReconfigure, Yes, known_certificate_ends, site_place
from farm.errors import FarmError

if TYPE_CHECKING:
    from farm.growing.control import Control

DEFAULT_HOURS = 24.0
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The worker, as in the site file.")]
Distros = Annotated[
    list[str] | None,
    typer.Option("--distro", metavar="DISTRO", help="It builds this one; repeatable. Default: all"),
]
Builds = Annotated[
    int | None,
    typer.Option("--builds", metavar="N", min=1, max=256, help="Builds at the same time."),
]
Untrusted = Annotated[
    bool, typer.Option("--untrusted", help="For pull requests, and nothing else.")
]
Hours = Annotated[
    float, typer.Option("--hours", min=0.01, max=24 * 14, help="How long the command works.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Shown in the UI.")]
Wait = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", help="Wait so long for its builds to end.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    worker = typer.Typer(name="worker", help="The machines that build.")
    worker.callback()(lambda: None)
    worker.command()(invite)
    worker.command("list")(list_)
    worker.command()(pause)
    worker.command()(resume)
    worker.command()(drain)
    worker.command()(remove)
    worker_host.register(worker)
    app.add_typer(worker)


def invite(
    name: Name,
    distro: Distros = None,
    builds: Builds = None,
    untrusted: Untrusted = False,
    hours: Hours = DEFAULT_HOURS,
    dry_run: DryRun = False,
    no_reconfigure: NoReconfigure = False,
    as_json: Json = False,
) -> None:
    """Print the one command that makes a new machine this worker; it works once.

    Example: farm worker invite builder-7 --distro bookworm --distro trixie --builds 4

    Run on the master's machine. The worker is written into the site file; one that is there keeps
    its settings, and is invited anew: its old certificate counts no more once the new one is used.
    """
    from farm.growing.authority import Authority
    from farm.growing.change import apply, record
    from farm.growing.invitations import Invitations
    from farm.growing.packages import prepare

    place = site_place()
    site = place.site
    if not _NAME.fullmatch(name):
        raise typer.BadParameter(
            f"'{name}' cannot name a worker: lower-case letters, digits, - and _", param_hint="NAME"
        )
    if site.remote is None:
        raise FarmError(
            f"{place.file} takes no workers from other machines: say what they call this one, as\n"
            "  remote: {host: farm.example.org}"
        )
    known = place.stack().distros
    unknown = [one for one in distro or () if one not in known]
    if unknown:
        raise FarmError(f"there is no distro {unknown[0]}; there is: {', '.join(known)}")
    settings = {"distros": distro, "builds": builds, "untrusted": untrusted}
    wanted: dict[str, object] = {key: value for key, value in settings.items() if value}
    reconfigured, command, what = False, "", ("worker invite", name)
    if name not in site.workers:
        after = place.with_remote_worker(name, wanted)
        change = apply(place, after, what, dry_run=dry_run, reconfigure=not no_reconfigure)
        reconfigured, command = change.reconfigured, change.command
        if dry_run:
            print(change.diff, end="")
            return
    elif wanted:
        raise FarmError(
            f"{place.file} has a worker {name} with settings of its own: change them there, or "
            f"invite it without options"
        )
    if dry_run:
        return
    if name in site.workers:
        record(site, what)
    prepare(site.state / "join")
    token = Invitations(site.state).invite(name, hours)
    pin = Authority(site.state, site.remote).pin()
    fetch = ["curl", "-fsS", "--insecure", "--pinnedpubkey", pin, f"{site.remote.url}/join"]
    run_there = f"{shlex.join(fetch)} | sh -s -- {token}"
    if as_json:
        from farm.cli.show import print_json

        print_json(
            {
                "worker": name,
                "command": run_there,
                "token": token,
                "url": site.remote.url,
                "pin": pin,
                "hours": hours,
                "reconfigured": reconfigured,
            }
        )
        return
    if command:
        typer.echo(f"first: {command}", err=True)
    typer.echo(f"as root on the new machine, once, within {hours:g} hours:", err=True)
    print(run_there)


def list_(farm: FarmUrl = None, as_json: Json = False) -> None:
    """Show the workers: what they build, whether they are there, and until when they may be.

    Example: farm worker list --json
    """
    from farm.cli.show import print_json, print_table, when

    ends = known_certificate_ends()
    rows = _control(farm).workers()
    if as_json:
        print_json([{**vars(row), "certificate_ends": ends.get(row.name) or None} for row in rows])
        return
    print_table(
        ("worker", "state", "running", "builders", "certificate until", "why"),
        [
            (
                row.name,
                row.state,
                str(row.running),
                str(row.builders),
                when(ends[row.name]) if ends.get(row.name) else "-",
                row.reason,
            )
            for row in rows
        ],
    )


def pause(name: Name, reason: Reason = "", farm: FarmUrl = None, as_json: Json = False) -> None:
    """Give a worker no new builds; those that run go on.

    Example: farm worker pause builder-7 --reason "the disk is being changed"
    """
    _told(_control(farm).pause(name, reason), name, "takes no new builds", as_json=as_json)


def resume(name: Name, farm: FarmUrl = None, as_json: Json = False) -> None:
    """Give a paused worker builds again.

    Example: farm worker resume builder-7
    """
    _told(_control(farm).resume(name), name, "takes builds again", as_json=as_json)


def drain(
    name: Name,
    reason: Reason = "drained",
    wait: Wait = 24 * 3600.0,
    farm: FarmUrl = None,
    as_json: Json = False,
) -> None:
    """Pause a worker, and wait until its builds have ended: then its machine can be switched off.

    Example: farm worker drain builder-7 --wait 3600
    """
    control = _control(farm)
    control.pause(name, reason)
    typer.echo(f"{name} takes no new builds; waiting for those that run", err=True)
    left = control.wait_until_idle(name, wait)
    if left:
        raise FarmError(f"{left} builds of {name} still run after {wait:g} s; it stays paused")
    _told(control.worker(name), name, "is idle and paused", as_json=as_json)


def remove(
    name: Name,
    yes: Yes = False,
    no_reconfigure: NoReconfigure = False,
    as_json: Json = False,
) -> None:
    """Take a worker out of the farm: its password and certificates count no more.

    Example: farm worker drain builder-7 && farm worker remove builder-7

    Builds that run on it begin again elsewhere. Run on the master's machine.
    """
    from farm.growing.authority import Authority
    from farm.growing.change import apply
    from farm.growing.invitations import Invitations
    from farm.model.items import taken_out

    place = site_place()
    site = place.site
    if name not in site.workers:
        known = ", ".join(site.workers) or "none by name"
        raise FarmError(f"{place.file} has no worker {name}; it has {known}")
    if len(site.workers) == 1:
        typer.echo("it is the last one: then every distro has a worker on this machine", err=True)
    if not yes:
        typer.confirm(f"Remove {name}?", abort=True, err=True)
    after = taken_out(place.text, ("workers", name))
    what = ("worker remove", name)
    change = apply(place, after, what, dry_run=False, reconfigure=not no_reconfigure)
    Invitations(site.state).withdraw(name)
    if site.remote is not None:
        Authority(site.state, site.remote).forget(name)
    (site.state / "secrets" / f"worker-{name}").unlink(missing_ok=True)
    if as_json:
        from farm.cli.show import print_json

        print_json({"removed": name, **change.told()})
        return
    print(f"removed {name} from {place.file}")
    print(change.sentence)


def _control(farm: str | None) -> Control:
    import os

    from farm.client.credentials import chosen_farm
    from farm.growing.control import Control

    return Control(chosen_farm(farm, "", os.environ, Path.home()))


def _told(row: Any, name: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        from farm.cli.show import print_json

        print_json(vars(row))
    else:
        print(f"{name} {sentence}")
