"""The workspace's commands as they are typed and read; nothing is built here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from farm.cli.main import build_app
from farm.errors import FarmError
from farm.workspace.picture import dot, roots, tree_lines
from tests.repositories import Repository
from tests.workspaces import World, environment

APP = build_app()


class Shell:
    """A directory, and `farm` called in it."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch):
        self.world = world
        self._patch = monkeypatch
        for name in ("FARM_SITE", "FARM_WORKSPACE", "PWD"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment().items():
            monkeypatch.setenv(name, value)

    def farm(self, *arguments: str, within: str = "ws") -> Result:
        self._patch.chdir(self.world.root / within)
        return CliRunner().invoke(APP, list(arguments))

    def said(self, *arguments: str, within: str = "ws") -> str:
        result = self.farm(*arguments, within=within)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    world = World(tmp_path)
    for name, depends in (("ogg", ()), ("vorbis", ("ogg",)), ("tools", ("vorbis", "ogg"))):
        world.component(name, depends).commit(Makefile="install:\n\ttrue\n")
    made = Shell(world, monkeypatch)
    made.said("init", "components.yml", "ws", within=".")
    return made


def test_init_says_what_was_made_and_what_is_next(shell: Shell) -> None:
    said = shell.said("init", "components.yml", "other", "--distro", "bookworm", within=".")
    assert "3 components" in said and "distro bookworm" in said and "farm install" in said
    settings = json.loads((shell.world.root / "other/.farm/workspace.json").read_text())
    assert settings["prefix"] == str(shell.world.root / "other" / "prefix")


def test_init_again_changes_settings_and_keeps_what_was_chosen(shell: Shell) -> None:
    shell.said("init", "../components.yml", ".", "--mirror", "/srv/m")
    shell.said("init", "../components.yml", ".")
    settings = json.loads((shell.world.root / "ws/.farm/workspace.json").read_text())
    assert settings["mirror"] == "/srv/m"


def test_init_refuses_what_it_cannot_read(shell: Shell) -> None:
    assert "no such file" in str(shell.farm("init", "nothing.yml", "x", within=".").exception)
    unknown = shell.farm("init", "components.yml", "x", "--distro", "el9", within=".")
    assert "bookworm" in str(unknown.exception)
    assert not (shell.world.root / "x").exists()


def test_clone_and_sync_print_one_line_for_what_happened(shell: Shell) -> None:
    assert shell.said("clone", "vorbis", "--deps").splitlines()[-1] == "2 cloned"
    shell.world.upstream["ogg"].commit()
    said = shell.said("sync").splitlines()
    assert said == ["ogg: fast-forwarded: main: 1 commit", "1 fast-forwarded, 1 up to date"]
    rows = json.loads(shell.said("sync", "--json"))
    assert {row["outcome"] for row in rows} == {"up to date"}


def test_a_failed_clone_is_an_exit_status(shell: Shell) -> None:
    shell.world.change("ogg", git=str(shell.world.root / "gone"))
    result = shell.farm("clone", "--all")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "2 cloned, 1 failed")


def test_naming_nothing_and_naming_what_is_not_there(shell: Shell) -> None:
    assert "--all" in str(shell.farm("clone").exception) + shell.farm("clone").output
    assert "did you mean 'vorbis'" in str(shell.farm("clone", "vorbi").exception)


def test_status_in_a_workspace_is_about_it(shell: Shell) -> None:
    shell.said("clone", "vorbis", "--deps")
    (shell.world.root / "ws/ogg/Makefile").write_text("install:\n\tfalse\n")
    rows = {row["name"]: row for row in json.loads(shell.said("status", "--json"))}
    assert rows["ogg"]["condition"] == "not built"
    assert rows["ogg"]["checkout"]["modified"] == 1
    assert rows["vorbis"]["reasons"] == ["dependency ogg is not up to date"]
    shown = shell.said("status")
    assert "main, 1 modified" in shown
    assert "2 components, 2 not up to date; 1 more are not cloned" in shown


def test_a_site_takes_status_back_to_the_farm(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_SITE", "/nonexistent/site.yml")
    assert isinstance(shell.farm("status").exception, FarmError)


def test_why_and_impact_answer_for_the_workspace(shell: Shell) -> None:
    shell.said("clone", "--all")
    assert "not built yet" in shell.said("why", "ogg")
    found = json.loads(shell.said("impact", "ogg", "--json"))
    assert found["dependents"] == ["vorbis", "tools"]


def test_building_names_everything_that_is_not_cloned(shell: Shell) -> None:
    result = shell.farm("build", "tools")
    assert "farm clone ogg tools vorbis" in str(result.exception)


def test_the_graph_as_tree_json_and_dot(shell: Shell) -> None:
    assert shell.said("graph").splitlines() == [
        "tools",
        "├── ogg",
        "└── vorbis",
        "    └── ogg",
    ]
    assert shell.said("graph", "ogg", "--dependents").splitlines()[0] == "ogg"
    assert json.loads(shell.said("graph", "vorbis", "--json")) == {"ogg": [], "vorbis": ["ogg"]}
    file = shell.world.root / "graph.dot"
    shell.said("graph", "--output", str(file))
    assert '"tools" -> "vorbis";' in file.read_text()
    assert '"tools" -> "ogg";' not in file.read_text()
    assert shell.farm("graph", "--output", "x.gif").exit_code == 2


def test_the_graph_of_a_file_needs_no_workspace(shell: Shell) -> None:
    said = shell.said("graph", "--components", "components.yml", within=".")
    assert said.splitlines()[0] == "tools"


def test_offline_is_a_switch(shell: Shell) -> None:
    assert shell.said("offline") == "online\n"
    assert "no command uses the network" in shell.said("offline", "on")
    assert "sync needs the network" in str(shell.farm("sync").exception)
    shell.said("offline", "off")
    shell.said("sync")


def test_env_prints_what_a_shell_can_read(shell: Shell) -> None:
    lines = shell.said("env")
    script = f'{lines}\nprintf "%s" "$LD_LIBRARY_PATH"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.split(":")[0] == str(shell.world.root / "ws/prefix/lib")


def test_run_becomes_the_program(shell: Shell, tmp_path: Path) -> None:
    program = "import sys; from farm.cli.main import main; sys.argv[0] = 'farm'; main()"
    called = subprocess.run(
        [sys.executable, "-c", program, "run", "sh", "-c", "echo $FARM_PREFIX; exit 3"],
        cwd=tmp_path / "ws",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (called.returncode, called.stdout) == (3, f"{tmp_path}/ws/prefix\n")
    assert shell.farm("run", "no-such-program").exit_code == 127


def test_a_diamond_is_unfolded_once(shell: Shell) -> None:
    entries = shell.world.open().entries
    assert roots(entries) == ["tools"]
    assert list(tree_lines(entries, ["vorbis", "tools"]))[2:] == [
        "tools",
        "├── ogg",
        "└── vorbis …",
    ]
    assert dot(entries, ["ogg"], {"ogg": "stale"}).count("->") == 0


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "clone",
        "sync",
        "mirror",
        "offline",
        "install",
        "build",
        "reinstall",
        "test",
        "graph",
        "run",
        "shell",
        "env",
    ],
)
def test_every_command_has_help_with_an_example(shell: Shell, command: str) -> None:
    assert "Example:" in shell.said(command, "--help")


def test_a_checkout_with_local_commits_is_shown(shell: Shell) -> None:
    shell.said("clone", "ogg")
    Repository(shell.world.root / "ws/ogg").commit(own="x")
    assert "main, 1 ahead" in shell.said("status")
