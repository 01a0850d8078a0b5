"""Components in OCaml (dune) and Rust (Cargo), built with their real compilers into packages.

Their compilers are large: some minutes for the first run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import commit
from tests.real.cache import CACHE

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]

FARM = Path(sys.executable).with_name("farm")
STACK = """\
channels: {{development: }}
distros:
  bookworm:
    {{family: deb, release: Debian 12, architecture: amd64, root: {{suite: bookworm}},
     version_suffix: ~deb12}}
components:
  tinyml:
    git: "{here}/tinyml"
    summary: Tiny OCaml library
    licence: MIT
    packages: {{deb: [ocaml-dune, ocaml-findlib, ocaml]}}
  midml:
    git: "{here}/midml"
    summary: OCaml library that needs another
    licence: MIT
    depends: [tinyml]
    packages: {{deb: [ocaml-dune, ocaml-findlib, ocaml]}}
  mltool:
    git: "{here}/mltool"
    summary: Tiny OCaml program
    licence: MIT
    depends: [midml]
    packages: {{deb: [ocaml-dune, ocaml-findlib, ocaml]}}
  rusty:
    git: "{here}/rusty"
    summary: Tiny Rust program
    licence: MIT
    packages: {{deb: [cargo]}}
"""
FILES = {
    "tinyml/dune-project": "(lang dune 2.9)\n(name tinyml)\n(package (name tinyml))\n",
    "tinyml/src/dune": "(library (public_name tinyml) (name tinyml))\n",
    "tinyml/src/tinyml.ml": "let answer () = 41 + 1\n",
    "tinyml/test/dune": "(test (name check) (libraries tinyml))\n",
    "tinyml/test/check.ml": "let () = assert (Tinyml.answer () = 42)\n",
    "midml/dune-project": "(lang dune 2.9)\n(name midml)\n(package (name midml))\n",
    "midml/src/dune": "(library (public_name midml) (name midml) (libraries tinyml unix))\n",
    "midml/src/midml.ml": "let answer = Tinyml.answer\n",
    "mltool/dune-project": "(lang dune 2.9)\n(package (name mltool))\n",
    "mltool/bin/dune": "(executable (public_name mltool) (name main) (libraries midml))\n",
    "mltool/bin/main.ml": "let () = print_int (Midml.answer ()); print_newline ()\n",
    "rusty/Cargo.toml": '[package]\nname = "rusty"\nversion = "1.0.0"\nedition = "2021"\n',
    "rusty/Cargo.lock": 'version = 3\n\n[[package]]\nname = "rusty"\nversion = "1.0.0"\n',
    "rusty/src/main.rs": 'fn main() { println!("{}", 42); }\n#[test]\nfn it_works() {}\n',
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The components in git, with tags."""
    here = tmp_path_factory.mktemp("stack")
    for path, text in FILES.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_text(text)
    for name in ("tinyml", "midml", "mltool", "rusty"):
        (here / name / "LICENSE").write_text("MIT License\n")
        commit(here / name, "First", tag="v1.0")
    (here / "components.yml").write_text(STACK.format(here=here))
    return here


@pytest.mark.parametrize(
    ("component", "packages", "tests", "program"),
    [
        ("tinyml", {"libtinyml-ocaml", "libtinyml-ocaml-dev"}, "passed", ""),
        ("midml", {"libmidml-ocaml", "libmidml-ocaml-dev"}, "none", ""),
        ("mltool", {"mltool"}, "none", "mltool"),
        ("rusty", {"rusty"}, "passed", "rusty"),
    ],
)
def test_it_becomes_packages_that_lintian_accepts(
    stack: Path, component: str, packages: set[str], tests: str, program: str
) -> None:
    answer = json.loads(farm(stack, "deb", component))
    assert answer["tests"] == tests
    assert answer["lint"]["errors"] == []
    debs = [stack / answer["directory"] / f for f in answer["files"] if f.endswith(".deb")]
    names = {deb.name.split("_")[0]: deb for deb in debs}
    assert {name for name in names if not name.endswith("-dbgsym")} == packages
    if component == "midml":
        # Found in tinyml's packages by what dune wrote into META.
        for suffix in ("", "-dev"):
            field = ["dpkg-deb", "--field", names[f"libmidml-ocaml{suffix}"], "Depends"]
            depends = subprocess.run(field, check=True, capture_output=True, text=True).stdout
            assert f"libtinyml-ocaml{suffix}" in re.split(r"[,\s]+", depends)
    if program:
        root = stack / "root"
        subprocess.run(["dpkg-deb", "--extract", names[component], root], check=True)
        said = subprocess.run([root / "usr/bin" / program], capture_output=True, text=True)
        assert said.stdout == "42\n"


def farm(stack: Path, *arguments: str) -> str:
    """What the command prints as JSON."""
    done = subprocess.run(
        [FARM, *arguments, "--components", "components.yml", "--json"],
        cwd=stack,
        env={**os.environ, "FARM_CACHE": str(CACHE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
