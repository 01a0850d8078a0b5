"""What a worker's machine needs, and what its doctor says."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import FarmError
from farm.growing.doctor import GIB, clock, disk, subordinate_ids, tools
from farm.growing.home import program
from farm.growing.hosts import NEEDS, TOOLS, Host, host_of, missing_tools, packages_for, units
from farm.model import Distro
from tests.stacks import BOOKWORM, EL9

SBUILD = BOOKWORM.model_copy(update={"backend": "sbuild"})
OVERLAY_RPM = Distro.model_validate(
    {**EL9.model_dump(), "root": {"repositories": {"base": "https://example.org/"}}}
)
DEBIAN, FEDORA = Host("apt", "Debian 12"), Host("dnf", "Fedora 43")


@pytest.mark.parametrize(
    ("text", "manager"),
    [
        ("ID=debian\n", "apt"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "apt"),
        ("ID=fedora\n", "dnf"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf"),
    ],
)
def test_a_machine_is_known_by_its_relatives(text, manager):
    assert host_of(text).manager == manager


def test_another_machine_is_refused_by_name():
    with pytest.raises(FarmError, match="Arch Linux is neither Debian"):
        host_of('ID=arch\nPRETTY_NAME="Arch Linux"\n')


def test_what_is_installed_is_what_its_distros_need():
    assert "mmdebstrap" in packages_for(DEBIAN, [BOOKWORM])
    assert "sbuild" not in packages_for(DEBIAN, [BOOKWORM])
    assert {"sbuild", "uidmap"} < set(packages_for(DEBIAN, [SBUILD]))
    assert {"dnf", "rpm", "mmdebstrap"} < set(packages_for(DEBIAN, [BOOKWORM, OVERLAY_RPM]))
    assert "mock" in packages_for(FEDORA, [EL9])


def test_a_distro_that_cannot_be_built_there_is_refused_with_where_it_can():
    with pytest.raises(FarmError, match="el9 is built with mock, which Debian 12 does not have"):
        packages_for(DEBIAN, [EL9])
    with pytest.raises(FarmError, match="use a machine with Debian"):
        packages_for(FEDORA, [SBUILD])


def test_every_kind_of_build_that_can_be_installed_is_checked_for():
    assert {kind for table in NEEDS.values() for kind in table} == set(TOOLS)


def test_missing_tools_are_named_with_the_command_that_installs_them():
    missing = missing_tools([BOOKWORM], which=lambda tool: None if "deb" in tool else tool)
    assert missing == ("mmdebstrap",)
    finding = tools(missing, [BOOKWORM])
    assert finding.state == "bad" and "install" in finding.remedy
    assert tools((), [BOOKWORM]).state == "good"


def test_subordinate_ids_are_looked_for_where_sbuild_builds(tmp_path: Path):
    assert list(subordinate_ids([BOOKWORM], tmp_path)) == []
    bad = list(subordinate_ids([SBUILD], tmp_path))
    assert [f.state for f in bad] == ["bad", "bad"]
    assert bad[0].remedy.startswith("usermod --add-subuids")
    for name in ("subuid", "subgid"):
        (tmp_path / name).write_text("root:100000:65536\n0:100000:65536\n")
    import os

    if os.getuid() == 0:
        assert [f.state for f in subordinate_ids([SBUILD], tmp_path)] == ["good", "good"]


@pytest.mark.parametrize(("free", "state"), [(1, "bad"), (5, "poor"), (50, "good")])
def test_the_disk_is_judged_by_what_is_free(free, state):
    assert disk(free * GIB, Path("/x")).state == state


@pytest.mark.parametrize(("seconds", "state"), [(0, "good"), (-60, "good"), (500, "bad")])
def test_the_clock_may_differ_a_little(seconds, state):
    assert clock(seconds).state == state


def test_the_worker_is_started_again_and_its_certificate_looked_at_daily():
    written = units("one", "Farm", Path("/var/lib/farm-worker/one"), Path("/opt/farm-worker/bin"))
    service = written["farm-worker-one.service"]
    assert "ExecStart=/opt/farm-worker/bin/twistd --nodaemon" in service
    assert "Restart=always" in service
    assert "OnCalendar=daily" in written["farm-worker-one-renew.timer"]
    assert (
        "worker renew --directory /var/lib/farm-worker/one"
        in (written["farm-worker-one-renew.service"])
    )


def test_the_program_of_a_worker_is_python_whatever_its_names_are():
    endpoint = {"kind": "tls", "host": "fe80::1", "port": "9", "trustRoots": "/a b:c'd"}
    text = program("one", Path("/a b:c'd"), Path("/p"), endpoint, {"A": "{x}"})
    compile(text, "buildbot.tac", "exec")
    assert "pb.MAX_BROKER_REFS = 65536" in text
