"""``python -m demo``: the commands behind ``make demo`` and ``make stop``."""

from __future__ import annotations

import argparse
import os
import sys

from rich.console import Console

from demo import setup
from demo.errors import DemoError
from demo.paths import TOP, Paths
from demo.progress import STALL_MINUTES
from demo.steps import StepFailed
from farm.errors import FarmError

EPILOG = """\
examples:
  python -m demo up                   # everything; a second time it finds what is there
  python -m demo up --prove           # and prove the archives again
  python -m demo status --follow      # watch the farm work until it has nothing to do
  python -m demo stop
  FARM_STATE=/srv/demo python -m demo up   # keep everything in another directory than ./state
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(
        prog="python -m demo",
        description="A real farm on this machine, building a real stack for three distros.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="install, build, publish and prove what is not yet there")
    up.add_argument("--prove", action="store_true", help="prove the archives even if that was done")
    status = commands.add_parser("status", help="show what runs and how every line stands")
    status.add_argument("--follow", action="store_true", help="until everything is published")
    for command in (up, status):
        command.add_argument(
            "--stall-minutes",
            type=float,
            default=STALL_MINUTES,
            metavar="N",
            help="give up when nothing changes for that long (default: %(default)s)",
        )
    commands.add_parser("stop", help="stop what up started, and nothing else")
    return whole


def run(arguments: argparse.Namespace, paths: Paths, console: Console) -> None:
    """Carry one command out."""
    # Only here: what these import is an error to report, not a traceback, when it is missing.
    from demo import control, up

    if arguments.command == "stop":
        control.stop(paths, console)
    elif arguments.command == "status":
        stall_minutes = arguments.stall_minutes
        control.show(paths, console, follow_it=arguments.follow, stall_minutes=stall_minutes)
    else:
        up.up(paths, up.Options(arguments.prove, arguments.stall_minutes), console)


def main() -> None:
    """Run the command; its failure is one message and exit status 1."""
    arguments = parser().parse_args()
    console = Console(highlight=False)
    try:
        os.chdir(TOP)
        setup.become_root([sys.executable, "-m", "demo", *sys.argv[1:]])
        run(arguments, Paths.from_environment(), console)
    except StepFailed:
        sys.exit(1)
    except FarmError as error:
        print(f"demo: {error}", file=sys.stderr)
        if isinstance(error, DemoError) and error.advice:
            print(error.advice, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
