"""Calling sbuild, and understanding how it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.build.deb.relations import Package
from farm.build.deb.sbuild import failure_of, sbuild_argv, subordinate_ids_problem
from farm.errors import CommandError, InfrastructureError
from farm.model import Distro, Family, Root

DISTRO = Distro(
    name="bookworm",
    family=Family.DEB,
    release="Debian 12",
    architecture="amd64",
    root=Root(suite="bookworm"),
    version_suffix="~deb12",
    backend="sbuild",
)

SUMMARY = "Build finished at 2023-11-14T22:13:20Z\n\nFail-Stage: {}\nStatus: attempted\n"


def failed(output: str) -> CommandError:
    return CommandError("build with sbuild", ["sbuild", "tiny.dsc"], 2, output)


def test_it_builds_one_source_package_with_the_inputs_and_keeps_the_sources() -> None:
    inputs = [Package("libogg-dev", "1", path="/pool/libogg-dev_1_amd64.deb")]

    argv = sbuild_argv(DISTRO, Path("/c.tar"), Path("/s/tiny.dsc"), inputs, Path("/out"), 2)

    assert argv[0] == "sbuild"
    assert argv[-2:] == ["--extra-package=/pool/libogg-dev_1_amd64.deb", "/s/tiny.dsc"]
    assert {"--chroot-mode=unshare", "--chroot=/c.tar", "--source", "--arch=amd64"} <= set(argv)


def test_a_failed_build_shows_what_went_wrong_and_not_the_summary() -> None:
    error = failure_of(failed("make: *** [all] Error 1\n" + SUMMARY.format("build")), "build")

    assert isinstance(error, CommandError)
    assert str(error) == ("build in sbuild: tiny.dsc exited with 2\n  make: *** [all] Error 1")


@pytest.mark.parametrize(
    ("output", "where"),
    [(SUMMARY.format("install-deps"), "install-deps"), ("E: no chroot\n", "start")],
)
def test_any_other_failure_is_the_machines(output: str, where: str) -> None:
    error = failure_of(failed(output), "dependencies")

    assert isinstance(error, InfrastructureError)
    assert f"sbuild failed in {where}" in str(error)


def test_missing_subordinate_ids_are_said_with_the_command_that_helps() -> None:
    has = "daemon:1:1\nroot:100000:65536\n"

    assert subordinate_ids_problem("root", has, has) == ""
    for texts in [("", has), (has, ""), ("rootless:1:1\n", has)]:
        assert "usermod --add-subuids 100000-165535" in subordinate_ids_problem("root", *texts)
