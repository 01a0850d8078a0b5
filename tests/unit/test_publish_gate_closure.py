"""Which packages of a suite matter to what the farm's packages need."""

from __future__ import annotations

from pathlib import Path

from repo_publish.gate.closure import Fields, closure, needed_names, newest, paragraphs


def suite(text: str) -> dict[str, Fields]:
    """Lines of ``name: what it needs; what it provides``."""
    found: dict[str, Fields] = {}
    for line in text.strip().splitlines():
        name, _, rest = line.strip().partition(":")
        needs, _, provides = rest.partition(";")
        found[name] = {"Package": name, "Depends": needs.strip(), "Provides": provides.strip()}
    return found


def names(packages: list[Fields]) -> list[str]:
    return [fields["Package"] for fields in packages]


def test_what_is_needed_is_followed_and_nothing_else() -> None:
    packages = suite(
        """
        app: libc6 (>= 2), debconf | cdebconf
        libc6: libgcc-s1:any
        libgcc-s1:
        debconf:
        cdebconf: debconf
        unrelated: app
        """
    )

    seen, kept = closure(packages, ["app", "nowhere"])

    assert names(kept) == ["app", "cdebconf", "debconf", "libc6", "libgcc-s1"]
    assert "nowhere" in seen


def test_every_provider_of_a_name_is_followed() -> None:
    packages = suite(
        """
        mail: mta
        exim: libexim; mta (= 1), other
        postfix:; mta
        libexim:
        """
    )

    assert names(closure(packages, ["mail"])[1]) == ["exim", "libexim", "mail", "postfix"]


def test_essential_packages_are_always_there() -> None:
    packages = {**suite("app:"), "bash": {"Package": "bash", "Essential": "yes"}}

    assert names(closure(packages, ["app"])[1]) == ["app", "bash"]


def test_names_are_found_in_every_form_of_a_relation() -> None:
    fields = {
        "Depends": "aa (>= 1), bb | cc:any,\n dd",
        "Pre-Depends": "ee",
        "Build-Depends": "ff [amd64] <!nocheck>",
        "Build-Depends-Indep": "gg",
        "Conflicts": "hh",
        "Recommends": "ii",
    }

    assert needed_names(fields) == {"aa", "bb", "cc", "dd", "ee", "ff", "gg"}


def test_the_newest_version_of_a_name_counts(tmp_path: Path) -> None:
    index = tmp_path / "Packages"
    index.write_text(
        "Package: libfoo\nVersion: 1.10\nDescription: not kept\n\n"
        "Package: libfoo\nVersion: 1.9\n\n"
        "Package: other\nVersion: 1\nDepends: libfoo,\n other2\n\n"
    )

    packages = newest([index])

    assert packages["libfoo"] == {"Package": "libfoo", "Version": "1.10"}
    assert paragraphs(packages.values()) == (
        "Package: libfoo\nVersion: 1.10\n\nPackage: other\nVersion: 1\nDepends: libfoo,\n other2\n"
    )
