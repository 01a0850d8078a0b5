"""farm status, farm why, farm key, farm impact."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from farm.cli import looking, plan
from farm.cli.looking import NotStarted, WrongName, _pages
from farm.errors import FarmError
from farm.model.load import load_stack
from farm.plan.standing import status_file
from tests.configurations import stack_text
from tests.farm_worlds import FarmWorld, site_file

COMPONENTS = stack_text(
    """libogg: {git: https://git.example.org/libogg.git}
libvorbis: {git: https://git.example.org/libvorbis.git, depends: [libogg]}
speex: {git: https://git.example.org/speex.git, distros: [bookworm]}
"""
)
NAMES = ("libogg", "libvorbis", "speex")


class Place:
    """A site in a directory of its own, and the command called on it."""

    def __init__(self, folder: Path):
        self.site = site_file(folder, COMPONENTS)
        self.state = folder / "state"

    def world(self) -> FarmWorld:
        self.state.mkdir()
        stack = load_stack(self.site.parent / "components.yml", {})
        return FarmWorld(stack, f"sqlite:///{self.state / 'farm.sqlite'}", now=time.time() - 3600)

    def farm(self, *arguments: str):
        app = typer.Typer()
        plan.register(app)
        environment = {"FARM_SITE": str(self.site)}
        return CliRunner().invoke(app, list(arguments), env=environment)

    def json(self, *arguments: str):
        result = self.farm(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(looking, "_pages", lambda www, builder: {})
    return Place(tmp_path)


@pytest.fixture
def built(place: Place) -> Iterator[Place]:
    """libogg was built twice, speex failed."""
    world = place.world()
    world.push(*NAMES)
    world.run("speex")
    world.push("libogg", commit=2)
    world.run("speex")
    yield place
    world.records.close()


def test_why_lists_builds_with_reasons_outcomes_and_logs(built: Place) -> None:
    result = built.farm("why", "libvorbis", "bookworm")
    assert result.exit_code == 0
    first, *rest = result.stdout.splitlines()
    assert first == "libvorbis on development/bookworm: 2 builds, newest first"
    assert rest[1] == (
        "1.0+git1.g0000001-1~deb12+r1  built after 1 min, "
        "with nothing new in it: the packages published before stay"
    )
    assert rest[4].startswith(
        "  why     dependency libogg changed (1.0+git1.g0000001-1~deb12 became"
    )
    assert "  built after 1 min, published now\n" in built.farm("why", "libogg", "bookworm").stdout


def test_why_shows_what_failed_in_which_phase_and_where_to_read_on(built: Place) -> None:
    text = built.farm("why", "speex", "bookworm").stdout
    assert "  what    test failed: 3 of 4 tests failed\n" in text
    assert "  log     http://127.0.0.1:8010/#/builders, builder speex-bookworm\n" in text


def test_the_log_of_a_build_is_in_the_pool_when_that_has_it(built: Place) -> None:
    (newest,) = built.json("why", "libogg", "bookworm", "--last", "1")["builds"]
    log = built.state / "pool" / newest["key"][:2] / newest["key"] / "build.log"
    log.parent.mkdir(parents=True)
    log.touch()
    answer = built.json("why", "libogg", "bookworm")
    assert [build["log"] == str(log) for build in answer["builds"]] == [True, False]
    assert answer["builds"][0]["outcome"] == "built"


def test_why_names_who_forced_a_build(place: Place) -> None:
    world = place.world()
    world.push(*NAMES)
    world.run()
    world.farm.force(["speex"], "bookworm", "development", "a broken disk", "ann")
    world.run()
    world.records.close()
    assert (
        "  why     forced by ann: a broken disk\n" in place.farm("why", "speex", "bookworm").stdout
    )


def test_what_was_never_built_has_no_builds(built: Place) -> None:
    result = built.farm("why", "libogg", "el9")
    assert result.stdout == "libogg was never built on development/el9\n"
    assert result.exit_code == 0


def test_key_shows_every_input_and_what_changed_since_the_build_before(built: Place) -> None:
    text = built.farm("key", "libvorbis", "bookworm", "--previous").stdout
    assert f"commit {1:040x}" in " ".join(text.split())
    assert "dependency libogg changed" in text
    answer = built.json("key", "libvorbis", "bookworm", "--previous")
    assert [one["field"] for one in answer["compared"]["fields"]] == ["dependencies.libogg"]
    assert answer["inputs"]["component"]["depends"] == ["libogg"]


def test_key_compares_with_a_key_that_may_be_shortened(built: Place) -> None:
    key = built.json("key", "libogg", "bookworm")["key"]
    text = built.farm("key", "libogg", "bookworm", "--compare", key[:12]).stdout
    assert text.endswith("  it is the same key\n")


def test_a_key_that_is_not_known_yet_is_compared_by_its_own_inputs(place: Place) -> None:
    world = place.world()
    world.push(*NAMES)
    world.run()
    world.push("libogg", commit=2)
    world.records.close()
    text = place.farm("key", "libvorbis", "bookworm", "--previous").stdout
    assert "key    not known before libogg is built: it is waiting\n" in text
    assert text.endswith("not built yet\n  its own inputs are the same\n")


def test_messages_of_builds_do_not_command_the_terminal(place: Place) -> None:
    world = place.world()
    world.push("libogg")
    key = world.start()["libogg"].key
    world.records.build_failed(key, "build", "\x1b[31merror:\x1b[0m [-Werror]\x07\nmake: *** [all]")
    world.records.close()
    text = place.farm("why", "libogg", "bookworm").stdout
    assert "  what    build failed: error: [-Werror] \n          make: *** [all]\n" in text
    assert "build: error: [-Werror]" in place.farm("status", "libogg").stdout
    assert "make" not in place.farm("status", "libogg").stdout


def test_a_component_built_once_has_no_build_before_it(built: Place) -> None:
    text = built.farm("key", "speex", "bookworm", "--previous").stdout
    assert text.endswith("There is no build before it on this line.\n")


@pytest.mark.parametrize(
    ("key", "message"),
    [("12", "too short for a build key"), ("x" * 64, "the records have no build of key")],
)
def test_a_key_that_names_no_build_is_refused(built: Place, key: str, message: str) -> None:
    error = built.farm("key", "libogg", "bookworm", "--compare", key).exception
    assert isinstance(error, WrongName) and message in str(error)


def test_status_without_a_master_is_derived_from_the_records(built: Place) -> None:
    result = built.farm("status")
    lines = result.stdout.splitlines()
    assert lines[0] == (
        "No master keeps the status fresh (there is no status.json): derived from the records"
    )
    assert "development/bookworm: generation 2, idle, snapshot 2" in lines
    (speex,) = [line.split() for line in lines if line.split()[:1] == ["speex"]]
    assert speex[1:3] == ["failed", "-"]
    assert " ".join(speex).endswith("test: 3 of 4 tests failed")
    assert built.json("status")["source"] == "records"


def test_status_believes_a_master_that_runs(built: Place) -> None:
    with looking.looking(built.site) as view:
        said = json.loads(status_file(view.farm, time.time()))
    said["lines"]["development/bookworm"]["components"]["libogg"]["state"] = "building"
    (built.state / "status.json").write_text(json.dumps(said))
    answer = built.json("status", "libogg")
    assert answer["source"] == "status.json"
    assert answer["lines"]["development/bookworm"]["components"].keys() == {"libogg"}
    assert built.farm("status").stdout.startswith("As the master says (")
    said["updated"] -= 600
    (built.state / "status.json").write_text(json.dumps(said))
    old = built.farm("status", "libogg")
    assert old.stdout.startswith("No master keeps the status fresh (its last word is 10 min old)")


def test_status_of_one_channel_and_component(built: Place) -> None:
    answer = built.json("status", "speex", "--channel", "development")
    assert list(answer["lines"]) == ["development/bookworm"]


def test_status_says_what_a_component_waits_for(place: Place) -> None:
    world = place.world()
    world.push("libogg", "libvorbis")
    world.start()
    world.push("libogg", commit=2)
    world.records.close()
    text = place.farm("status", "--channel", "development").stdout
    rows = {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line.strip()}
    assert "'Change 2' waits for the next generation" in text
    assert "waits for libogg" in text
    assert rows["speex"].endswith("no commit of it is known yet")


def test_impact_shows_dependents_times_and_workers(built: Place) -> None:
    text = built.farm("impact", "libogg").stdout
    assert text.startswith("A push to libogg leads to at most 4 builds on 2 distros\n")
    assert "Rebuilt, in build order: libogg, libvorbis\n" in text
    assert "Critical path: libogg → libvorbis\n" in text
    assert "Never built on el9, so that their time is a guess: 2 of 2.\n" in text
    answer = built.json("impact", "libogg", "--distro", "bookworm")
    assert (answer["builds"], answer["elapsed_s"]) == (2, 120.0)


def test_impact_tells_distros_apart_that_build_different_things(place: Place) -> None:
    changed = COMPONENTS.replace("speex.git, ", "speex.git, depends: [libogg], ")
    place.site.with_name("components.yml").write_text(changed)
    text = place.farm("impact", "libogg").stdout
    assert "Rebuilt, in build order on bookworm: libogg, libvorbis, speex\n" in text
    assert "Rebuilt, in build order on el9: libogg, libvorbis\n" in text


def test_impact_is_known_before_the_farm_has_started(place: Place) -> None:
    assert place.json("impact", "libvorbis")["builds"] == 2
    assert not place.state.exists()


@pytest.mark.parametrize(
    "arguments", [["status"], ["why", "libogg", "bookworm"], ["key", "libogg", "bookworm"]]
)
def test_a_farm_that_has_not_started_is_said_and_nothing_is_made(
    place: Place, arguments: list[str]
) -> None:
    error = place.farm(*arguments).exception
    assert isinstance(error, NotStarted)
    assert str(error).startswith("this farm has not started yet: ")
    assert not place.state.exists()


def test_a_component_without_a_commit_has_no_key(place: Place) -> None:
    place.world().records.close()
    error = place.farm("key", "libogg", "bookworm").exception
    assert isinstance(error, FarmError)
    assert str(error).startswith("libogg has no commit on channel development yet; ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "libog"], "there is no component 'libog'; did you mean 'libogg'?"),
        (["impact", "xyz"], "there is no component 'xyz'; expected libogg, libvorbis or speex"),
        (["why", "libogg", "bokworm"], "there is no distro 'bokworm'; did you mean 'bookworm'?"),
        (["key", "speex", "el9"], "speex is not built for el9, only for bookworm"),
        (["status", "--channel", "develop"], "there is no channel 'develop'; did you mean"),
        (["impact", "speex", "--channel", "s"], "there is no channel 's'; expected development"),
    ],
)
def test_a_wrong_name_is_one_message_with_a_suggestion(
    built: Place, arguments: list[str], message: str
) -> None:
    error = built.farm(*arguments).exception
    assert isinstance(error, WrongName)
    assert str(error).startswith(message)
    assert error.exit_code == 2


def test_records_that_cannot_be_read_are_one_message(place: Place) -> None:
    place.state.mkdir()
    (place.state / "farm.sqlite").write_text("this is no database, it is a text of some length")
    error = place.farm("status").exception
    assert isinstance(error, FarmError)
    assert str(error).startswith("cannot use the farm's records at sqlite:///")


def test_records_below_a_closed_directory_are_one_message(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed(type(place.state)):
        def exists(self) -> bool:
            raise PermissionError

    monkeypatch.setattr(looking, "Path", Closed)
    error = place.farm("status").exception
    assert isinstance(error, FarmError)
    assert str(error).endswith("unable to open database file")


def test_a_master_that_does_not_answer_has_no_pages() -> None:
    assert _pages("http://127.0.0.1:1/", "libogg-bookworm") == {}


@pytest.mark.parametrize("command", ["status", "why", "key", "impact"])
def test_each_command_helps_with_an_example(place: Place, command: str) -> None:
    assert f"Example: farm {command} " in place.farm(command, "--help").stdout
