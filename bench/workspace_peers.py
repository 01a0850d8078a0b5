"""What others use to clone and update many repositories, as far as this machine has it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from bench.measured import Cost, best, run
from bench.workspace_stack import Stack

REPEATS = 3


def measure_peers(stack: Stack, root: Path) -> dict[str, Any]:
    """Cloning and updating the stack's repositories: CPU seconds of each tool, eight at a time.

    A tool that is not installed is named as such.
    """
    result: dict[str, Any] = {}
    for name, program, measure in (("vcstool", "vcs", _vcstool), ("myrepos", "mr", _myrepos)):
        if shutil.which(program) is None:
            result[name] = {"not": "installed"}
            continue
        place = root / name
        place.mkdir()
        cloned, updated = measure(stack, root / "git", place)
        result[name] = {"clone": round(cloned.cpu, 2), "update": round(updated.cpu, 2)}
    return result


def _vcstool(stack: Stack, repositories: Path, place: Path) -> tuple[Cost, Cost]:
    lines = ["repositories:"]
    for name in stack.parts:
        lines += [f"  {name}:", "    type: git", f"    url: file://{repositories / name}"]
    (place / "stack.repos").write_text("\n".join(lines) + "\n")
    cloned = run(["vcs", "import", "--workers", "8", "--input", "stack.repos", "."], cwd=place)
    return cloned, best(REPEATS, lambda: run(["vcs", "pull", "--workers", "8", "."], cwd=place))


def _myrepos(stack: Stack, repositories: Path, place: Path) -> tuple[Cost, Cost]:
    lines = []
    for name in stack.parts:
        url = f"file://{repositories / name}"
        lines += [f"[{place / name}]", f"checkout = git clone -q '{url}' '{name}'", ""]
    (place / ".mrconfig").write_text("\n".join(lines))
    argv = ["mr", "--trust-all", "--config", str(place / ".mrconfig"), "-j", "8"]
    cloned = run([*argv, "checkout"], cwd=place)
    return cloned, best(REPEATS, lambda: run([*argv, "update"], cwd=place))
