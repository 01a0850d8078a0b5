"""Recognising build systems from the files of a tree."""

import subprocess
from pathlib import Path

import pytest

from farm.buildsystem import STANDARD, BuildSystem, Kind, decides, recognise
from farm.model import Commands


def tree(root: Path, **files: str) -> Path:
    """A directory with these files; ``__`` in a name is a slash, and ``_dot_`` a dot."""
    for name, text in files.items():
        path = root / name.replace("_dot_", ".").replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MAKEFILE = "all:\n\ttrue\ninstall:\n\ttrue\n"


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"configure": "", "Makefile_dot_in": ""}, Kind.CONFIGURE),
        ({"configure": "", "CMakeLists_dot_txt": ""}, Kind.CONFIGURE),
        ({"configure_dot_ac": "AC_INIT"}, Kind.AUTOTOOLS),
        ({"configure_dot_ac": "AC_INIT", "meson_dot_build": ""}, Kind.AUTOTOOLS),
        ({"Makefile": MAKEFILE, "CMakeLists_dot_txt": ""}, Kind.MAKE),
        ({"Makefile": "lint:\n\tflake8\n", "pyproject_dot_toml": ""}, Kind.PYTHON),
        ({"Makefile": "lint:\n\ttrue\n"}, Kind.MAKE),
        ({"meson_dot_build": "", "CMakeLists_dot_txt": ""}, Kind.MESON),
        ({"CMakeLists_dot_txt": ""}, Kind.CMAKE),
        ({"dune-project": ""}, Kind.DUNE),
        ({"Cargo_dot_toml": ""}, Kind.CARGO),
        ({"setup_dot_py": ""}, Kind.PYTHON),
        ({"README": ""}, Kind.UNKNOWN),
    ],
)
def test_the_files_of_a_tree_tell_its_build_system(
    tmp_path: Path, files: dict[str, str], kind: Kind
) -> None:
    assert recognise(tree(tmp_path, **files)).kind is kind


@pytest.mark.parametrize(
    "path", ["configure", "src/Makefile.am", "Makefile", "lib/dune", "tests/test_a.py", "setup.py"]
)
def test_files_that_recognition_reads_decide(path: str) -> None:
    assert decides(path)
    assert not decides("src/a.c") and not decides("README") and not decides("sub/configure")


def test_a_makefile_that_cannot_install_gives_way_to_a_build_system(tmp_path: Path) -> None:
    variable = "install := yes\ninstall_all:\n\ttrue\n"
    assert recognise(tree(tmp_path, Makefile=variable, Cargo_dot_toml="")).kind is Kind.CARGO


def test_configure_arguments_are_quoted(tmp_path: Path) -> None:
    system = recognise(tree(tmp_path, configure=""), ["--with-x=a b", "$(touch x)"])
    assert system.configure.endswith("'--with-x=a b' '$(touch x)'")


def test_a_makefile_takes_no_configure_arguments(tmp_path: Path) -> None:
    assert recognise(tree(tmp_path, Makefile=MAKEFILE), ["--x"]).configure == ""


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"configure": "", "Makefile_dot_in": "check:\n\ttrue\n"}, "make check"),
        ({"configure": "", "Makefile_dot_in": "check:\ntest:\n"}, "make test"),
        ({"configure": "", "Makefile_dot_in": "all:\n"}, ""),
        ({"meson_dot_build": "project('x')\ntest('a', exe)\n"}, "meson test"),
        ({"meson_dot_build": "project('x')\n", "sub__meson_dot_build": "test('a', e)"}, "meson"),
        ({"meson_dot_build": "project('test (')\n"}, ""),
        ({"CMakeLists_dot_txt": "enable_testing()\n"}, "ctest"),
        ({"CMakeLists_dot_txt": "# add_test(no)\n"}, ""),
        ({"dune-project": "", "test__dune": "(test (name t))"}, "dune build"),
        ({"dune-project": "", "src__dune": "(library (name t))"}, ""),
        ({"pyproject_dot_toml": "[tool.pytest.ini_options]\n"}, "python3 -m pytest"),
        ({"setup_dot_py": "", "tests__test_a_dot_py": "import unittest"}, "python3 -m unittest"),
        ({"setup_dot_py": ""}, ""),
        ({"Cargo_dot_toml": ""}, "cargo test"),
    ],
)
def test_the_test_line_is_empty_where_nothing_is_tested(
    tmp_path: Path, files: dict[str, str], line: str
) -> None:
    test = recognise(tree(tmp_path, **files)).test
    assert test.startswith(line) if line else test == ""


def test_commands_of_the_component_replace_lines_also_by_nothing(tmp_path: Path) -> None:
    system = recognise(tree(tmp_path, configure="", Makefile_dot_in="check:\n\ttrue\n"))
    own = system.with_commands(Commands.model_validate({"build": "make everything", "test": ""}))
    assert (own.build, own.test) == ("make everything", "")
    assert (own.configure, own.install) == (system.configure, system.install)


def test_autotools_name_the_tools_that_configure_ac_asks_for(tmp_path: Path) -> None:
    text = "AC_INIT([x],[1])\nLT_INIT\nAM_GNU_GETTEXT([external])\n"
    tools = recognise(tree(tmp_path, configure_dot_ac=text)).tools
    assert {"autoreconf", "libtoolize", "autopoint"} <= set(tools)


def test_links_to_directories_above_do_not_hang_the_search(tmp_path: Path) -> None:
    tree(tmp_path, **{"dune-project": "", "src__dune": ""})
    (tmp_path / "src" / "up").symlink_to(tmp_path)
    assert recognise(tmp_path).test == ""


@pytest.mark.parametrize("kind", list(STANDARD))
def test_every_line_is_a_shell_line(kind: Kind) -> None:
    standard = STANDARD[kind]
    for line in (standard.configure, standard.build, standard.install):
        subprocess.run(["sh", "-n", "-c", line], check=True)


def test_a_plain_makefile_installs_below_destdir_and_prefix(tmp_path: Path) -> None:
    text = (
        "PREFIX = /usr/local\nall:\n\techo $(PREFIX) > made\n"
        "install:\n\tmkdir -p $(DESTDIR)$(PREFIX)/bin\n\tcp made $(DESTDIR)$(PREFIX)/bin/\n"
    )
    source, stage = tree(tmp_path / "source", Makefile=text), tmp_path / "stage"
    system: BuildSystem = recognise(source)
    environment = {"PATH": "/usr/bin:/bin", "PREFIX": "/opt/a b", "DESTDIR": str(stage)}
    for line in (system.build, system.install):
        subprocess.run(["sh", "-ec", line], cwd=source, env=environment, check=False)
    assert (source / "made").read_text() == "/opt/a b\n"
