"""What the building tools have in common in the benchmark."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from bench.measured import Cost, run
from bench.workspace_stack import GIT, Stack, commit

JOBS = 2
_NOT_PASSED_ON = ("PWD", "MAKEFLAGS", "PKG_CONFIG_PATH", "C_INCLUDE_PATH", "LD_LIBRARY_PATH")


class Builder(ABC):
    """A tool with its own root, on git repositories of a stack that nothing else uses.

    The developer works in these repositories, and commits what they changed.
    """

    program: ClassVar[str]
    """What has to be on PATH."""

    def __init__(self, stack: Stack, root: Path):
        self.stack, self.root, self.sources = stack, root, root / "src"
        self.prefix = root / "prefix"
        home = root / "home"
        home.mkdir(parents=True)
        inherited = {k: v for k, v in os.environ.items() if k not in _NOT_PASSED_ON}
        self.environment: Mapping[str, str] = {
            **{k: v for k, v in inherited.items() if not k.startswith(("XDG_", "OPAM", "NIX_"))},
            "HOME": str(home),
            **self.variables(),
        }

    def variables(self) -> Mapping[str, str]:
        """Environment variables that the tool needs."""
        return {}

    def extra_files(self, name: str) -> Mapping[str, str]:
        """What the tool wants in a component's repository, besides the source."""
        del name
        return {}

    def prepare(self) -> None:
        """Make the repositories; a tool adds what it has to know before its first build."""
        for name in self.stack.parts:
            for path, text in self.extra_files(name).items():
                self.sources.joinpath(name).mkdir(parents=True, exist_ok=True)
                (self.sources / name / path).write_text(text)
            self.stack.write(name, self.sources / name)
            commit(self.sources / name, "First")

    def change(self, name: str) -> None:
        """Commit what the stack says about a component."""
        self.stack.write(name, self.sources / name)
        self.commit(name)

    def commit(self, name: str) -> None:
        """Commit what changed of a component's source, and nothing that was built beside it."""
        run([*GIT, "commit", "-q", "-a", "-m", "Change"], cwd=self.sources / name)

    @abstractmethod
    def build(self) -> Cost:
        """Bring everything that is installed up to date with the repositories."""

    @abstractmethod
    def built(self) -> Mapping[str, object]:
        """For each component something that differs once it has been built again."""

    def remove(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.root, ignore_errors=True)

    def command(self, *argv: str | Path) -> Cost:
        """Run one of the tool's commands and measure it."""
        return run(argv, cwd=self.root, environment=self.environment)
