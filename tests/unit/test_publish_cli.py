"""Publications from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from repo_publish.cli.publishing import read_publication
from repo_publish.errors import PublishError
from tests.manifests import a_publication


def test_a_publication_is_read_from_json(tmp_path: Path) -> None:
    path = tmp_path / "publication.json"
    path.write_text(a_publication().model_dump_json())

    assert read_publication(path) == a_publication()


def test_mistakes_in_a_publication_are_named(tmp_path: Path) -> None:
    path = tmp_path / "publication.json"
    path.write_text('{"channel": 1, "packages": [{"component": "app"}]}')

    with pytest.raises(PublishError) as caught:
        read_publication(path)

    assert any(problem.startswith("packages.0.key: ") for problem in caught.value.problems)
    with pytest.raises(PublishError, match="No such file"):
        read_publication(tmp_path / "missing.json")
