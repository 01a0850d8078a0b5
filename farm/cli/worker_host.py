"""`farm worker join`, `renew` and `doctor`: on the machine that builds."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.farm_options import Json
from farm.errors import FarmError

if TYPE_CHECKING:
    from farm.growing.offer import Offer

HOMES = Path("/var/lib/farm-worker")
UNITS = Path("/etc/systemd/system")

Url = Annotated[str, typer.Argument(metavar="URL", help="Where the farm takes workers: https://…")]
Token = Annotated[str, typer.Option("--token", help="Of the invitation.")]
Pin = Annotated[str, typer.Option("--pin", metavar="sha256//…", help="Of the farm's key.")]
Home = Annotated[
    Path | None,
    typer.Option("--directory", metavar="DIR", help=f"The worker's; default: {HOMES}/NAME."),
]
Foreground = Annotated[
    bool, typer.Option("--foreground", help="Run here and now, without systemd.")
]
NoStart = Annotated[bool, typer.Option("--no-start", help="Start nothing.")]
NoInstall = Annotated[
    bool, typer.Option("--no-install", help="Install no packages: they are there.")
]
Now = Annotated[bool, typer.Option("--now", help="Even if the certificate is not due.")]
Smoke = Annotated[
    bool, typer.Option("--smoke", help="Also make each distro's root, and build a small package.")
]


def register(worker: typer.Typer) -> None:
    """Add the commands to `farm worker`."""
    worker.command()(join)
    worker.command()(renew)
    worker.command()(doctor)


def join(
    url: Url,
    token: Token,
    pin: Pin,
    directory: Home = None,
    foreground: Foreground = False,
    no_start: NoStart = False,
    no_install: NoInstall = False,
) -> None:
    """Make this machine a worker, as an invitation says. The invited command runs this.

    Example: farm worker join https://farm.example.org:9991 --pin sha256//… --token …

    Installs what its distros need, gets a password and a certificate of the farm's own authority
    (the key is made here, and stays here), and starts the worker under systemd.
    """
    from farm.growing.hosts import host_of, install, missing_tools, packages_for
    from farm.growing.joining import Joining

    joining = Joining(url, pin, token)
    offer = joining.ask()
    names = ", ".join(offer.distros) or "nothing yet"
    typer.echo(f"worker {offer.worker} of {offer.title}, for {names}", err=True)
    if not no_install:
        host = host_of(Path("/etc/os-release").read_text(encoding="utf-8"))
        packages = packages_for(host, offer.distros.values())
        if missing_tools(offer.distros.values()):
            install(host, packages, lambda line: typer.echo(line, err=True))
    home = (directory or HOMES / offer.worker).absolute()
    joining.redeem(home, offer.worker)
    if foreground:
        _run_here(home)
    elif no_start:
        print(f"{offer.worker} is ready in {home}")
    else:
        _start_with_systemd(offer, home)


def renew(directory: Home = None, now: Now = False, as_json: Json = False) -> None:
    """Get a new certificate, where this worker's is in the last third of its life.

    Example: farm worker renew --directory /var/lib/farm-worker/builder-7

    systemd runs this every day. A worker that got one takes no more builds, ends when those that
    run have, and is started again with it.
    """
    import datetime

    from farm.growing.joining import renew
    from farm.growing.master import process_of

    home = _home(directory)
    renewed = renew(home, now=datetime.datetime.now(datetime.UTC), always=now)
    pid = process_of(home) if renewed else None
    if pid:
        os.kill(pid, signal.SIGHUP)
    if as_json:
        from farm.cli.show import print_json

        print_json({"renewed": renewed, "restarts": pid is not None})
    else:
        print("a new certificate is there" if renewed else "the certificate is not due yet")


def doctor(directory: Home = None, smoke: Smoke = False, as_json: Json = False) -> None:
    """Check what this worker needs; what is wrong comes with its remedy.

    Example: farm worker doctor --smoke

    Exits with 0 when nothing is wrong, with 1 when something is.
    """
    from farm.growing.doctor import examine
    from farm.growing.home import read_offer

    home = _home(directory)
    findings = examine(home, read_offer(home), smoke=smoke)
    if as_json:
        from farm.cli.show import print_json

        print_json([vars(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{finding.state:<5} {finding.subject}: {finding.said}")
            if finding.remedy:
                print(f"      → {finding.remedy}")
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)


def _home(directory: Path | None) -> Path:
    if directory is not None:
        return directory.absolute()
    known = sorted(HOMES.glob("*/worker.json"))
    if len(known) != 1:
        found = ", ".join(one.parent.name for one in known) or "none"
        raise FarmError(f"which worker? {HOMES} has {found}: say --directory DIR")
    return known[0].parent


def _run_here(home: Path) -> None:
    (home / "twistd.pid").unlink(missing_ok=True)
    twistd = Path(sys.executable).with_name("twistd")
    arguments = ["--nodaemon", "--pidfile=twistd.pid", "--logfile=-", "--python=buildbot.tac"]
    os.chdir(home)
    sys.stdout.flush()
    os.execv(twistd, [str(twistd), *arguments])  # noqa: S606 - an argument list, no shell


def _start_with_systemd(offer: Offer, home: Path) -> None:
    from farm.growing.hosts import units
    from farm.run import run

    if not Path("/run/systemd/system").exists():
        raise FarmError(
            f"{offer.worker} has joined and lives in {home}, but systemd does not run here: "
            f"start it with {Path(sys.executable).with_name('buildbot-worker')} start {home}"
        )
    written = units(offer.worker, offer.title, home, Path(sys.executable).parent)
    for name, text in written.items():
        (UNITS / name).write_text(text, encoding="utf-8")
    run("tell systemd of the worker", ["systemctl", "daemon-reload"])
    starting = [name for name in written if not name.endswith("-renew.service")]
    run("start the worker", ["systemctl", "enable", "--now", *starting])
    print(f"{offer.worker} runs; see systemctl status farm-worker-{offer.worker}")
