"""nix: one derivation a component, in a store of its own, without a daemon and a sandbox."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from bench.measured import Cost
from bench.peers.builder import JOBS, Builder
from bench.workspace_stack import AUTOCONF, Stack


class Nix(Builder):
    """Derivations that take the machine's compiler from PATH, since there is no nixpkgs offline.

    Each is built from a copy of its source in the store, as everything in nix is.
    """

    program = "nix-build"

    def variables(self) -> Mapping[str, str]:
        """Store and state below the benchmark's directory."""
        return {
            "NIX_STORE_DIR": str(self.root / "store"),
            "NIX_STATE_DIR": str(self.root / "state"),
            "NIX_LOG_DIR": str(self.root / "log"),
            "NIX_CONF_DIR": str(self.root / "etc"),
        }

    def prepare(self) -> None:
        """Write the settings and the expression."""
        super().prepare()
        (self.root / "etc").mkdir()
        (self.root / "etc" / "nix.conf").write_text(
            f"sandbox = false\nsubstitute = false\nbuild-users-group =\nmax-jobs = {JOBS}\n"
        )
        (self.root / "default.nix").write_text(expression(self.stack))
        (self.root / "results").mkdir()

    def build(self) -> Cost:
        """``nix-build`` of all components, which leaves a link to each result."""
        links = self.root / "results" / "result"
        cost = self.command("nix-build", self.root / "default.nix", "--out-link", links)
        programs = self.prefix / "bin"
        shutil.rmtree(programs, ignore_errors=True)
        programs.mkdir(parents=True)
        for name, place in self.built().items():
            if self.stack.parts[name].program:
                (programs / name).symlink_to(place / "bin" / name)
        return cost

    def built(self) -> Mapping[str, Path]:
        """Where each component is in the store."""
        places = [link.resolve() for link in (self.root / "results").iterdir()]
        return {place.name.partition("-")[2]: place for place in places}

    def remove(self) -> None:
        """Make the store's directories writable, as they are not for anybody but root."""
        for directory, _, _ in os.walk(self.root / "store"):
            Path(directory).chmod(0o755)
        super().remove()


def expression(stack: Stack) -> str:
    """A default.nix with an attribute for each component."""
    configure = "./configure --prefix=$out\n      " if stack.variant == AUTOCONF else ""
    attributes = ""
    for part in stack.parts.values():
        depends = " ".join(part.depends)
        attributes += f'  {part.name} = component "{part.name}" ./src/{part.name} [{depends}];\n'
    return f"""let
  # What is below a component is propagated, as nixpkgs does it: .pc files name it.
  unique = builtins.foldl' (found: one: if builtins.elem one found then found else found ++ [one]);
  below = depends: unique [] (depends ++ builtins.concatMap (one: one.below) depends);
  component = name: tree: depends: let propagated = below depends; in derivation {{
    inherit name;
    below = propagated;
    system = builtins.currentSystem;
    src = builtins.path {{
      name = "${{name}}-source";
      path = tree;
      filter = path: type: baseNameOf path != ".git";
    }};
    PATH = "/usr/bin:/bin";
    PKG_CONFIG_PATH =
      builtins.concatStringsSep ":" (map (one: "${{one}}/lib/pkgconfig") propagated);
    builder = "/bin/sh";
    args = ["-ec" ''
      cp -r $src source
      chmod -R u+w source
      cd source
      {configure}make PREFIX=$out
      make test PREFIX=$out
      make install PREFIX=$out
    ''];
  }};
in rec {{
{attributes}}}
"""
