"""farm validate, farm builders, farm schema."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from farm.cli import config
from tests.configurations import stack_text, write

RIGHT = stack_text("libogg: {git: https://git.example.org/libogg.git}\n")
WRONG = stack_text("libogg: {git: nowhere, depnds: []}\n")


def farm(*arguments: object, **environment: str):
    app = typer.Typer()
    config.register(app)
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def test_validate_says_what_a_right_file_holds(tmp_path):
    path = write(tmp_path, RIGHT)
    result = farm("validate", path)
    assert result.exit_code == 0
    assert result.stdout == f"{path}: no mistakes in 1 component, 2 distros and 1 channel\n"


def test_validate_prints_one_mistake_a_line_for_editors_to_jump_to(tmp_path):
    path = write(tmp_path, WRONG)
    result = farm("validate", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{path}:") for line in lines[:2])
    assert lines[2] == "2 mistakes found"


def test_validate_prints_json_for_programs(tmp_path):
    right = farm("validate", "--json", write(tmp_path, RIGHT))
    assert json.loads(right.stdout)["problems"] == []
    path = write(tmp_path, WRONG)
    wrong = farm("validate", "--json", path)
    assert wrong.exit_code == 2
    first, second = json.loads(wrong.stdout)["problems"]
    assert first["file"] == str(path)
    assert first["line"] == second["line"]
    assert second["field"] == "components.libogg.depnds"
    assert second["message"] == "unknown key; did you mean 'depends'?"


def test_the_file_is_the_argument_else_the_environments_else_components_yml(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert farm("validate").exit_code == 2
    path = write(tmp_path, RIGHT)
    assert farm("validate").stdout.startswith("components.yml: ")
    assert farm("validate", FARM_COMPONENTS=str(path)).stdout.startswith(f"{path}: ")
    assert farm("validate", "no.yml", FARM_COMPONENTS=str(path)).exit_code == 2


@pytest.mark.parametrize("command", [["validate"], ["builders", "--components"]])
def test_variables_are_set_on_the_command_line(tmp_path, command):
    path = write(tmp_path, stack_text("libogg: {git: '${top}/libogg.git'}\n"))
    assert farm(*command, path).exit_code == 2
    assert farm(*command, path, "--set", "top=/srv").exit_code == 0
    assert farm(*command, path, "--set", "top").exit_code == 2


def test_builders_prints_a_table_that_is_never_cut_off(tmp_path):
    name = "a-component-with-a-rather-long-name-that-no-narrow-terminal-has-room-for"
    path = write(tmp_path, stack_text(f"{name}: {{git: /srv/x}}\n"))
    result = farm("builders", "--components", path)
    assert result.exit_code == 0
    assert f"{name}-bookworm" in result.stdout
    assert result.stdout.endswith("4 builders\n")


def test_builders_prints_json_for_programs(tmp_path):
    rows = json.loads(farm("builders", "--json", "--components", write(tmp_path, RIGHT)).stdout)
    assert rows[0] == {
        "name": "libogg-bookworm",
        "kind": "build",
        "component": "libogg",
        "distro": "bookworm",
        "tags": ["libogg", "bookworm"],
    }
    assert [row["name"] for row in rows[2:]] == ["publish-bookworm", "publish-el9"]


def test_builders_of_a_wrong_file_are_its_mistakes(tmp_path):
    path = write(tmp_path, WRONG)
    assert farm("builders", "--components", path).stderr == farm("validate", path).stderr


def test_schema_prints_json():
    assert json.loads(farm("schema").stdout)["title"] == "components.yml"


@pytest.mark.parametrize("command", ["validate", "builders", "schema"])
def test_help_has_an_example(command):
    assert f"Example: farm {command}" in farm(command, "--help").stdout
