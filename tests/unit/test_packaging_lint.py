"""Reading what lintian and rpmlint print."""

from __future__ import annotations

from farm.packaging.lint import Lint, parse_lint


def test_lintians_lines_are_sorted_by_level() -> None:
    text = (
        "E: libx1: ldconfig-symlink-is-not-a-symlink [usr/lib/libx.so.1]\n"
        "E: x source: source-is-missing [x.htm]\n"
        "W: x: no-manual-page [usr/bin/x]\n"
        "I: x: hardening-no-bindnow\nN: 0 hints overridden\n"
    )
    found = parse_lint(text)
    assert [line.split(": ")[2] for line in found.errors] == [
        "ldconfig-symlink-is-not-a-symlink [usr/lib/libx.so.1]",
        "source-is-missing [x.htm]",
    ]
    assert found.warnings == ("W: x: no-manual-page [usr/bin/x]",)


def test_rpmlints_lines_are_sorted_by_level() -> None:
    text = (
        "====== rpmlint session starts ======\nrpmlint: 2.4.0\n\n"
        "x.x86_64: E: no-binary\nx.spec: W: no-%check-section\n"
        " 1 packages and 0 specfiles checked; 1 errors, 1 warnings, 1 badness\n"
    )
    assert parse_lint(text) == Lint(("x.x86_64: E: no-binary",), ("x.spec: W: no-%check-section",))


def test_silence_is_praise() -> None:
    assert parse_lint("") == Lint()
