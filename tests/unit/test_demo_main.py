"""The command line of the demo."""

import pytest
from rich.console import Console

from demo import __main__ as command
from demo.control import show
from demo.errors import DemoError
from demo.paths import Paths


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as caught:
        command.parser().parse_args(["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "python -m demo up" in said
    assert "python -m demo stop" in said


@pytest.mark.parametrize("words", [[], ["restart"], ["stop", "--prove"], ["up", "--stall-minutes"]])
def test_anything_else_is_refused(words, capsys):
    with pytest.raises(SystemExit) as caught:
        command.parser().parse_args(words)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_status_without_a_demo_says_how_to_make_one(tmp_path):
    with pytest.raises(DemoError) as caught:
        show(Paths(tmp_path), Console(), follow_it=False, stall_minutes=1)
    assert "make demo" in caught.value.advice


def test_errors_are_one_message_and_an_exit_status(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("FARM_STATE", str(tmp_path / "a b"))
    monkeypatch.setattr(command.setup, "become_root", lambda argv: None)
    monkeypatch.setattr("sys.argv", ["demo", "status"])
    with pytest.raises(SystemExit) as caught:
        command.main()
    assert caught.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("demo: the state directory")
    assert "Traceback" not in said
