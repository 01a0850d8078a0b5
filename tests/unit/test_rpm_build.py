"""farm.build.rpm: dnf's arguments and answers, root identities, rpmbuild's output, inputs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.build.phases import Phases
from farm.build.rpm.buildinfo import buildinfo_name, buildinfo_text
from farm.build.rpm.dnf import Dnf, configuration_text, expanded_url, is_unsolvable, verdict
from farm.build.rpm.inputs import Relation, RpmFile, relations_digest
from farm.build.rpm.output import RpmbuildOutput
from farm.build.rpm.results import left_in, staging_directory
from farm.build.rpm.roots import installed_identity, root_key
from farm.build.rpm.rpmbuild import Reuse
from farm.build.rpm.scratch import scratch_directory
from farm.errors import BuildFailure, CommandError, FarmError, InfrastructureError
from farm.model import Distro
from tests.unit.test_rpm_specs import info


def distro(**root: object) -> Distro:
    return Distro.model_validate(
        {
            "name": "el9",
            "family": "rpm",
            "release": "EL 9",
            "architecture": "x86_64",
            "version_suffix": ".el9",
            "root": {"repositories": {"base": "https://example.invalid/base"}, **root},
        }
    )


def rpm(name: str, *requires: Relation, provides: tuple[Relation, ...] = ()) -> RpmFile:
    own = Relation(name, "EQ", "0:1-1")
    return RpmFile(Path(f"{name}.rpm"), name, requires, (own, *provides), (), ())


def read(*lines: str) -> tuple[RpmbuildOutput, Phases, list[str]]:
    """The output of rpmbuild read to the end, and the phases it marked."""
    log = io.StringIO()
    phases = Phases(log, 60)
    output = RpmbuildOutput(phases)
    for line in lines:
        output.line(f"{line}\n")
    marks = [line[4:] for line in log.getvalue().splitlines() if line.startswith("==> ")]
    return output, phases, marks


def test_only_the_given_repositories_are_configured() -> None:
    text = configuration_text({"b": "file:///b", "a": "https://a.invalid/$basearch/"}, "x86_64")
    assert "reposdir=/nonexistent" in text
    assert text.index("[a]") < text.index("[b]")
    assert "baseurl=https://a.invalid/x86_64/" in text


def test_the_base_architecture_is_filled_in() -> None:
    assert expanded_url("https://x/${basearch}/os", "aarch64") == "https://x/aarch64/os"


def test_dnf_sees_nothing_of_the_callers_environment_and_no_other_plugin() -> None:
    dnf = Dnf(Path("/c/dnf.conf"), Path("/c/home"), Path("/c/dnf"))
    argv = dnf.argv(Path("/root"), "install", "--", "gcc")
    assert argv[0] == "dnf"
    assert argv[-3:] == ["install", "--", "gcc"]
    assert argv.index("--disableplugin=*") < argv.index("--enableplugin=builddep")
    assert dnf.environment["HOME"] == "/c/home"


@pytest.mark.parametrize(
    "said",
    [
        "No matching package to install: 'nope-devel'\nNot all dependencies satisfied",
        "Error: \n Problem: conflicting requests\n  - nothing provides libx.so.2 needed by y-1",
        "Error: Unable to find a match: nope",
    ],
)
def test_what_cannot_be_had_is_the_components_fault(said: str) -> None:
    error = verdict(CommandError("resolve", ["dnf"], 1, said))
    assert isinstance(error, BuildFailure)
    assert error.phase == "dependencies"
    assert said.splitlines()[-1].strip() in str(error)


@pytest.mark.parametrize(
    "said",
    [
        "Error: Failed to download metadata for repo 'base': Cannot download repomd.xml",
        "Error: Error downloading packages:\n  Curl error (28): Timeout was reached",
        "OSError: [Errno 28] No space left on device",
    ],
)
def test_what_cannot_be_reached_is_not(said: str) -> None:
    assert not is_unsolvable(said)
    assert isinstance(verdict(CommandError("resolve", ["dnf"], 1, said)), InfrastructureError)


def test_a_roots_key_follows_its_repositories_and_its_packages() -> None:
    same = root_key("conf", distro(), {"base": "1"})
    assert root_key("conf", distro(), {"base": "1"}) == same
    assert root_key("conf", distro(), {"base": "2"}) != same
    assert root_key("other", distro(), {"base": "1"}) != same
    assert root_key("conf", distro(include=["git"]), {"base": "1"}) != same
    assert root_key("conf", distro(group="build"), {"base": "1"}) != same


@given(st.lists(st.sampled_from(["a-0:1-1.x86_64 f00", "b-0:2-1.noarch ba4"]), unique=True))
def test_a_roots_identity_is_its_packages_in_any_order(lines: list[str]) -> None:
    key = "gpg-pubkey-0:1234-5678.(none) (none)"
    one = installed_identity("\n".join(lines))
    assert installed_identity("\n".join([key, *reversed(lines)])) == one


def test_phases_follow_the_sections() -> None:
    output, _, marks = read(
        "Executing(%prep): /bin/sh -e /var/tmp/rpm-tmp.a",
        "Executing(%build): /bin/sh -e /var/tmp/rpm-tmp.b",
        "+ ./configure --prefix=/usr",
        "+ /usr/bin/make -O -j2",
        "Executing(%install): /bin/sh -e /var/tmp/rpm-tmp.c",
        "+ /usr/bin/make install",
        "Executing(%check): /bin/sh -e /var/tmp/rpm-tmp.d",
        "+ make check",
        "Processing files: tiny-1-1.x86_64",
        "Executing(%doc): /bin/sh -e /var/tmp/rpm-tmp.e",
    )
    assert marks == ["unpack", "build", "configure", "build", "install", "test", "package"]
    assert output.tested


def test_without_a_check_section_nothing_was_tested() -> None:
    output, _, _ = read("Executing(%build): x", "Executing(%install): y")
    assert not output.tested


@pytest.mark.parametrize(
    ("lines", "phase"),
    [
        (["Executing(%build): x", "+ ./configure", "configure: error: no"], "configure"),
        (["Executing(%build): x", "+ ./configure", "+ make -j2", "cc: error"], "build"),
        (["Executing(%build): x", "+ cmake -B build", "+ cmake --build build"], "build"),
        (["Executing(%check): x", "+ make check"], "test"),
        (["error: Failed build dependencies:"], "dependencies"),
        (["Processing files: x", "error: File not found: /y"], "package"),
    ],
)
def test_it_fails_in_the_phase_it_is_in(lines: list[str], phase: str) -> None:
    _, phases, _ = read(*lines)
    assert phases.current == phase


def test_missing_packages_are_noticed() -> None:
    assert read("error: Failed build dependencies:")[0].missed_dependencies
    assert not read("Executing(%build): x")[0].missed_dependencies


def test_a_rebuilt_input_with_the_same_relations_decides_the_same() -> None:
    one = rpm("libogg-devel", Relation("libogg", "EQ", "0:1-1"))
    two = rpm("libogg-devel", Relation("libogg", "EQ", "0:2-1"))
    library = rpm("libogg")
    assert relations_digest([one, library]) == relations_digest([library, two])


def test_an_input_that_requires_more_of_the_distro_decides_anew() -> None:
    plain = rpm("libshout-devel")
    assert relations_digest([plain]) != relations_digest(
        [rpm("libshout-devel", Relation("openssl-devel"))]
    )
    assert relations_digest([rpm("a", Relation("x", "GE", "0:1"))]) != relations_digest(
        [rpm("a", Relation("x", "GE", "0:2"))]
    )


def test_the_build_root_is_found_beside_or_in_the_build_directory(tmp_path: Path) -> None:
    for place in ("old/BUILDROOT/tiny-1-1.x86_64", "new/BUILD/tiny-1-build/BUILDROOT"):
        (tmp_path / place).mkdir(parents=True)
    assert staging_directory(tmp_path / "old").name == "tiny-1-1.x86_64"
    assert staging_directory(tmp_path / "new").name == "BUILDROOT"


def test_a_build_root_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere/tiny").mkdir(parents=True)
    top = tmp_path / "top"
    top.mkdir()
    (top / "BUILDROOT").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FarmError, match="no build root"):
        staging_directory(top)


def test_a_build_root_with_build_id_links_is_made_again(tmp_path: Path) -> None:
    assert left_in(tmp_path, Reuse.INSTALLED) is Reuse.INSTALLED
    (tmp_path / "usr/lib/.build-id").mkdir(parents=True)
    assert left_in(tmp_path, Reuse.INSTALLED) is Reuse.COMPILED
    assert left_in(tmp_path, Reuse.NOTHING) is Reuse.NOTHING


def test_a_buildinfo_holds_what_a_rebuild_needs() -> None:
    text = buildinfo_text(info(), "x86_64", "r00t", {"a.rpm": ("5ha", 7)}, ["b-1", "a-1"])
    assert buildinfo_name(info(), "x86_64") == "tiny-1.2+git3.gabc-1.el9.4.x86_64.buildinfo"
    assert "Version: 1.2+git3.gabc-1.el9.4\n" in text
    assert "Environment: SOURCE_DATE_EPOCH=1700000000\n" in text
    assert "Checksums-Sha256:\n 5ha 7 a.rpm\n" in text
    assert text.endswith("Installed-Build-Depends:\n a-1\n b-1\n")


def test_a_scratch_directory_is_removed_unless_it_was_moved(tmp_path: Path) -> None:
    with scratch_directory(tmp_path) as one, scratch_directory(tmp_path) as two:
        (one / "x").write_text("x")
        two.rename(tmp_path / "kept")
    assert {path.name for path in tmp_path.iterdir()} == {"kept", ".scratch.lock"}


def test_scratch_directories_of_killed_processes_are_removed(tmp_path: Path) -> None:
    left = tmp_path / ".scratch-left"
    (left / "sub").mkdir(parents=True)
    with scratch_directory(tmp_path) as used:
        assert not left.exists()
        with scratch_directory(tmp_path):
            assert used.exists()
