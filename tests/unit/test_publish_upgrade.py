"""Upgrades that are tried before publishing: with what, and whose fault it is when they fail."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import FarmError, InfrastructureError
from farm.model import Distro, Family, Root
from repo_publish.content import Placed
from repo_publish.errors import PublishError
from repo_publish.gate.own import names_of, own_relations
from repo_publish.gate.packages import Build, Package
from repo_publish.gate.search import Verdict, hold_back
from repo_publish.upgrade import deb, rpm
from repo_publish.upgrade.guilty import find_guilty
from repo_publish.upgrade.machine import Failure, LiveBroken, what_is_wrong
from repo_publish.upgrade.run import UpgradeTest
from repo_publish.upgrade.selection import MAX_PACKAGES, Selection, select
from repo_publish.upgrade.trial import Trial, through_upgrades
from tests.gates import a_package, compare
from tests.manifests import a_file

LIVE: dict[str, Build] = {
    "libogg": (a_package("libogg0", 1), a_package("libogg-dbgsym", 1)),
    "libvorbis": (a_package("libvorbis0", 1, "libogg0 >= 1"),),
    "tools": (a_package("vorbis-tools", 1, "libvorbis0"),),
    "other": (a_package("other", 1),),
}


def needs(package: Package) -> list[str]:
    return [relation.name for need in package.relations.requires for relation in need]


def offers(package: Package) -> list[str]:
    return [name for name, _ in package.relations.provides]


def selected(following: Mapping[str, Build], live: Mapping[str, Build] = LIVE) -> Selection:
    return select(live, following, needs, offers)


def names(selection: Selection) -> list[str]:
    return [package.name for package in selection.packages]


def test_what_changes_and_what_depends_on_it_is_installed() -> None:
    selection = selected({**LIVE, "libogg": (a_package("libogg0", 2),)})

    assert names(selection) == ["libogg0", "libvorbis0", "vorbis-tools"]
    assert selection.newer == {"libogg0": "2"}
    assert selected(LIVE).packages == ()


def test_what_a_component_has_no_more_may_go() -> None:
    selection = selected({**LIVE, "libogg": (a_package("libogg1", 2),)})

    assert selection.dropped == {"libogg0"}
    assert selection.newer == {}


def test_only_so_many_dependents_are_installed() -> None:
    many = {f"c{n}": (a_package(f"p{n}", 1, "libogg0"),) for n in range(MAX_PACKAGES + 7)}

    wanted = {**LIVE, "libogg": (a_package("libogg0", 2),), **many}
    selection = selected(wanted, {**LIVE, **many})

    assert len(selection.packages) == MAX_PACKAGES
    assert names(selection)[0] == "libogg0"
    assert selection.left_out == 7 + 1 + 2


def guilty_of(
    changed: str, fails: Collection[frozenset[str]], suspects: str = "", tries: int = 10
) -> tuple[frozenset[str] | None, int]:
    """Who is found, and after how many tries, when publishing any of these sets together fails."""
    count = 0

    def passes(held: frozenset[str]) -> bool:
        nonlocal count
        count += 1
        return not any(bad <= set(changed) - held for bad in fails)

    return find_guilty(list(changed), suspects, passes, tries), count


def test_the_one_that_is_named_is_tried_first() -> None:
    assert guilty_of("abcdefgh", [frozenset("f")], "f") == ({"f"}, 1)


def test_one_of_many_is_found_by_halves() -> None:
    assert guilty_of("abcdefgh", [frozenset("f")], "a") == ({"f"}, 5)


def test_two_that_do_not_go_together_cost_one_of_them() -> None:
    assert guilty_of("abcdefgh", [frozenset("bg")])[0] == {"g"}


def test_several_at_fault_are_all_found() -> None:
    assert guilty_of("abcd", [frozenset("a"), frozenset("d")])[0] == {"a", "d"}


def test_who_takes_too_long_to_find_is_not_guessed() -> None:
    assert guilty_of("abcdefgh", [frozenset(x) for x in "abcdefgh"], tries=6) == (None, 6)


@given(
    st.lists(st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=2), min_size=1),
    st.text("abcdef", max_size=2),
)
def test_without_the_guilty_it_works(fails: list[frozenset[str]], suspects: str) -> None:
    guilty, _ = guilty_of("abcdef", fails, suspects, tries=100)

    assert guilty is not None
    assert not any(bad <= set("abcdef") - guilty for bad in fails)


class FakeMachines:
    """Machines on which upgrades fail as a test says; they remember what was tried."""

    family = Family.RPM

    def __init__(self, bad: Collection[tuple[str, str]] = (), unfit: Collection[str] = ()):
        self.bad = set(bad)
        self.unfit = set(unfit)
        self.trouble: FarmError | None = None
        self.tried: list[dict[str, str]] = []

    def write_repository(self, directory: Path, files: Mapping[Package, Placed]) -> None:
        pass

    @contextmanager
    def machine(self, repositories: Path) -> Iterator[FakeMachines]:
        if self.trouble:
            raise self.trouble
        yield self

    def install(self, packages: Sequence[Package]) -> list[Package]:
        for package in packages:
            if package.name in self.unfit:
                raise LiveBroken(Failure("its script fails", package.name))
        return list(packages)

    def upgrade(self, newer: Mapping[str, str], may_go: Collection[str]) -> Failure | None:
        self.tried.append(dict(newer))
        found = self.bad & set(newer.items())
        return Failure("its script fails", min(found)[0]) if found else None


def newer(*components: str) -> dict[str, Build]:
    """The live content with newer packages of these."""
    content = dict(LIVE)
    for name in components:
        first = LIVE[name][0]
        content[name] = (a_package(first.name, 2, *(str(n[0]) for n in first.relations.requires)),)
    return content


def files_of(*contents: Mapping[str, Build]) -> dict[Package, Placed]:
    """A file for every package; nobody looks at it."""
    packages = (p for content in contents for build in content.values() for p in build)
    return {package: Placed(a_file(package.name), Path("x")) for package in packages}


def verdict_of(machines: FakeMachines, wanted: dict[str, Build], tmp_path: Path) -> Verdict:
    check = own_relations(names_of(wanted, LIVE), compare)
    files = files_of(LIVE, wanted)
    return through_upgrades(
        Trial(machines, LIVE, files, tmp_path),
        hold_back(wanted, LIVE, check, compare),
        wanted,
        lambda held: hold_back(wanted, LIVE, check, compare, held),
        io.StringIO(),
    )


def test_an_upgrade_that_works_is_tried_once(tmp_path: Path) -> None:
    machines = FakeMachines()

    assert verdict_of(machines, newer("libogg", "tools"), tmp_path).held_back == {}
    assert machines.tried == [{"libogg0": "2", "vorbis-tools": "2"}]


def test_who_fails_is_held_back_and_what_needs_it(tmp_path: Path) -> None:
    wanted = newer("libogg", "other")
    wanted["libvorbis"] = (a_package("libvorbis0", 2, "libogg0 >= 2"),)

    verdict = verdict_of(FakeMachines([("libogg0", "2")]), wanted, tmp_path)

    assert verdict.held_back == {
        "libogg": "upgrading from the live packages fails: its script fails",
        "libvorbis": "its libvorbis0 needs libogg0 >= 2, which is held back or missing",
    }


def test_a_live_package_that_needs_a_whole_machine_is_left_out(tmp_path: Path) -> None:
    machines = FakeMachines(unfit=["libvorbis0"])

    assert verdict_of(machines, newer("libogg", "tools"), tmp_path).held_back == {}
    assert machines.tried == [{"libogg0": "2"}]


def test_a_failure_without_a_culprit_refuses_everything(tmp_path: Path) -> None:
    class Never(FakeMachines):
        def upgrade(self, newer: Mapping[str, str], may_go: Collection[str]) -> Failure | None:
            return Failure("the machine is on fire")

    many = {f"c{n}": (a_package(f"p{n}", 1),) for n in range(400)}
    wanted = {name: (a_package(build[0].name, 2),) for name, build in many.items()}
    files = files_of(many, wanted)
    check = own_relations(names_of(wanted), compare)

    with pytest.raises(PublishError, match=r"cannot be told whose fault.*on fire"):
        through_upgrades(
            Trial(Never(), many, files, tmp_path),
            Verdict({}),
            wanted,
            lambda held: hold_back(wanted, many, check, compare, held),
            io.StringIO(),
        )


def an_upgrade_test(tmp_path: Path, **changes: object) -> UpgradeTest:
    distro = Distro(
        name="bookworm",
        family=Family.DEB,
        release="Debian 12",
        architecture="amd64",
        root=Root(suite="bookworm"),
        version_suffix="~deb12",
    )
    values = {"policy": "auto", "distribution": distro, "roots": tmp_path, "logs": tmp_path}
    return UpgradeTest(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "user", "obstacle"),
    [
        ({"distribution": None}, 0, "the publication names no distribution"),
        ({"roots": None}, 0, "there is no cache for clean roots (--cache)"),
        ({}, 1000, "only root can make roots and enter them"),
    ],
)
def test_what_stands_in_the_way_is_said(
    changes: dict[str, object], user: int, obstacle: str, tmp_path: Path
) -> None:
    assert an_upgrade_test(tmp_path, **changes).obstacle(user) == obstacle


@pytest.mark.parametrize("policy", ["auto", "always"])
def test_trouble_with_the_machine_is_nobodys_fault(
    policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = FakeMachines()
    machines.trouble = InfrastructureError("no mirror\nat all")
    test = an_upgrade_test(tmp_path, policy=policy)
    monkeypatch.setattr(UpgradeTest, "_machines", lambda _, log: machines)
    monkeypatch.setattr(UpgradeTest, "obstacle", lambda _: "")
    wanted = newer("libogg")
    files = files_of(LIVE, wanted)
    verdict = Verdict({"other": "a reason"})
    log = io.StringIO()

    def run() -> object:
        work = tmp_path / "work"
        return test.run(verdict, wanted, LIVE, files, lambda _: verdict, work, log)

    if policy == "always":
        with pytest.raises(InfrastructureError, match=r"has to be tried.*no mirror$"):
            run()
    else:
        same, record = run()  # type: ignore[misc]
        assert same is verdict
        assert (record.outcome, record.why) == ("skipped", "it could not be tried: no mirror")


def test_a_machine_has_afterwards_what_it_should() -> None:
    found = {"app": "2", "lib": "1"}

    assert what_is_wrong(found, {"app": "2"}, ["lib"]) is None
    assert what_is_wrong(found, {"lib": "2"}, []) == Failure("lib is 1 instead of 2", "lib")
    assert what_is_wrong(found, {}, ["old"]) == Failure("old is gone", "old")


def test_what_dpkg_complains_of() -> None:
    script = (
        "Setting up app (2) ...\ndpkg: error processing package app (--configure):\n"
        " installed app package post-installation script subprocess returned error exit status 3\n"
        "dpkg: dependency problems prevent configuration of more:\n"
    )
    file = (
        "dpkg: error processing archive /run/farm/upgrade/following/app_2-1_all.deb (--unpack):\n"
        " trying to overwrite '/usr/share/x', which is also in package other 1\n"
    )

    assert deb.failure_of(script) == Failure(
        "app: installed app package post-installation script subprocess returned error exit "
        "status 3",
        "app",
    )
    assert deb.failure_of(file).package == "app"
    assert "trying to overwrite '/usr/share/x'" in deb.failure_of(file).why
    assert deb.failure_of(" app : Breaks: lib (< 2) but 1 is to be installed\n").package == "app"
    assert deb.failure_of("what\nE: Broken packages\n") == Failure("E: Broken packages")


def test_what_apt_would_remove() -> None:
    plan = (
        "The following packages will be REMOVED:\n  liba libb*\n  libc\n"
        "The following packages will be upgraded:\n  app\n"
    )

    assert deb.removals(plan) == {"liba", "libb", "libc"}
    assert deb.removals("The following packages will be upgraded:\n  app\n") == set()


def test_what_rpm_complains_of() -> None:
    script = "warning: %post(app-2.0-1.el9.noarch) scriptlet failed, exit status 3\n"
    file = (
        "\tfile /usr/share/x from install of app-2.0-1.el9.noarch conflicts with file from "
        "package other-1.0-1.el9.noarch\n"
    )
    unmet = "error: Failed dependencies:\n\tlib < 2 is needed by (installed) app-1.0-1.noarch\n"
    problem = "Error: \n Problem: cannot install both lib-2 and lib-1\n  - conflicting requests\n"

    assert rpm.failure_of(script).package == "app"
    assert rpm.failure_of(file).package == "app"
    assert rpm.failure_of(unmet) == Failure(
        "lib < 2 is needed by (installed) app-1.0-1.noarch", "app"
    )
    assert rpm.failure_of(problem) == Failure("cannot install both lib-2 and lib-1")


def test_what_dnf_would_remove() -> None:
    plan = (
        "Upgrading:\n app  noarch 2-1 farm 6 k\n     replacing  old.noarch 1-1\n"
        "Removing dependent packages:\n lib  noarch 1-1 @farm 5 k\n a-very-long-name\n"
        "      noarch 1-1 @farm 5 k\n\nTransaction Summary\n"
    )

    assert rpm.removals(plan) == {"lib", "a-very-long-name"}
