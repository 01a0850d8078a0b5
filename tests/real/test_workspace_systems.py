"""A stack of mixed build systems, none of which names its commands, changed and rebuilt."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from farm.workspace.acquire import clone_components
from farm.workspace.environment import prefix_environment
from farm.workspace.running import BuildRun, Options, Result
from tests.workspaces import World, environment

pytestmark = pytest.mark.real

MESON = {
    "meson.build": """project('low', 'c', version: '1')
lib = library('low', 'low.c', install: true)
install_headers('low.h')
import('pkgconfig').generate(lib, description: 'low')
test('low', executable('check', 'check.c', link_with: lib))
""",
    "low.c": '#include "low.h"\nint low(void) { return 1; }\n',
    "low.h": "#define LOW 10\nint low(void);\n",
    "check.c": '#include "low.h"\nint main(void) { return low() < 1; }\n',
}
CMAKE = {
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.18)
project(middle C)
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LOW REQUIRED IMPORTED_TARGET low)
add_library(middle STATIC middle.c other.c)
target_link_libraries(middle PUBLIC PkgConfig::LOW)
add_executable(middle-tool tool.c)
target_link_libraries(middle-tool middle)
enable_testing()
add_test(NAME tool COMMAND middle-tool)
install(TARGETS middle middle-tool)
install(FILES middle.h DESTINATION include)
""",
    "middle.c": '#include "middle.h"\n#include <low.h>\nint middle(void) { return low() + LOW; }\n',
    "other.c": "int other(void) { return 0; }\n",
    "middle.h": "int middle(void);\n",
    "tool.c": '#include <stdio.h>\n#include "middle.h"\n'
    'int main(void) { printf("%d\\n", middle()); return 0; }\n',
}
AUTOTOOLS = {
    "configure.ac": """AC_INIT([high],[1])
AM_INIT_AUTOMAKE([foreign subdir-objects])
AC_PROG_CC
AC_CHECK_HEADER([middle.h], [], [AC_MSG_ERROR([no middle.h])])
AC_SEARCH_LIBS([low], [low], [], [AC_MSG_ERROR([no low])])
AC_SEARCH_LIBS([middle], [middle], [], [AC_MSG_ERROR([no middle])])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
""",
    "Makefile.am": "bin_PROGRAMS = high\nhigh_SOURCES = src/high.c src/extra.c\n"
    "TESTS = check.sh\nEXTRA_DIST = check.sh\n",
    "src/high.c": "#include <stdio.h>\n#include <middle.h>\n"
    'int main(void) { printf("high %d\\n", middle()); return 0; }\n',
    "src/extra.c": "int extra(void) { return 0; }\n",
    "check.sh": "#!/bin/sh\n./high\n",
}
PYTHON = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n'
    'build-backend = "setuptools.build_meta"\n'
    '[project]\nname = "pytool"\nversion = "1"\nscripts = {pytool = "pytool:main"}\n'
    '[tool.setuptools]\npackages = ["pytool"]\n',
    "pytool/__init__.py": "def main():\n    print('python 1')\n",
    "tests/__init__.py": "",
    "tests/test_it.py": "import unittest\n\nclass It(unittest.TestCase):\n"
    "    def test_it(self):\n        import pytool\n        pytool.main()\n",
}


class Mixed:
    """The stack in a workspace."""

    def __init__(self, root: Path):
        self.world = World(root)
        self.root = root / "ws"
        for name, depends, files in (
            ("low", (), MESON),
            ("middle", ("low",), CMAKE),
            ("high", ("middle",), AUTOTOOLS),
            ("pytool", (), PYTHON),
        ):
            upstream = self.world.component(name, depends)
            for path, text in files.items():
                place = upstream.path / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
                place.chmod(0o755 if path.endswith(".sh") else 0o644)
            upstream.commit()
        workspace = self.world.workspace()
        list(clone_components(workspace, workspace.entries))

    def build(self) -> dict[str, Result]:
        # The system's own python3, which Debian's pip goes with.
        workspace = self.world.open(PATH="/usr/bin:/bin")
        run = BuildRun(workspace, Options(2), lambda *_: None, lambda _: None)
        results = {one.name: one for one in run.run(tuple(workspace.entries))}
        assert not [one.message for one in results.values() if one.message]
        return results

    def built(self) -> list[str]:
        return sorted(name for name, one in self.build().items() if one.outcome == "built")

    def says(self, program: str) -> str:
        found = prefix_environment(self.root / "prefix", environment())
        argv = [self.root / "prefix" / "bin" / program]
        if program == "pytool":
            argv = [self.root / "prefix" / "local" / "bin" / program]
            argv = argv if argv[0].exists() else [self.root / "prefix" / "bin" / program]
        return subprocess.run(argv, env=found, capture_output=True, text=True, check=True).stdout

    def replace(self, file: str, old: str, new: str) -> None:
        place = self.root / file
        text = place.read_text()
        assert old in text
        place.write_text(text.replace(old, new))

    def log(self, name: str) -> str:
        return (self.root / ".farm" / "components" / name / "log").read_text()


def test_mixed_build_systems_are_recognised_and_rebuilt_rightly(tmp_path: Path) -> None:
    mixed = Mixed(tmp_path)
    first = mixed.build()
    assert {name: one.tests for name, one in first.items()} == dict.fromkeys(first, "passed")
    assert (mixed.says("middle-tool"), mixed.says("high")) == ("11\n", "high 11\n")
    assert mixed.says("pytool") == "python 1\n"
    assert mixed.built() == []

    mixed.replace("low/low.c", "return 1", "return 2")
    assert mixed.built() == ["high", "low", "middle"]
    assert (mixed.says("middle-tool"), mixed.says("high")) == ("12\n", "high 12\n")
    assert "==> configure" not in mixed.log("low")

    mixed.replace("low/low.h", "LOW 10", "LOW 20")
    assert mixed.built() == ["high", "low", "middle"]
    assert (mixed.says("middle-tool"), mixed.says("high")) == ("22\n", "high 22\n")

    mixed.replace("middle/other.c", "return 0", "return 5")
    assert mixed.built() == ["high", "middle"]
    assert "==> configure" not in mixed.log("middle")
    assert "middle.c.o" not in mixed.log("middle")

    mixed.replace("high/src/extra.c", "return 0", "return 5")
    assert mixed.built() == ["high"]
    assert "==> configure" not in mixed.log("high")
    assert "src/high.c" not in mixed.log("high")

    mixed.replace("pytool/pytool/__init__.py", "python 1", "python 2")
    assert mixed.built() == ["pytool"]
    assert mixed.says("pytool") == "python 2\n"
