"""Backups taken while a farm runs, and a farm that goes on from one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from farm.errors import FarmError
from farm.records.store import BuildRow, Records
from farm.site import load_site
from repo_publish.backup.restoring import restore
from repo_publish.backup.taking import take
from tests import projects
from tests.farm_worlds import site_file
from tests.farms import BIN, TestFarm
from tests.postgres import Cluster, cluster
from tests.real.cache import CACHE
from tests.stacks import head
from tests.tiny_farm import LINE, PUBLISHED, TIMEOUT_S, machine, tiny_farm

pytestmark = pytest.mark.real

SOMEBODY = 4711


def attempts(farm: TestFarm) -> dict[str, int]:
    """How often each build was asked for, by key."""
    records = Records(f"sqlite:///{farm.state / 'farm.sqlite'}", only_look=True)
    try:
        return {row.key: row.attempt for row in _builds(records)}
    finally:
        records.close()


def _builds(records: Records) -> list[BuildRow]:
    names = ("tinylib", "tinyapp")
    return [row for name in names for row in records.builds_of("development", "bookworm", name)]


def test_a_destroyed_farm_goes_on_from_a_backup_taken_while_it_built(tmp_path: Path) -> None:
    library, kept = tmp_path / "git" / "tinylib", tmp_path / "backups"
    with tiny_farm(tmp_path) as farm, machine(farm) as client:
        assert "1.0" in client.installed("tinyapp")
        first = attempts(farm)
        farm.run(BIN / "farm", "backup", kept)

        projects.write_library(library, version="1.1")
        projects.commit(library, "Better")
        assert farm.hook(f"file://{library}") == 200
        farm.wait("it builds", lambda: farm.states(LINE)["tinylib"] == "building", TIMEOUT_S)
        taken = json.loads(farm.run(BIN / "farm", "backup", kept, "--keep", "2", "--json"))
        assert taken["removed"] == []
        one, two = sorted(path for path in kept.iterdir())
        assert taken["backup"] == str(two)
        _same_files_are_shared(one, two)
        farm.wait_states(LINE, TIMEOUT_S, **PUBLISHED)

        farm.stop()
        shutil.rmtree(farm.state)
        assert f"restored: {two} to {farm.state}" in farm.run(BIN / "farm", "restore", kept)
        (farm.state / "cache").symlink_to(CACHE)
        farm.start()
        farm.wait(
            "snapshot 2 again", lambda: farm.status()["lines"].get(LINE, {}).get("snapshot") == 2
        )
        farm.wait_states(LINE, TIMEOUT_S, **PUBLISHED)
        now = attempts(farm)
        assert {key: now[key] for key in first} == first, "what was built is not built again"
        assert "1.1" in client.installed("tinyapp"), "apt has the key that it trusts"
        verified = farm.run(BIN / "farm", "archive", "verify", LINE)
        assert "2" in verified
        refused = _refused(farm, kept)
        assert "is not empty" in refused
        assert "Traceback" not in refused


def _same_files_are_shared(one: Path, two: Path) -> None:
    packages = [path.relative_to(one) for path in (one / "state/pool").rglob("*.deb")]
    assert packages
    for path in packages:
        assert (one / path).stat().st_ino == (two / path).stat().st_ino
        published = list((two / "state/archive/snapshots").rglob(path.name))
        assert {p.stat().st_ino for p in published} <= {(two / path).stat().st_ino}
    for private in (two, two / "state/farm.sqlite", two / "state/keys", two / "state/secrets"):
        assert private.stat().st_mode & 0o077 == 0, private


def _refused(farm: TestFarm, kept: Path) -> str:
    done = subprocess.run(
        [BIN / "farm", "restore", kept], env=farm.environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    return done.stderr


def postgres_site(folder: Path, databases: tuple[str, str]) -> Path:
    folder.mkdir()
    return site_file(folder, "", records=databases[0], database=databases[1])


def buildbots_table(url: str, *values: int) -> list[int]:
    """A table that stands for Buildbot's."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if values:
            connection.execute(sa.text("CREATE TABLE builds (id integer)"))
        for value in values:
            connection.execute(sa.text("INSERT INTO builds VALUES (:v)"), {"v": value})
        found = connection.execute(sa.text("SELECT id FROM builds")).scalars().all()
    engine.dispose()
    return list(found)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


def test_databases_in_postgres_are_in_a_backup(tmp_path: Path, postgres: Cluster) -> None:
    old = load_site(postgres_site(tmp_path / "old", (postgres.database(), postgres.database())))
    (old.state / "pool").mkdir(parents=True)
    old.secret("worker-one")
    records = Records(old.records_url)
    records.put_head("development", head("libogg"))
    records.close()
    buildbots_table(old.database_url, 1, 2)
    backup = take(old, tmp_path / "backups", sys.stderr)

    new = load_site(postgres_site(tmp_path / "new", (postgres.database(), postgres.database())))
    advice = restore(new, backup, sys.stderr)
    records = Records(new.records_url, only_look=True)
    assert records.heads["development", "libogg"] == head("libogg")
    records.close()
    assert buildbots_table(new.database_url) == [1, 2]
    assert new.secret("worker-one") == old.secret("worker-one")
    assert any("create-master" in sentence for sentence in advice), "the state moved"
    with pytest.raises(FarmError, match="not empty"):
        restore(new, backup, sys.stderr)
    shutil.rmtree(new.state)
    with pytest.raises(FarmError, match="has tables already"):
        restore(new, backup, sys.stderr)
    files = load_site(site_file(tmp_path, ""))
    with pytest.raises(FarmError, match="PostgreSQL when the backup was taken"):
        restore(files, backup, sys.stderr)


def test_a_backup_without_secrets_has_none_and_one_that_fails_leaves_nothing(
    tmp_path: Path,
) -> None:
    site = load_site(site_file(tmp_path, ""))
    (site.state / "keys").mkdir(parents=True)
    (site.state / "keys" / "secret.key").write_text("-")
    site.secret("worker-one")
    (site.state / ".ssh").mkdir()
    Records(site.records_url).close()
    os.chown(site.state / "farm.sqlite", SOMEBODY, SOMEBODY)
    (site.state / "master").mkdir()
    (site.state / "master" / "state.sqlite").touch()
    place = tmp_path / "backups"
    backup = take(site, place, sys.stderr, secrets=False)
    names = {path.name for path in backup.rglob("*")}
    assert not names & {"secret.key", "worker-one", "secrets", "keys", ".ssh"}
    assert (backup / "state" / "farm.sqlite").stat().st_uid == SOMEBODY, "it stays its owner's"
    with pytest.raises(FarmError, match="lies in the state directory"):
        take(site, site.state / "backups", sys.stderr)
    (site.state / "farm.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(FarmError, match=r"farm\.sqlite"):
        take(site, place, sys.stderr, clock=lambda: 0)
    assert [path.name for path in place.iterdir()] == [backup.name]
