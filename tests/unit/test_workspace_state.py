"""A workspace's own files: found, written whole, locked, read by what made them."""

import subprocess
import sys
from pathlib import Path

import pytest

from farm.errors import ConfigError
from farm.workspace.entries import in_order, with_dependencies, with_dependents
from farm.workspace.errors import NoWorkspace, WorkspaceError
from farm.workspace.files import read_json, write_json
from farm.workspace.host import Host, host_of, matching_distro
from farm.workspace.layout import Layout, find_workspace, require_workspace
from farm.workspace.lock import locked
from farm.workspace.settings import load_settings
from tests.stacks import BOOKWORM, EL9, stack
from tests.workspaces import World


def small(root: Path) -> World:
    world = World(root)
    world.component("ogg")
    world.component("vorbis", ("ogg",))
    return world


def test_the_nearest_workspace_upwards_counts(tmp_path: Path) -> None:
    layout = small(tmp_path).workspace().layout
    inner = layout.root / "ogg" / "src"
    inner.mkdir(parents=True)
    assert find_workspace(inner, {}) == layout
    assert find_workspace(tmp_path, {}) is None
    assert find_workspace(tmp_path, {"FARM_WORKSPACE": str(layout.root)}) == layout
    with pytest.raises(NoWorkspace):
        require_workspace(tmp_path, {})
    with pytest.raises(WorkspaceError, match="there is no workspace"):
        find_workspace(inner, {"FARM_WORKSPACE": str(tmp_path)})


def test_settings_survive_and_damage_is_said(tmp_path: Path) -> None:
    workspace = small(tmp_path).workspace(mirror="/srv/mirrors")
    assert load_settings(workspace.layout).mirror == "/srv/mirrors"
    workspace.layout.settings.write_text("{")
    with pytest.raises(WorkspaceError, match="farm init"):
        load_settings(workspace.layout)


def test_a_mistake_in_the_components_file_makes_no_workspace(tmp_path: Path) -> None:
    world = small(tmp_path)
    world.components["ogg"]["depends"] = ["vorbis"]
    world.write()
    with pytest.raises(ConfigError, match="cycle"):
        world.workspace()
    assert not (tmp_path / "ws").exists()


def test_components_are_read_again_only_when_the_file_changed(tmp_path: Path) -> None:
    world = small(tmp_path)
    first = world.workspace().entries
    kept = world.open().layout.catalogue.read_bytes()
    assert world.open().entries == first
    world.change("ogg", commands={"build": "make all"}, packages={"deb": ["pkgconf"]})
    changed = world.open().entries["ogg"]
    assert (changed.commands, changed.packages) == ({"build": "make all"}, ("pkgconf",))
    assert world.open().layout.catalogue.read_bytes() != kept


def test_a_components_file_that_moved_away_is_named(tmp_path: Path) -> None:
    world = small(tmp_path)
    world.workspace()
    world.file.unlink()
    with pytest.raises(WorkspaceError, match="farm init"):
        _ = world.open().entries


def test_the_graph_is_walked_in_both_directions(tmp_path: Path) -> None:
    world = small(tmp_path)
    world.component("tools", ("vorbis",))
    entries = world.workspace().entries
    assert with_dependencies(entries, ["vorbis"]) == {"ogg", "vorbis"}
    assert with_dependents(entries, ["vorbis"]) == {"vorbis", "tools"}
    assert in_order(entries, entries) == ["ogg", "vorbis", "tools"]


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"
    write_json(file, {"a": 1})
    write_json(file, {"a": 2})
    assert read_json(file) == {"a": 2}
    assert [p.name for p in file.parent.iterdir()] == ["state.json"]
    file.write_text('{"a": ')
    assert read_json(file) is None
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_json(Path("/proc/none/x"), {})


def test_a_second_command_waits_and_says_for_whom(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    program = (
        "import sys; from pathlib import Path; from farm.workspace.layout import Layout\n"
        "from farm.workspace.lock import locked\n"
        "with locked(Layout(Path(sys.argv[1])), 'sync'): print('mine')"
    )
    with locked(layout, "build"):
        argv = [sys.executable, "-c", program, str(tmp_path)]
        other = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert other.stderr is not None
        assert "waiting for farm build (process" in other.stderr.readline()
        assert other.poll() is None
    assert other.communicate()[0] == "mine\n"


def test_whoever_takes_the_lock_removes_what_the_dead_left(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    (layout.scratch / "clone-x").mkdir(parents=True)
    with locked(layout, "clone"):
        assert not layout.scratch.exists()


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (
            'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
            Host("deb", "bookworm", "12", "x86_64"),
        ),
        (
            "ID=rocky\nID_LIKE='rhel centos fedora'\nVERSION_ID=9.4",
            Host("rpm", "", "9.4", "x86_64"),
        ),
        ("ID=arch\n", Host("", "", "", "x86_64")),
    ],
)
def test_the_host_is_read_from_os_release(text: str, host: Host) -> None:
    assert host_of(text, "x86_64") == host


def test_the_distro_of_this_machine_is_found() -> None:
    both = stack({"ogg": ()}, BOOKWORM, EL9)
    assert matching_distro(both, Host("deb", "bookworm", "12", "x86_64")) == "bookworm"
    assert matching_distro(both, Host("deb", "sid", "", "x86_64")) == ""
    assert matching_distro(both, Host("rpm", "", "9.4", "x86_64")) == "el9"
