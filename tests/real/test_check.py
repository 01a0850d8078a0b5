"""`farm check` as its users run it: in a sandbox, on a good component and on a bad one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import commit, write_library
from tests.unit.test_licences import MIT

pytestmark = pytest.mark.real

FARM = Path(sys.executable).with_name("farm")
README = """\
# tinylib

    ./configure && make && make check && make install

Send a pull request.
"""
IGNORED = "Makefile\n*.pc\n*.o\n*.a\n*.so.*\n/tinylib-info\n"


def write_good(tree: Path) -> Path:
    """A component that keeps every rule."""
    write_library(tree)
    (tree / "README").unlink()
    documents = {"README.md": README, "LICENSE": MIT, "NEWS": "1.0: first\n"}
    for name, text in {**documents, ".gitignore": IGNORED}.items():
        (tree / name).write_text(text)
    commit(tree, "First", tag="v1.0")
    return tree


def check(tree: Path, *options: str) -> tuple[int, str]:
    argv = [FARM, "check", *options]
    done = subprocess.run(argv, cwd=tree, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_a_good_component_has_nothing_said_against_it(tmp_path: Path) -> None:
    assert check(write_good(tmp_path / "tinylib")) == (0, "")


def test_install_rules_that_write_to_the_system_hurt_nobody(tmp_path: Path) -> None:
    tree = write_good(tmp_path / "tinylib")
    makefile = tree / "Makefile.in"
    makefile.write_text(
        makefile.read_text().replace("install: all\n", "install: all\n\ttouch /usr/lib/tinylib\n")
    )
    status, printed = check(tree, "--format", "json")
    (finding,) = json.loads(printed)["findings"]
    assert (status, finding["rule"]) == (1, "install")
    assert "/usr/lib/tinylib" in finding["message"]
    assert not Path("/usr/lib/tinylib").exists()


def test_repairs_leave_nothing_to_find(tmp_path: Path) -> None:
    tree = write_good(tmp_path / "tinylib")
    (tree / "README.md").write_text("# tinylib\n")
    (tree / ".gitignore").write_text("*.o\n")
    (tree / "configure").chmod(0o644)
    (tree / "stale.o").write_text("object")
    commit(tree, "Neglect")
    status, printed = check(tree)
    assert status == 1
    assert "configure: error: is not executable [configure-executable]" in printed
    assert check(tree, "--fix") == (0, "")
    assert (tree / ".gitignore").read_text().startswith("*.o\n")
    assert (tree / "stale.o").exists()


def test_reports_for_ci_are_written_to_files(tmp_path: Path) -> None:
    tree = write_good(tmp_path / "tinylib")
    (tree / "LICENSE").unlink()
    commit(tree, "Lose the licence")
    for format_ in ("sarif", "junit", "json"):
        output = tmp_path / f"report.{format_}"
        options = ("--no-build", "--format", format_, "--output", str(output))
        assert check(tree, *options) == (1, "")
        assert "licence" in output.read_text()
    assert check(tree, "--format", "html")[0] == 2
