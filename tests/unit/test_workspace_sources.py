"""Cloning, syncing and mirroring real repositories, with everything that can be in the way."""

from pathlib import Path

import pytest

from farm.git import mirror_path
from farm.workspace.acquire import clone_components, sync_components
from farm.workspace.checkouts import gone_checkouts
from farm.workspace.errors import UnknownComponent, WorkspaceError
from farm.workspace.mirroring import mirror_all, unused_mirrors
from farm.workspace.processes import Processes
from farm.workspace.workspace import Workspace
from tests.repositories import Repository
from tests.workspaces import World


def diamond(root: Path) -> World:
    world = World(root)
    for name, depends in (("ogg", ()), ("vorbis", ("ogg",)), ("tools", ("vorbis",))):
        world.component(name, depends).commit(README=name)
    return world


def cloned(workspace: Workspace, *names: str) -> dict[str, str]:
    found = clone_components(workspace, names or tuple(workspace.entries))
    return {one.checkout.name: f"{one.outcome}: {one.detail}" for one in found}


def synced(workspace: Workspace) -> dict[str, str]:
    return {name: f"{what}: {detail}" for name, what, detail in sync_components(workspace, None)}


def test_what_is_missing_is_cloned_and_what_exists_left_alone(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    workspace = world.workspace()
    assert cloned(workspace, "ogg") == {"ogg": "cloned: "}
    (workspace.source_of("ogg") / "README").write_text("mine")
    assert cloned(workspace) == {
        "ogg": "already there: ",
        "tools": "cloned: ",
        "vorbis": "cloned: ",
    }
    assert (workspace.source_of("ogg") / "README").read_text() == "mine"


def test_one_failed_clone_leaves_nothing_and_stops_nobody(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    world.change("vorbis", branch="stable")
    world.change("tools", git=str(tmp_path / "nowhere"))
    workspace = world.workspace()
    result = cloned(workspace)
    assert "has no branch 'stable'" in result["vorbis"]
    assert "does not exist" in result["tools"]
    assert sorted(p.name for p in workspace.layout.root.iterdir()) == [".farm", "ogg"]
    assert list(workspace.layout.scratch.iterdir()) == []


def test_a_directory_in_the_way_is_named(tmp_path: Path) -> None:
    workspace = diamond(tmp_path).workspace()
    (workspace.layout.root / "ogg").mkdir()
    assert "no git checkout" in cloned(workspace, "ogg")["ogg"]


def test_the_mirror_is_cloned_from_and_what_it_lacks_fetched(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    workspace = world.workspace(mirror=str(tmp_path / "mirrors"))
    urls = [entry.git for entry in workspace.entries.values()]
    made = list(mirror_all(tmp_path / "mirrors", urls, Processes()))
    assert all(one.new and not one.error for one in made)
    newest = world.upstream["ogg"].commit()
    assert "from the mirror" in cloned(workspace, "ogg")["ogg"]
    here = Repository(workspace.source_of("ogg"))
    assert here.git("rev-parse", "HEAD") == newest
    assert here.git("remote", "get-url", "origin") == urls[0]


def test_mirrors_take_in_what_is_new_and_name_what_is_unused(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    mirrors = tmp_path / "mirrors"
    urls = [str(one.path) for one in world.upstream.values()]
    list(mirror_all(mirrors, urls, Processes()))
    world.upstream["ogg"].commit()
    again = {one.url: one.changed for one in mirror_all(mirrors, urls, Processes())}
    assert [url for url, changed in again.items() if changed] == [urls[0]]
    assert unused_mirrors(mirrors, urls[1:]) == [mirror_path(mirrors, urls[0]).name]


def test_offline_names_everything_that_is_missing_before_it_starts(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    for name in ("vorbis", "tools"):
        world.change(name, git=f"https://git.invalid/{name}.git")
    world.workspace()
    with pytest.raises(WorkspaceError, match=r"(?s)tools: https.*vorbis: https"):
        cloned(world.open(offline=True))
    assert not (tmp_path / "ws" / "ogg").exists()


def test_a_clean_branch_is_forwarded_and_all_else_left_with_a_reason(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    workspace = world.workspace()
    cloned(workspace)
    assert set(synced(workspace).values()) == {"up to date: "}
    for upstream in world.upstream.values():
        upstream.commit(README="new")
    (workspace.source_of("vorbis") / "README").write_text("mine")
    ours = Repository(workspace.source_of("tools"))
    ours.commit(own="work")
    assert synced(workspace) == {
        "ogg": "fast-forwarded: main: 1 commit",
        "vorbis": "left alone: 1 file is modified; 1 behind origin/main",
        "tools": "left alone: main and origin/main have diverged (1 and 1 commits): "
        "`git rebase` or `git merge`",
    }
    assert (workspace.source_of("vorbis") / "README").read_text() == "mine"


def test_missing_and_moved_remotes_are_told_apart(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    workspace = world.workspace()
    cloned(workspace)
    world.upstream["ogg"].path.rename(tmp_path / "gone")
    world.change("vorbis", git=str(tmp_path / "gone"))
    Repository(workspace.source_of("tools")).git("remote", "remove", "origin")
    result = synced(world.open())
    assert result["ogg"].startswith("failed: ")
    assert "git remote set-url origin" in result["vorbis"]
    assert "no remote 'origin'" in result["tools"]


def test_a_half_finished_clone_is_named(tmp_path: Path) -> None:
    workspace = diamond(tmp_path).workspace()
    (workspace.layout.root / "ogg" / ".git").mkdir(parents=True)
    assert "not a complete checkout" in synced(workspace)["ogg"]


def test_a_branch_that_is_gone_upstream_is_left(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    world.upstream["ogg"].git("branch", "topic")
    workspace = world.workspace()
    cloned(workspace, "ogg")
    Repository(workspace.source_of("ogg")).git("switch", "-q", "topic")
    world.upstream["ogg"].git("branch", "-D", "topic")
    assert synced(workspace)["ogg"] == "left alone: origin/topic does not exist any more"


def test_new_components_are_cloned_when_needed_and_named_when_not(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    workspace = world.workspace()
    cloned(workspace, "vorbis", "ogg")
    world.component("needed").commit()
    world.component("apart").commit()
    world.change("ogg", depends=["needed"])
    result = synced(world.open())
    assert result["needed"] == "cloned: "
    assert "farm clone apart" in result["apart"]
    assert "new" not in synced(world.open()).values()


def test_a_workspace_of_everything_stays_one(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    cloned(world.workspace())
    world.component("apart").commit()
    assert synced(world.open())["apart"] == "cloned: "


def test_checkouts_of_components_that_are_gone_are_kept_and_known(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    cloned(world.workspace())
    world.remove("tools")
    workspace = world.open()
    assert gone_checkouts(workspace.layout, workspace.entries) == {"tools": "tools"}


def test_an_unknown_name_has_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UnknownComponent, match="did you mean 'vorbis'"):
        diamond(tmp_path).workspace().require(["vorbi"])


def test_a_components_file_at_a_url_is_remembered_and_fetched_again(tmp_path: Path) -> None:
    world = diamond(tmp_path)
    workspace = world.workspace()
    workspace.change_settings(source=f"file://{world.file}")
    assert workspace.refresh_components()
    assert not workspace.refresh_components()
    world.component("new").commit()
    result = synced(world.open())
    assert "updated" in result["components file"]
    world.file.write_text("components: [")
    with pytest.raises(Exception, match="components"):
        synced(world.open())
    assert "new" in world.open().entries
