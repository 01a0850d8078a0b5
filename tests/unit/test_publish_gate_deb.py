"""What dose says, as the gate takes it."""

from __future__ import annotations

from typing import Any

from repo_publish.gate.deb import broken_packages
from repo_publish.gate.packages import Package, Relation
from tests.gates import a_package

APP, LIBRARY = a_package("app", 1), a_package("libogg0", 1)
SOURCE = a_package("app", 1, kind="source")
OWNERS: dict[tuple[str, str], tuple[str, Package]] = {
    ("binary", "app"): ("tools", APP),
    ("binary", "libogg0"): ("libogg", LIBRARY),
    ("source", "app"): ("tools", SOURCE),
}


def missing(package: str, need: str, **more: str) -> dict[str, Any]:
    return {"missing": {"pkg": {"package": package, "unsat-dependency": need, **more}}}


def report(package: str, *reasons: dict[str, Any], **more: str) -> list[dict[str, Any]]:
    return [{"package": package, "reasons": list(reasons), **more}]


def test_a_missing_dependency_is_told_with_its_alternatives() -> None:
    [broken] = broken_packages(
        report("app", missing("app", "libogg0:amd64 (>= 9) | nothing:amd64")), OWNERS
    )

    assert broken.itself == broken.needed_by == ("tools", APP)
    assert broken.need == (Relation("libogg0", ">=", "9"), Relation("nothing"))
    assert broken.why == "app needs libogg0 (>= 9) | nothing, which nothing offers"


def test_its_own_fault_comes_before_that_of_others() -> None:
    reasons = missing("perl", "perl-base:amd64"), missing("app", "gone:amd64")

    [broken] = broken_packages(report("app", *reasons), OWNERS)

    assert broken.need == (Relation("gone"),)


def test_the_distribution_may_be_at_fault() -> None:
    [broken] = broken_packages(report("app", missing("perl", "perl-base:amd64 (= 5)")), OWNERS)

    assert broken.needed_by is None
    assert broken.why == "perl needs perl-base (= 5), which nothing offers"


def test_a_source_package_is_told_from_a_binary_of_that_name() -> None:
    [broken] = broken_packages(
        report("app", missing("app", "debhelper:amd64", type="src"), type="src"), OWNERS
    )

    assert broken.itself == broken.needed_by == ("tools", SOURCE)


def test_a_conflict_names_everybody_concerned() -> None:
    conflict = {
        "conflict": {
            "pkg1": {"package": "libogg0", "version": "1"},
            "pkg2": {"package": "libc6", "version": "2"},
        }
    }

    [broken] = broken_packages(report("app", conflict), OWNERS)

    assert (broken.component, broken.involved, broken.need) == ("tools", ("libogg",), ())
    assert broken.why == "libogg0 1 conflicts with libc6 2"
