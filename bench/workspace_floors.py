"""The bare tools on the same stacks: git and make with nothing above them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.measured import Cost, run
from bench.workspace_stack import AUTOCONF, Stack
from farm.workspace.environment import build_environment

_PRODUCTS = "*.o *.d *.a *.pc check config.log config.status Makefile.made"


class Bare:
    """Clones of a stack's repositories, built by one makefile into a prefix.

    A component's products are made in its clone, as with any plain make.
    """

    def __init__(self, stack: Stack, repositories: Path, root: Path):
        self.stack, self.root, self.prefix = stack, root, root / "prefix"
        self._repositories = repositories
        root.mkdir(parents=True)
        self.environment: Mapping[str, str] = build_environment(
            self.prefix, os.environ, 1_700_000_000, 2
        )

    def clone(self) -> Cost:
        """``xargs -P8 git clone``."""
        # The URLs that the farm clones: git copies from a plain path in a cheaper way.
        names = "".join(f"file://{self._repositories / name}\n" for name in self.stack.parts)
        argv = ["xargs", "-P8", "-n1", "git", "clone", "-q", "--"]
        return run(argv, cwd=self.root, stdin=names)

    def fetch(self) -> Cost:
        """``git fetch`` in all clones, eight at a time."""
        names = "".join(f"{name}\n" for name in self.stack.parts)
        argv = ["xargs", "-P8", "-I{}", "git", "-C", "{}", "fetch", "-q"]
        return run(argv, cwd=self.root, stdin=names)

    def build(self) -> Cost:
        """Configure, build, test and install everything; make decides what runs at once."""
        return self._make(self.stack.parts, "full")

    def nothing(self) -> Cost:
        """make in every clone, with nothing to do."""
        lines = [self._line(name, "make -s all") for name in self.stack.parts]
        return self._run(dict(zip(self.stack.parts, lines, strict=True)))

    def clean(self, names: Iterable[str]) -> Cost:
        """Build components again from nothing but their source."""
        return self._make(names, "full")

    def relink(self, names: Iterable[str], changed: str) -> Cost:
        """Build one component's changed source, and only link what is above it again."""
        (self.root / changed / "value.o").unlink(missing_ok=True)
        return self._make(names, "relink")

    def _make(self, names: Iterable[str], how: str) -> Cost:
        arguments = f"PREFIX={self.prefix}"
        steps = [f"make {arguments}", f"make test {arguments}", f"make install {arguments}"]
        if how == "full":
            self._remove(names, _PRODUCTS)
            if self.stack.variant == AUTOCONF:
                steps = [f"./configure --prefix={self.prefix}", *steps]
        else:
            self._remove(names, "*.a check")
        return self._run({name: self._line(name, " && ".join(steps)) for name in names})

    def _remove(self, names: Iterable[str], patterns: str) -> None:
        for name in names:
            for pattern in patterns.split():
                for path in (self.root / name).glob(pattern):
                    path.unlink()
            if self.stack.parts[name].program:
                (self.root / name / name).unlink(missing_ok=True)

    def _line(self, name: str, command: str) -> str:
        return f"cd {self.root / name} && {command} >/dev/null"

    def _run(self, lines: Mapping[str, str]) -> Cost:
        rules = [f"all: {' '.join(lines)}", f".PHONY: all {' '.join(lines)}"]
        for name, line in lines.items():
            needed = [one for one in self.stack.parts[name].depends if one in lines]
            rules += [f"{name}: {' '.join(needed)}", f"\t+@{line}"]
        makefile = self.root / "Makefile.stack"
        makefile.write_text("\n".join(rules) + "\n")
        argv = ["make", "-s", "-j2", "-f", makefile]
        return run(argv, cwd=self.root, environment=self.environment)


def write_sources(stack: Stack, place: Path, names: Iterable[str]) -> None:
    """Bring what the stack says into checkouts; the next second, so that make sees the change."""
    for name in names:
        stack.write(name, place / name)
    subprocess.run(["sync"], check=True)
