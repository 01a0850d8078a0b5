"""Real stacks in real workspaces: after any change, programs say what their sources say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from bench.workspace_stack import (
    AUTOCONF,
    PLAIN,
    Part,
    Stack,
    components_yml,
    generate,
    outputs,
    stale_programs,
    write_repositories,
)
from farm.workspace.acquire import clone_components
from farm.workspace.running import BuildRun, Options, Outcome, Result
from farm.workspace.settings import Settings
from farm.workspace.workspace import Workspace, make_workspace, open_workspace
from tests.workspaces import environment

pytestmark = pytest.mark.real


class Built:
    """A generated stack in a workspace with everything checked out."""

    def __init__(self, root: Path, stack: Stack):
        self.stack, self.root = stack, root / "ws"
        self.file = root / "components.yml"
        write_repositories(stack, root / "git")
        self.file.write_text(components_yml(stack, root / "git"))
        settings = Settings(str(self.file), str(self.root / "prefix"))
        make_workspace(self.root, str(self.file), settings)
        workspace = self.open()
        list(clone_components(workspace, workspace.entries))

    def open(self, **variables: str) -> Workspace:
        return open_workspace(self.root, environment(**variables))

    def build(self, *names: str, fresh: bool = False, **variables: str) -> dict[str, Result]:
        """Build, as a command does; what became of each component."""
        workspace = self.open(**variables)
        chosen = names or tuple(workspace.entries)
        insist = frozenset(chosen) if fresh else frozenset()
        run = BuildRun(workspace, Options(2, insist=insist), lambda *_: None, lambda _: None)
        return {one.name: one for one in run.run(chosen)}

    def rebuilt(self, **variables: str) -> list[str]:
        """Build everything; the names of what was built."""
        results = self.build(**variables)
        assert not [r.message for r in results.values() if r.outcome is Outcome.FAILED]
        return sorted(n for n, r in results.items() if r.outcome is Outcome.BUILT)

    def write(self, *names: str) -> None:
        """Bring what the stack says into the checkouts, uncommitted."""
        for name in names or tuple(self.stack.parts):
            self.stack.write(name, self.root / name)

    @property
    def prefix(self) -> Path:
        return self.root / "prefix"

    def stale(self) -> list[str]:
        return stale_programs(self.stack, self.prefix)

    def log(self, name: str) -> str:
        return (self.root / ".farm" / "components" / name / "log").read_text()

    def assert_same_from_scratch(self) -> None:
        """Every file is, byte for byte, what a build from nothing makes."""
        again = self.build(fresh=True)
        assert {name: r.changed for name, r in again.items() if r.changed} == {}


def small(variant: str = PLAIN) -> Stack:
    return generate(3, 2, variant=variant)


@pytest.fixture
def built(tmp_path: Path) -> Built:
    made = Built(tmp_path, small())
    assert len(made.rebuilt()) == 6
    return made


def test_everything_is_built_once_and_then_nothing(built: Built) -> None:
    assert built.stale() == []
    assert built.rebuilt() == []
    assert built.build()["l0c0"].outcome is Outcome.CURRENT


def test_a_changed_function_reaches_every_program(built: Built) -> None:
    built.stack.parts["l0c0"].number += 1
    built.write("l0c0")
    assert built.rebuilt() == sorted({"l0c0"} | built.stack.dependents("l0c0"))
    assert built.stale() == []
    for name in built.stack.dependents("l0c0"):
        assert "kept: configure's results and" in built.log(name)


def test_a_changed_header_reaches_every_program(built: Built) -> None:
    built.stack.parts["l0c1"].constant += 1
    built.write("l0c1")
    built.rebuilt()
    assert built.stale() == []


@pytest.mark.parametrize("comment", ["one line", "two\nlines"])
def test_a_comment_or_a_readme_rebuilds_one_component(built: Built, comment: str) -> None:
    built.stack.parts["l0c0"].comment = comment
    built.write("l0c0")
    (built.root / "l0c1" / "README").write_text("new")
    assert built.rebuilt() == ["l0c0", "l0c1"]


def test_a_source_that_is_older_than_its_object_is_built(built: Built) -> None:
    """As after unpacking an archive, or `git stash`: make alone would not see it."""
    built.stack.parts["l2c0"].number += 1
    built.write("l2c0")
    os.utime(built.root / "l2c0" / "value.c", (10**9, 10**9))
    assert built.rebuilt() == ["l2c0"]
    assert built.stale() == []


def test_changed_flags_in_a_makefile_compile_everything(built: Built) -> None:
    makefile = built.root / "l2c0" / "Makefile"
    makefile.write_text(makefile.read_text().replace("CFLAGS = -O1", "CFLAGS = -O1 -Dmain_value=1"))
    assert built.rebuilt() == ["l2c0"]
    assert built.log("l2c0").count(" -c ") == 6


def test_headers_without_depfiles_are_right_too(tmp_path: Path) -> None:
    stack = small()
    made = Built(tmp_path, stack)
    for name in stack.parts:
        makefile = made.root / name / "Makefile"
        makefile.write_text(makefile.read_text().replace(" -MMD", ""))
    made.rebuilt()
    for name in stack.parts:
        header = made.root / name / "include" / f"{name}.h"
        text = header.read_text()
        old = stack.parts[name].constant
        stack.parts[name].constant = old + 1
        header.write_text(text.replace(f"_CONSTANT {old}", f"_CONSTANT {old + 1}"))
    made.rebuilt()
    assert made.stale() == []


def test_a_source_file_that_is_gone_leaves_no_object_in_the_library(built: Built) -> None:
    tree = built.root / "l0c0"
    makefile = tree / "Makefile"
    makefile.write_text(makefile.read_text().replace("piece0.o piece1.o piece2.o", "$(P)"))
    makefile.write_text(
        makefile.read_text().replace(
            "OBJECTS =", "P = $(patsubst %.c,%.o,$(wildcard piece*.c))\nOBJECTS ="
        )
    )
    (tree / "piece9.c").write_text("int l0c0_piece9(void) { return 0; }\n")
    built.rebuilt()
    library = str(built.prefix / "lib" / "libl0c0.a")
    assert (
        "piece9.o"
        in subprocess.run(["ar", "t", library], capture_output=True, text=True, check=True).stdout
    )
    (tree / "piece9.c").unlink()
    built.rebuilt()
    assert (
        "piece9.o"
        not in subprocess.run(
            ["ar", "t", library], capture_output=True, text=True, check=True
        ).stdout
    )


def test_failing_tests_leave_the_prefix_as_it_was_and_others_go_on(built: Built) -> None:
    before = outputs(built.prefix, built.stack.programs)
    check = built.root / "l1c0" / "check.c"
    good = check.read_text()
    check.write_text("int main(void) { return 1; }\n")
    built.stack.parts["l0c1"].number += 1
    built.write("l0c1")
    results = built.build()
    assert results["l1c0"].outcome is Outcome.FAILED
    assert "test failed with status 2" in results["l1c0"].message
    assert results["l0c1"].outcome is Outcome.BUILT
    blocked = {n for n, r in results.items() if r.outcome is Outcome.BLOCKED}
    assert blocked == built.stack.dependents("l1c0")
    for name in blocked & set(before):
        assert outputs(built.prefix, [name])[name] == before[name]
    check.write_text(good)
    built.rebuilt()
    assert built.stale() == []


def test_a_compile_error_keeps_what_was_compiled(built: Built) -> None:
    value = built.root / "l2c1" / "value.c"
    good = value.read_text()
    value.write_text("wrong\n")
    assert built.build()["l2c1"].outcome is Outcome.FAILED
    value.write_text(good + "\n")
    assert built.rebuilt() == ["l2c1"]
    assert "kept: configure's results" in built.log("l2c1")
    assert built.log("l2c1").count(" piece0.c") == 0
    assert built.stale() == []


def test_files_that_are_not_installed_any_more_go(built: Built) -> None:
    part = built.stack.parts["l2c1"]
    part.program = False
    built.write("l2c1")
    (built.root / "l2c1" / "main.c").unlink()
    built.rebuilt()
    assert not (built.prefix / "bin" / "l2c1").exists()


def test_a_component_that_leaves_the_stack_leaves_the_prefix(built: Built) -> None:
    del built.stack.parts["l2c1"]
    built.file.write_text(components_yml(built.stack, built.root.parent / "git"))
    results = built.build()
    assert results["l2c1"].outcome is Outcome.REMOVED
    assert not (built.prefix / "lib" / "libl2c1.a").exists()


def test_a_build_sees_only_what_it_depends_on(built: Built) -> None:
    other = "l1c0"  # installed, and no dependency
    value = built.root / "l1c1" / "value.c"
    value.write_text(f'#include "{other}.h"\n{value.read_text()}')
    result = built.build()["l1c1"]
    assert result.outcome is Outcome.FAILED
    assert f"{other}.h" in result.message


def test_flags_of_the_developer_rebuild(built: Built) -> None:
    assert len(built.rebuilt(CPPFLAGS="-DX=1")) == 6
    assert built.rebuilt(CPPFLAGS="-DX=1") == []


def test_two_components_may_not_install_one_file(built: Built) -> None:
    makefile = built.root / "l2c0" / "Makefile"
    makefile.write_text(makefile.read_text() + "\t: > $(D)/lib/libl0c0.a\n")
    text = (
        makefile.read_text()
        .replace("-include", "\t: > $(D)/lib/libl0c0.a\n-include")
        .rsplit("\t:", 1)[0]
    )
    makefile.write_text(text)
    result = built.build()["l2c0"]
    assert "belongs to l0c0" in result.message
    assert built.stale() == []


def random_change(random: Random, made: Built) -> str:
    """Change something of one component as a developer would; say what."""
    stack = made.stack
    name = random.choice(sorted(stack.parts))
    part: Part = stack.parts[name]
    what = random.choice(
        ["number", "constant", "comment", "pieces", "readme", "symbol", "touch", "times", "remove"]
    )
    if what in ("number", "constant"):
        setattr(part, what, getattr(part, what) + 1)
    elif what == "comment":
        part.comment = f"line\n{random.random()}"
    elif what == "pieces":
        part.pieces = random.choice([2, 3, 4])
        for extra in (made.root / name).glob("piece*.c"):
            if int(extra.stem[5:]) >= part.pieces:
                extra.unlink()
    elif what == "readme":
        (made.root / name / "README").write_text(str(random.random()))
    elif what == "symbol":
        part.extra_symbol = not part.extra_symbol
    elif what == "touch":
        (made.root / name / "value.c").touch()
    elif what == "remove":
        installed = sorted((made.prefix / "lib").glob("*.a"))
        random.choice(installed).unlink()
    made.write(name)
    if what == "times":
        for file in (made.root / name).glob("*.c"):
            os.utime(file, (10**9, 10**9))
    return f"{name}: {what}"


@pytest.mark.parametrize(("variant", "rounds"), [(PLAIN, 8), (AUTOCONF, 3)])
def test_after_any_sequence_of_changes_no_program_is_stale(
    tmp_path: Path, variant: str, rounds: int
) -> None:
    made = Built(tmp_path, small(variant))
    made.rebuilt()
    random = Random(7)  # noqa: S311 - the same changes every time
    done = []
    for _ in range(rounds):
        done += [random_change(random, made) for _ in range(random.randint(1, 3))]
        if random.random() < 0.3:
            made.build(random.choice(sorted(made.stack.parts)))
        made.rebuilt()
        assert made.stale() == [], done
    assert made.rebuilt() == []
    made.assert_same_from_scratch()


def test_configure_runs_again_only_for_what_it_could_see(tmp_path: Path) -> None:
    made = Built(tmp_path, small(AUTOCONF))
    made.rebuilt()
    base, above = made.stack.parts["l0c0"], made.stack.dependents("l0c0")
    base.number += 1
    made.write("l0c0")
    assert set(made.rebuilt()) == {"l0c0", *above}
    assert made.stale() == []
    assert not [name for name in above if "==> configure" in made.log(name)]
    base.extra_symbol = True
    made.write("l0c0")
    made.rebuilt()
    assert [name for name in above if "==> configure" in made.log(name)]


@pytest.fixture
def farm(built: Built) -> Iterator[list[str]]:
    program = "import sys; from farm.cli.main import main; sys.argv[0] = 'farm'; main()"
    yield [sys.executable, "-c", program]
    shutil.rmtree(built.root, ignore_errors=True)


def test_two_commands_at_once_do_one_after_the_other(built: Built, farm: list[str]) -> None:
    built.stack.parts["l0c0"].number += 1
    built.write("l0c0")
    both = [
        subprocess.Popen(
            [*farm, "build", "--offline"],
            cwd=built.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    texts = [one.communicate()[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], texts
    assert sum("built" in text for text in texts) == 1
    assert built.stale() == []
