"""opam: packages of a switch, pinned to the developer's repositories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.measured import Cost
from bench.peers.builder import JOBS, Builder
from bench.workspace_stack import AUTOCONF, Part


class Opam(Builder):
    """An empty switch of its own root. Each repository has its opam file and is pinned as git."""

    program = "opam"

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.prefix = self.root / "opam" / "stack"
        self._installed = False

    def variables(self) -> Mapping[str, str]:
        """The root; no questions; what conf-pkg-config says in a switch with the real packages."""
        return {
            "OPAMROOT": str(self.root / "opam"),
            "PKG_CONFIG_PATH": str(self.root / "opam" / "stack" / "lib" / "pkgconfig"),
            "OPAMYES": "1",
            "OPAMJOBS": str(JOBS),
            # A root may not use opam without being told so at each command.
            "OPAMROOTISOK": "1",
            "OPAMSWITCH": "stack",
            "OPAMCOLOR": "never",
        }

    def extra_files(self, name: str) -> Mapping[str, str]:
        """The opam file."""
        return {f"{name}.opam": package(self.stack.parts[name], self.stack.variant)}

    def prepare(self) -> None:
        """Make a root, a switch and the pins, which copies the repositories."""
        super().prepare()
        index = self.root / "index"
        (index / "packages").mkdir(parents=True)
        (index / "repo").write_text('opam-version: "2.0"\n')
        init = ("opam", "init", "--bare", "--no-setup", "--disable-sandboxing", "--bypass-checks")
        self.command(*init, "default", index)
        self.command("opam", "switch", "create", "stack", "--empty", "--no-switch")
        for name in self.stack.parts:
            self.command("opam", "pin", "add", "--no-action", name, self.sources / name)

    def build(self) -> Cost:
        """``opam install``, and from then on ``opam update`` and ``opam upgrade`` in one."""
        if self._installed:
            return self.command("opam", "update", "--development", "--upgrade")
        self._installed = True
        return self.command("opam", "install", *self.stack.parts)

    def built(self) -> Mapping[str, object]:
        """When its record of what a package installed was written."""
        records = (self.prefix / ".opam-switch" / "install").glob("*.changes")
        return {path.stem: path.stat().st_mtime_ns for path in records}


def package(part: Part, variant: str) -> str:
    """A component's opam file."""
    prefix = '"PREFIX=%{prefix}%"'
    configure = '  ["./configure" "--prefix=%{prefix}%"]\n' if variant == AUTOCONF else ""
    depends = " ".join(f'"{name}"' for name in part.depends)
    return f"""opam-version: "2.0"
version: "1"
synopsis: "A generated component"
maintainer: "ada@example.org"
depends: [{depends}]
build: [
{configure}  [make {prefix}]
  [make "test" {prefix}]
]
install: [make "install" {prefix}]
"""
