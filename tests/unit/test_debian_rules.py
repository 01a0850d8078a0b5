"""The text of a generated debian/rules."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from farm.model import Commands
from farm.packaging.details import NO_DETAILS, TreeDetails
from farm.packaging.rules import debian_rules, make_escape
from tests.packaging_data import packaging_info

INSTALL = """\
override_dh_auto_install:
	dh_auto_install --destdir=debian/tmp
	find debian/tmp -name '*.la' -delete
	rm -f debian/tmp/usr/share/info/dir
"""


def test_the_standard_interface_needs_no_more_than_debhelper() -> None:
    assert (
        debian_rules(packaging_info())
        == f"""\
#!/usr/bin/make -f

# The ./configure of the release is the one its authors tested: it is not made anew.
%:
	dh $@ --without autoreconf

override_dh_auto_test:
	$(MAKE) check VERBOSE=1

{INSTALL}"""
    )


def test_configure_arguments_are_quoted_for_make_and_shell() -> None:
    text = debian_rules(packaging_info(configure_arguments=("--with-x=a b", "--dir=$HOME")))

    assert "\n\tdh_auto_configure -- '--with-x=a b' '--dir=$$HOME'\n" in text


def test_an_old_configure_script_gets_no_option_that_it_refuses() -> None:
    text = debian_rules(packaging_info(details=NO_DETAILS, configure_arguments=("--disable-x",)))

    assert "\n\t./configure --build=$(DEB_BUILD_GNU_TYPE) --prefix=/usr" in text
    assert " \\\n\t\t--disable-x\n" in text
    assert "include /usr/share/dpkg/architecture.mk\n" in text
    assert "runstatedir=" not in text


def test_a_component_without_tests_has_no_test_target() -> None:
    assert "override_dh_auto_test" not in debian_rules(packaging_info(test_target=""))


def test_commands_replace_the_standard_interface() -> None:
    commands = Commands(
        configure="", build="make -j$(nproc) all", test="./run-tests", install="make install"
    )

    text = debian_rules(packaging_info(commands=commands))

    assert "\noverride_dh_auto_configure:\n\n" in text
    assert "\noverride_dh_auto_build:\n\tmake -j$$(nproc) all\n" in text
    assert "\noverride_dh_auto_test:\n\t./run-tests\n" in text
    assert "\n\texport DESTDIR=$(CURDIR)/debian/tmp; make install\n" in text
    assert "find debian/tmp -name '*.la' -delete" in text


def test_a_configure_script_that_is_missing_is_made_by_debhelper() -> None:
    details = TreeDetails(needs_autoreconf=True)

    text = debian_rules(packaging_info(has_configure=False, details=details))

    assert "\tdh $@\n" in text
    assert "ARGUMENTS" not in text


def test_a_plain_makefile_is_told_the_directories() -> None:
    text = debian_rules(packaging_info(has_configure=False))

    assert "dh $@\n" in text
    assert "prefix=/usr PREFIX=/usr libdir=/usr/lib/$(DEB_HOST_MULTIARCH)" in text
    assert "\n\tdh_auto_install --destdir=debian/tmp $(ARGUMENTS)\n" in text


@pytest.mark.parametrize(
    "command",
    ["echo $((1 + 1)) $HOME", "-echo a", "@echo a", "echo a\\", "echo '%' # c", "echo a; echo b"],
)
def test_make_runs_what_a_shell_would(command: str, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(f"all:\n\t{make_escape(command)}\n\techo end\n")
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/home"}

    made = subprocess.run(
        ["make", "--silent", "-C", tmp_path], env=environment, capture_output=True, text=True
    )
    shell = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, cwd=tmp_path
    )

    assert (made.returncode == 0) == (shell.returncode == 0)
    assert made.stdout == shell.stdout + ("end\n" if shell.returncode == 0 else "")
