"""``make demo``: from a fresh machine to a farm that has built, published and proved its stack."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from demo import hook, processes, services, setup, site, stack, where
from demo.control import read_farm, watch
from demo.errors import DemoError
from demo.paths import Paths
from demo.processes import running
from demo.progress import STALL_MINUTES
from demo.prove import prove
from demo.rpm_distribution import build_distribution
from demo.steps import Steps, write

STEPS = 6
PROOFS_AT_ONCE = 2
Say = Callable[[str], None]

RPM_DISTRIBUTION = "rpm-distribution"
"""The rpm demo distribution's directory below the demo's; components.yml names it."""


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    prove_again: bool = False
    stall_minutes: float = STALL_MINUTES


def up(paths: Paths, options: Options, console: Console) -> None:
    """Bring the demo up, from whatever is there.

    :raises StepFailed: a step failed; everything has been said.
    """
    report = Steps(console, STEPS, paths.logs / "crash.log")
    with report.step("packages", "what the farm needs on this machine"):
        setup.check_release(Path("/etc/os-release").read_text(encoding="utf-8"))
        if not setup.install(setup.host_packages(), report.say):
            report.say("all installed")
    with _alone(paths):
        _with_farm(paths, options, console, report)


def _with_farm(paths: Paths, options: Options, console: Console, report: Steps) -> None:
    with report.step("sources", "upstream software as git repositories, and an rpm distribution"):
        if not stack.prepare(paths, report.say):
            report.say(f"git repositories are in {paths.repositories}")
        paths.logs.mkdir(parents=True, exist_ok=True)
        with (paths.logs / "rpm-distribution.log").open("w", encoding="utf-8") as log:
            made = build_distribution(paths.demo / RPM_DISTRIBUTION, log=log)
        report.say(f"rpm distribution, made from this machine's packages: {made}")
    with report.step("farm", "the master, its web UI, and the workers"):
        known = site.ports_of(site.read_site(paths.site_file))
        if site.write_site(paths, running=bool(running(services.master(paths)))) != known:
            # Workers that outlived their master look for it where it was.
            processes.stop(services.everything(paths), paths.state)
        hook.install(paths)
        began = time.time()
        started = services.start(paths, report.say)
        settings, components = read_farm(paths)
        report.say(f"web UI: {settings.www.public_url}")
    published = where.archives(components, settings.archive.public_url)
    with report.step("build", "every component in a clean root, tested, published and signed"):
        watch(
            paths,
            settings,
            components,
            console,
            stall_minutes=options.stall_minutes,
            not_before=began if started else 0.0,
        )
    with report.step("proof", "as a user: install, run, fetch the source, rebuild"):
        prove_all(paths, published, report.say, again=options.prove_again)
    with report.step("where to look", "the farm goes on running"):
        write(console, where.summary(paths, settings.www.public_url, published))


def prove_all(paths: Paths, published: list[where.Archive], say: Say, *, again: bool) -> None:
    """Prove every archive, some at once.

    :raises DemoError: of the first that fails, after the others have ended.
    """
    with ThreadPoolExecutor(PROOFS_AT_ONCE) as pool:
        proofs = [pool.submit(prove, paths, archive, say, again=again) for archive in published]
    for proof in proofs:
        proof.result()


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """Keep a second ``make demo`` on the same state out."""
    paths.state.mkdir(parents=True, exist_ok=True)
    with (paths.state / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"another make demo is at work in {paths.state}",
                "Wait for it, or watch with: .venv/bin/python -m demo status --follow",
            ) from None
        yield
