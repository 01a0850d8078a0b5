"""`farm` in a workspace beside the bare tools, and beside the tools that others use.

    .venv/bin/python bench/workspace.py            # some 25 minutes on two cores
    .venv/bin/python bench/workspace.py --quick    # a small stack, without peers: does it run?

CPU seconds of each command and all that it starts, beside its floor's from the same run on the
same generated stack. Programs are run after each change: a stale one ends the benchmark.

Others are compared where they are installed: vcstool and myrepos clone and update; jhbuild, opam
and nix (nix-bin) build. All are in Debian.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.graphs import print_json
from bench.measured import Cost, best, run
from bench.workspace_builders import measure_builders
from bench.workspace_floors import Bare
from bench.workspace_peers import measure_peers
from bench.workspace_stack import (
    AUTOCONF,
    PLAIN,
    Stack,
    components_yml,
    generate,
    has_autoconf,
    stale_programs,
    write_repositories,
)

FARM = (str(Path(sys.executable).parent / "farm"),)
BASE = "l0c0"
REPEATS = 5


class Farm:
    """A workspace of a stack."""

    def __init__(self, stack: Stack, root: Path):
        self.stack, self.root, self.prefix = stack, root / "ws", root / "ws" / "prefix"
        file = root / "components.yml"
        file.write_text(components_yml(stack, root / "git"))
        run([*FARM, "init", file, self.root], cwd=root)

    def __call__(self, *arguments: str) -> Cost:
        """Run one command of the farm's in the workspace."""
        environment = {k: v for k, v in os.environ.items() if k not in ("PWD", "FARM_SITE")}
        return run([*FARM, *arguments], cwd=self.root, environment=environment)

    def write(self, *names: str) -> None:
        """Bring what the stack says into the checkouts."""
        for name in names:
            self.stack.write(name, self.root / name)

    def check(self) -> None:
        """End the benchmark when a program is not what its sources say."""
        stale = stale_programs(self.stack, self.prefix)
        if stale:
            raise SystemExit(f"stale programs: {', '.join(stale)}")


def clones(farm: Farm, bare: Bare) -> dict[str, Any]:
    """Cloning everything, and fetching when nothing is new."""
    floor, ours = bare.clone(), farm("clone", "--all")
    fetch = best(REPEATS, bare.fetch)
    sync = best(REPEATS, lambda: farm("sync"))
    return {"clone": pair(ours, floor), "sync": pair(sync, fetch)}


def builds(stack: Stack, farm: Farm, bare: Bare) -> dict[str, Any]:
    """A full build, and what each kind of change costs."""
    result: dict[str, Any] = {"full": pair(farm("build", "-j2"), bare.build())}
    farm.check()
    result["nothing"] = pair(best(REPEATS, lambda: farm("build")), best(REPEATS, bare.nothing))
    affected = {BASE} | stack.dependents(BASE)

    stack.parts[BASE].number += 1
    farm.write(BASE)
    stack.write(BASE, bare.root / BASE)
    ours = farm("build", "-j2")
    farm.check()
    in_order = [name for name in stack.parts if name in affected]
    relink = bare.relink(in_order, BASE)
    clean = bare.clean(in_order)
    result["base"] = {
        **pair(ours, relink),
        "clean floor": clean.cpu,
        "÷ clean floor": round(ours.over(clean), 2),
        "components": len(affected),
    }

    leaf = stack.programs[0]
    stack.parts[leaf].number += 1
    farm.write(leaf)
    stack.write(leaf, bare.root / leaf)
    ours = farm("build", "-j2")
    farm.check()
    result["leaf"] = pair(ours, bare.clean([leaf]))

    (farm.root / BASE / "README").write_text("Another text\n")
    result["readme"] = {"cpu": farm("build", "-j2").cpu, "built": _built(farm)}
    return result


def _built(farm: Farm) -> int:
    """How many components the last build built: those whose log is as young as the base's."""
    logs = {
        path.parent.name: path.stat().st_mtime for path in farm.root.glob(".farm/components/*/log")
    }
    return sum(age >= logs[BASE] for age in logs.values())


def many(count: int, root: Path) -> dict[str, Any]:
    """Nothing to do in a large workspace: its components are built without a compiler."""
    stack = generate(count // 50, 50)
    root.mkdir()
    for name in stack.parts:
        stack.write(name, root / "git" / name)
        makefile = "all:\n\ninstall:\n\tmkdir -p $(DESTDIR)$(PREFIX)/share/x\n"
        makefile += f"\tcp README $(DESTDIR)$(PREFIX)/share/x/{name}\n"
        (root / "git" / name / "Makefile").write_text(makefile)
    write_repositories_as_they_are(stack, root / "git")
    farm = Farm(stack, root)
    farm("clone", "--all")
    farm("build")
    cost = best(REPEATS, lambda: farm("build"))
    return {"components": count, "wall": round(cost.wall, 3), "cpu": round(cost.cpu, 3)}


def write_repositories_as_they_are(stack: Stack, root: Path) -> None:
    """Commit directories that are written already."""
    from bench.workspace_stack import commit

    for name in stack.parts:
        commit(root / name, "First")


def pair(ours: Cost, floor: Cost) -> dict[str, float]:
    """One figure beside its floor."""
    return {
        "cpu": round(ours.cpu, 3),
        "wall": round(ours.wall, 3),
        "floor": round(floor.cpu, 3),
        "ratio": round(ours.over(floor), 2),
    }


def measure(variant: str, layers: int, width: int, root: Path, *, peers: bool) -> dict[str, Any]:
    """Everything about one variant of the stack."""
    stack = generate(layers, width, variant=variant)
    root.mkdir(parents=True)
    write_repositories(stack, root / "git")
    farm, bare = Farm(stack, root), Bare(stack, root / "git", root / "bare")
    result = {**clones(farm, bare), **builds(stack, farm, bare)}
    if peers:
        result["peers"] = {
            **measure_peers(generate(layers, width, variant=variant), root),
            **measure_builders(variant, layers, width, root),
        }
    return result


def show(name: str, result: dict[str, Any]) -> None:
    """Print one variant's figures as a table."""
    print(f"\n{name}")
    for what, figures in result.items():
        if what == "peers":
            for peer, facts in figures.items():
                print(f"  {peer:<18} " + "  ".join(f"{k} {v}" for k, v in facts.items()))
        else:
            print(f"  {what:<18} " + "  ".join(f"{k} {v}" for k, v in figures.items()))


def main() -> None:
    """Measure, print, and end with a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="A small stack, without peers.")
    parser.add_argument(
        "--no-peers",
        action="store_true",
        help="Without vcstool, myrepos, jhbuild, opam and nix, which are compared where installed.",
    )
    arguments = parser.parse_args()
    layers, width = (3, 3) if arguments.quick else (6, 10)
    place = Path(tempfile.mkdtemp(prefix="bench-workspace-"))
    results: dict[str, Any] = {}
    steps: list[tuple[str, Callable[[], dict[str, Any]]]] = []
    for variant in (PLAIN, AUTOCONF) if has_autoconf() else (PLAIN,):
        peers = not (arguments.quick or arguments.no_peers)
        steps.append(
            (variant, lambda v=variant, p=peers: measure(v, layers, width, place / v, peers=p))
        )
    if not arguments.quick:
        steps.append(("many", lambda: {"nothing": many(500, place / "many")}))
    try:
        for name, step in steps:
            results[name] = step()
            show(name, results[name])
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print_json({"benchmark": "workspace", **results})


if __name__ == "__main__":
    main()
