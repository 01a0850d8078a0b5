"""`farm distro add` and `remove`: what is written, what is said, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from farm.access import audit
from farm.cli.distro import register
from farm.errors import FarmError
from farm.growing import master
from farm.growing.quiet import workers_of
from farm.model.load import load_stack
from farm.site import SITE_VARIABLE, Site, load_site
from tests.configurations import stack_text, write

COMPONENTS = "liba: {git: /srv/a.git, packages: {bookworm: [zlib1g-dev]}}\n"


@pytest.fixture
def stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The components.yml of a site without a master."""
    (tmp_path / "site.yml").write_text("state: state\ncomponents: components.yml\n")
    monkeypatch.setenv(SITE_VARIABLE, str(tmp_path / "site.yml"))
    return write(tmp_path, stack_text(COMPONENTS))


def farm(*arguments: str, answer: str = "") -> Result:
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, ["distro", *arguments], standalone_mode=False, input=answer)
    if result.exception:
        raise result.exception
    return result


def test_a_distro_is_added_and_its_gaps_are_told(stack_file: Path) -> None:
    result = farm("add", "noble", "--family", "deb", "--suite", "noble")
    assert result.stdout.splitlines() == [
        f"added noble to {stack_file}: Ubuntu 24.04, amd64, versions end in ~ubuntu24.04",
        f"then: buildbot reconfig {stack_file.parent / 'state' / 'master'}",
    ]
    assert "look after packages of liba: zlib1g-dev, as on bookworm" in result.stderr
    stack = load_stack(stack_file)
    assert stack.distros["noble"].root.suite == "noble"
    assert stack.components["liba"].packages["noble"] == ("zlib1g-dev",)


def test_repositories_and_other_settings_of_a_root_can_be_given(stack_file: Path) -> None:
    options = ["--repository", "base=https://example.org/el", "--include", "gcc"]
    farm("add", "el8", "--family", "rpm", *options, "--release", "Ours", "--backend", "overlay")
    distro = load_stack(stack_file).distros["el8"]
    assert distro.root.repositories == {"base": "https://example.org/el"}
    assert (distro.release, distro.version_suffix, distro.backend) == ("Ours", ".el8", "overlay")


def test_a_dry_run_shows_the_change_and_writes_nothing(stack_file: Path) -> None:
    before = stack_file.read_text()
    result = farm("add", "trixie", "--family", "deb", "--dry-run")
    assert "+  trixie:" in result.stdout and "added" not in result.stdout
    assert stack_file.read_text() == before
    assert not list(stack_file.parent.glob(".components*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "el9", "--family", "rpm", "--mock", "x-1"], "has a distro el9 already"),
        (["add", "odd", "--family", "deb"], "--release TEXT .* and --suffix TEXT"),
        (["add", "el8", "--family", "rpm", "--suite", "x"], "root.suite"),
        (["add", "el8", "--family", "rpm"], "exactly one of suite, mock, repositories"),
        (["add", "el8", "--family", "rpm", "--repository", "base"], "expected NAME=URL"),
        (["add", "el8", "--family", "apk"], "expected deb or rpm"),
        (["add", "../x", "--family", "deb", "--suite", "noble"], "distros"),
        (["remove", "noble"], "has no distro noble; it has bookworm, el9"),
    ],
)
def test_mistakes_are_told_and_change_nothing(
    stack_file: Path, arguments: list[str], message: str
) -> None:
    before = stack_file.read_text()
    with pytest.raises((FarmError, typer.BadParameter), match=message):
        farm(*arguments)
    assert stack_file.read_text() == before


def test_a_master_that_refuses_leaves_the_file_as_it_was(
    stack_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> bool:
        raise FarmError("the master says no")

    monkeypatch.setattr(master, "reconfigure", refuse)
    before = stack_file.read_text()
    with pytest.raises(FarmError, match=r"says no\n.* was put back as it was"):
        farm("add", "noble", "--family", "deb")
    assert stack_file.read_text() == before
    (entry,) = audit.newest(audit.audit_path(stack_file.parent / "state"))
    assert (entry.action, entry.target, entry.outcome) == (
        "distro add",
        "noble",
        "the master says no",
    )


def test_what_was_done_is_in_the_audit_log(stack_file: Path) -> None:
    farm("add", "noble", "--family", "deb")
    farm("remove", "noble")
    farm("remove", "el9", "--dry-run")
    entries = audit.newest(audit.audit_path(stack_file.parent / "state"))
    done = [(entry.action, entry.target, entry.outcome) for entry in entries]
    assert done == [("distro remove", "noble", ""), ("distro add", "noble", "")]


def test_the_only_distro_stays(stack_file: Path) -> None:
    farm("remove", "el9")
    with pytest.raises(FarmError, match="bookworm is the only distro"):
        farm("remove", "bookworm")


def publish(stack_file: Path, line: str) -> Path:
    link = stack_file.parent / "state" / "archive" / line
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("snapshots")
    return link


def test_removing_keeps_the_archive(stack_file: Path) -> None:
    link = publish(stack_file, "development/el9")
    told = json.loads(farm("remove", "el9", "--json").stdout)
    assert (told["kept"], told["deleted"]) == (["development/el9"], [])
    assert link.is_symlink()
    assert set(load_stack(stack_file).distros) == {"bookworm"}


def test_deleting_the_archive_says_what_goes_and_asks(stack_file: Path) -> None:
    link = publish(stack_file, "development/el9")
    before = stack_file.read_text()
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, ["distro", "remove", "el9", "--archive"], input="n\n")
    assert result.exit_code == 1
    assert "with all their snapshots, development/el9 will be deleted" in result.stderr
    assert link.is_symlink() and stack_file.read_text() == before


def test_a_distro_that_no_named_worker_builds_for_says_how_to_get_one(stack_file: Path) -> None:
    site = stack_file.parent / "site.yml"
    site.write_text(f"{site.read_text()}workers:\n  one: {{distros: [bookworm]}}\n")
    result = farm("add", "noble", "--family", "deb")
    assert "farm worker invite builder-noble --distro noble" in result.stderr


def test_the_name_of_a_deleted_archive_is_not_used_again(stack_file: Path) -> None:
    publish(stack_file, "development/el9")
    told = json.loads(farm("remove", "el9", "--archive", "--yes", "--json").stdout)
    assert told["deleted"] == ["development/el9"]
    with pytest.raises(FarmError, match="another name, such as el9-2"):
        farm("add", "el9", "--family", "rpm", "--mock", "rocky-9-x86_64")
    farm("add", "el9-2", "--family", "rpm", "--mock", "rocky-9-x86_64")


def test_only_workers_without_another_distro_are_the_distros_own(stack_file: Path) -> None:
    site, stack = load_site(stack_file.with_name("site.yml")), load_stack(stack_file)
    assert workers_of(site, stack, "el9") == ["worker-el9"]
    named = {
        "one": {"distros": ("el9",)},
        "both": {},
        "other": {"distros": ("bookworm",)},
    }
    site = Site.model_validate({**site.model_dump(), "workers": named})
    assert workers_of(site, stack, "el9") == ["one"]
