"""What others use to build many components, as far as this machine has it, on the same stack."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.measured import CommandFailed, Cost, best
from bench.peers.builder import Builder
from bench.peers.jhbuild import Jhbuild
from bench.peers.nix import Nix
from bench.peers.opam import Opam
from bench.workspace_stack import generate, stale_programs

BUILDERS: tuple[type[Builder], ...] = (Jhbuild, Opam, Nix)
REPEATS = 3


def measure_builders(variant: str, layers: int, width: int, root: Path) -> dict[str, Any]:
    """CPU seconds of each tool for a full build, and for the changes that `farm` is measured with.

    Beside them, how many components were built, and after the base's change how many programs
    are stale. A tool that is not installed is named as such, and so is one that fails.
    """
    result: dict[str, Any] = {}
    for kind in BUILDERS:
        name = kind.__name__.lower()
        if shutil.which(kind.program) is None:
            result[name] = {"not": "installed"}
            continue
        tool = kind(generate(layers, width, variant=variant), root / name)
        try:
            tool.prepare()
            result[name] = _measure(tool)
        except CommandFailed as error:
            result[name] = {"failed": str(error)[-300:]}
        finally:
            tool.remove()
    return result


def _measure(tool: Builder) -> dict[str, float]:
    parts = tool.stack.parts
    base, leaf = next(iter(parts)), tool.stack.programs[0]
    full = tool.build()
    if stale := _stale(tool):
        raise CommandFailed(f"{stale} programs are stale after a full build")
    nothing = best(REPEATS, tool.build)
    result = {"full": round(full.cpu, 2), "nothing": round(nothing.cpu, 3)}

    parts[base].number += 1
    tool.change(base)
    result |= _rebuild(tool, "base")
    result["base stale"] = _stale(tool)

    parts[leaf].number += 1
    tool.change(leaf)
    result |= _rebuild(tool, "leaf")

    (tool.sources / base / "README").write_text("Another text\n")
    tool.commit(base)
    return result | _rebuild(tool, "readme")


def _rebuild(tool: Builder, what: str) -> dict[str, float]:
    before = tool.built()
    time.sleep(1)  # jhbuild records when it installed something in whole seconds
    cost: Cost = tool.build()
    return {what: round(cost.cpu, 2), f"{what} built": rebuilt(before, tool.built())}


def rebuilt(before: Mapping[str, object], after: Mapping[str, object]) -> int:
    """How many components are not what they were."""
    return sum(before.get(name) != mark for name, mark in after.items())


def _stale(tool: Builder) -> int:
    return len(stale_programs(tool.stack, tool.prefix))
