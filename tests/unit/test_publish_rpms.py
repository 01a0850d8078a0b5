"""What the headers of RPM packages may say."""

from __future__ import annotations

import createrepo_c

from repo_publish.rpms import _header_problems

LONG = "libtinylib.so.1.1.2-1.0+git2.g0edaea1-1.demo1.x86_64.debug()(64bit)"


def package(*provides: str) -> createrepo_c.Package:
    made = createrepo_c.Package()
    made.name, made.arch, made.summary = "tinylib-debuginfo", "x86_64", "A library"
    made.provides = [(name, None, None, None, None, False) for name in provides]
    return made


def test_the_long_names_of_debug_packages_are_fine() -> None:
    assert len(LONG) > 60
    assert _header_problems("a.rpm", package(LONG, "größe")) == []


def test_each_of_two_names_with_one_beginning_is_looked_at() -> None:
    (problem,) = _header_problems("a.rpm", package("x" * 70 + "\x07", "x" * 70))
    assert problem.startswith("a.rpm: provides ") and problem.endswith("the character '\\x07'")
