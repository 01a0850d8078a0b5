"""Any YAML file read into a model: a site file has the same messages as components.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from farm.errors import ConfigError
from farm.model.load import load_model
from tests.configurations import write


class _Server(BaseModel):
    model_config = ConfigDict(extra="forbid")
    host: str = "localhost"
    port: Annotated[int, Field(gt=0)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = "Farm"
    state: Path = Path("state")
    password: SecretStr | None = None
    servers: dict[str, _Server] = {}
    code: Annotated[str, Field(pattern="^[A-Z]+$")] = "A"


def settings_mistakes(folder: Path, text: str) -> list[str]:
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_model(path, _Settings)
    return [str(problem).removeprefix(f"{path}:").strip() for problem in caught.value.problems]


class TestAnyModel:
    def test_is_read_with_its_defaults(self, tmp_path):
        text = "state: /srv/farm\nservers: {www: {port: 80}}\n"
        settings = load_model(write(tmp_path, text), _Settings)
        assert settings.state == Path("/srv/farm")
        assert settings.servers["www"].port == 80

    def test_may_be_empty(self, tmp_path):
        assert load_model(write(tmp_path, "# nothing set\n"), _Settings).title == "Farm"

    def test_has_mistakes_with_lines_and_suggestions(self, tmp_path):
        assert settings_mistakes(
            tmp_path, "titel: x\nservers:\n  www:\n    port: '80'\n    hst: x\n  api: {}\ncode: a\n"
        ) == [
            "1:1: titel: unknown key; did you mean 'title'?",
            "4:11: servers.www.port: expected a whole number; found '80'",
            "5:5: servers.www.hst: unknown key; did you mean 'host'?",
            "6:3: servers.api.port: missing",
            "7:7: code: expected text that matches ^[A-Z]+$; found 'a'",
        ]

    def test_never_shows_what_a_secret_is(self, tmp_path):
        (found,) = settings_mistakes(tmp_path, "password: 271828\n")
        assert "271828" not in found
        assert found.startswith("1:11: password: expected text; found something else")
