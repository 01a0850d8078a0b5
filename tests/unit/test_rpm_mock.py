"""farm.build.rpm.mock_command: mock's configuration, arguments and exit statuses."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from farm.build.rpm.mock import Mock
from farm.build.rpm.mock_command import (
    Chroot,
    configuration_text,
    installed_lines,
    verdict,
)
from farm.build.rpm.rpmbuild import LENIENT
from farm.errors import BuildFailure, InfrastructureError
from farm.model.stack import Distro, Family, Root

CHROOT = Chroot(("mock",), Path("/cache/el9.cfg"), "farm-1")


def root(name: str, *include: str) -> Root:
    return Root(mock=name, include=include)


def evaluated(text: str) -> dict[str, object]:
    """What mock knows after it read a configuration (which is Python)."""
    options: dict[str, object] = {"environment": {}, "macros": {}}
    included: list[str] = []
    exec(text, {"config_opts": options, "include": included.append})  # noqa: S102 - as mock does
    return {**options, "included": included}


def test_the_configuration_adds_to_the_workers_own() -> None:
    known = evaluated(configuration_text(root("rocky-9-x86_64"), 1_700_000_000, "nspawn"))
    assert known["included"] == ["/etc/mock/rocky-9-x86_64.cfg"]
    assert known["environment"] == {"SOURCE_DATE_EPOCH": "1700000000"}
    assert known["macros"] == {
        "%_buildhost": "farm",
        "%use_source_date_epoch_as_buildtime": "1",
        "%clamp_mtime_to_source_date_epoch": "1",
    }


def test_builds_are_cut_off_the_network_and_keep_what_they_compiled() -> None:
    known = evaluated(configuration_text(root("el9"), 0, "nspawn"))
    assert known["rpmbuild_networking"] is False
    assert known["isolation"] == "nspawn"
    assert {"build/BUILD", "build/SOURCES"} <= set(known["exclude_from_homedir_cleanup"])  # type: ignore[call-overload]


def test_packages_added_to_every_root_are_added_to_mocks() -> None:
    known = evaluated(configuration_text(root("el9", "git", "ccache"), 0, "nspawn"))
    assert known["chroot_additional_packages"] == "git ccache"


def test_every_call_names_the_chroot() -> None:
    for argv in (CHROOT.installed_argv(), CHROOT.path_argv(), CHROOT.remove_argv()):
        assert argv[:3] == ["mock", "--root=/cache/el9.cfg", "--uniqueext=farm-1"]


def test_a_build_makes_source_and_binary_packages_in_one_call() -> None:
    argv = CHROOT.build_argv(
        Path("/s/tiny.spec"), Path("/s/sources"), Path("/out"), ["file:///inputs"], 90.7, LENIENT
    )
    assert argv[3:] == [
        "--rebuild",
        "--spec=/s/tiny.spec",
        "--sources=/s/sources",
        "--resultdir=/out",
        "--rpmbuild_timeout=90",
        "--no-cleanup-after",
        "--addrepo=file:///inputs",
        "--rpmbuild-opts='--define=_unpackaged_files_terminate_build 0' "
        "'--define=_empty_manifest_terminate_build 0'",
    ]


def test_packaging_goes_on_in_the_chroot_of_the_build() -> None:
    argv = CHROOT.build_argv(Path("/x.spec"), Path("/s"), Path("/out"), [], 1, go_on=True)
    assert "--no-clean" in argv
    assert not any(word.startswith("--rpmbuild-opts") for word in argv)


def test_no_time_left_is_not_no_limit() -> None:
    argv = CHROOT.build_argv(Path("/x.spec"), Path("/s"), Path("/out"), [], 0.0)
    assert "--rpmbuild_timeout=1" in argv


def test_installed_packages_are_told_from_mocks_own_lines() -> None:
    digest = "0" * 64
    output = (
        f"INFO: mock.py version 5.6 starting\nStart: chroot\nzlib-1.2-1.el9.x86_64 {digest}\n"
        f"bash-0:5.1.8-9.el9.x86_64 {digest}\ngpg-pubkey-1-2.(none) (none)\nFinish: run\n"
    )
    assert installed_lines(output) == [
        f"bash-0:5.1.8-9.el9.x86_64 {digest}",
        "gpg-pubkey-1-2.(none) (none)",
        f"zlib-1.2-1.el9.x86_64 {digest}",
    ]


@pytest.mark.parametrize(
    ("status", "output", "phase"),
    [
        (10, "", "test"),
        (1, "make: *** [check] Error 1\nRPM build errors:\n", "test"),
        (1, "error: Bad exit status from /var/tmp/rpm-tmp.x (%check)\n", "test"),
        (11, "", "test"),
        (30, "No matching package to install: 'nope-devel'\n", "dependencies"),
        (31, "", "dependencies"),
        (40, "ERROR: No build results found\n", "package"),
    ],
)
def test_the_components_own_faults(status: int, output: str, phase: str) -> None:
    error = verdict(status, "test", output)
    assert isinstance(error, BuildFailure)
    assert error.phase == phase


@pytest.mark.parametrize(
    ("status", "output"),
    [
        (30, "Error: Failed to download metadata for repo 'baseos'\n"),
        (1, "ERROR: Something else\n"),
        (3, "ERROR: Could not find required config file\n"),
        (20, ""),
        (60, "Build-root in use by another process."),
        (80, ""),
        (90, ""),
        (-9, ""),
    ],
)
def test_what_the_component_cannot_help(status: int, output: str) -> None:
    assert isinstance(verdict(status, "root", output), InfrastructureError)


def test_a_worker_without_mock_is_not_the_components_fault(tmp_path: Path) -> None:
    distro = Distro(
        name="el9",
        family=Family.RPM,
        release="EL 9",
        architecture="x86_64",
        version_suffix=".el9",
        root=root("rocky-9-x86_64"),
    )
    backend = Mock(("no-such-mock",))
    with pytest.raises(InfrastructureError, match="no-such-mock is not installed"):
        backend.prepare(distro, tmp_path, io.StringIO())
