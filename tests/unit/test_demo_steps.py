"""Numbered steps, and how they fail."""

import io

import pytest
from rich.console import Console

from demo.errors import DemoError
from demo.steps import StepFailed, Steps
from farm.errors import CommandError


@pytest.fixture
def report(tmp_path):
    out = io.StringIO()
    steps = Steps(Console(file=out, width=40), 2, tmp_path / "logs" / "crash.log")
    return steps, out


def test_steps_are_numbered_and_timed(report):
    steps, out = report
    with steps.step("sources", "git repositories"):
        steps.say("libogg: v1.3.5")
    with steps.step("farm", "master and workers"):
        pass
    assert out.getvalue().split("\n") == [
        "",
        "[1/2] sources: git repositories",
        "      libogg: v1.3.5",
        "      done in 0:00",
        "",
        "[2/2] farm: master and workers",
        "      done in 0:00",
        "",
    ]


@pytest.mark.parametrize(
    ("error", "message", "advice"),
    [
        (DemoError("no mirror", "Configure one."), "no mirror", "Configure one."),
        (CommandError("unpack x", ["tar"], 2, "bad archive"), "tar exited with 2", "bad archive"),
        (OSError(28, "No space left on device"), "No space left on device", "disk full"),
        (KeyboardInterrupt(), "interrupted", "make stop"),
    ],
)
def test_a_failure_names_the_step_and_what_to_do(report, error, message, advice):
    steps, out = report
    with pytest.raises(StepFailed), steps.step("sources", "git repositories"):
        raise error
    said = out.getvalue()
    assert "Step 1 of 2 (sources) failed:" in said
    assert message in said
    assert advice in said
    assert "Traceback" not in said


def test_a_mistake_of_the_demo_leaves_its_traceback_in_a_file(report, tmp_path):
    steps, out = report
    with pytest.raises(StepFailed), steps.step("sources", "git repositories"):
        raise KeyError("libogg")
    assert "unexpected KeyError" in out.getvalue()
    assert "Traceback" not in out.getvalue()
    assert "Traceback" in (tmp_path / "logs" / "crash.log").read_text()


def test_brackets_in_a_message_are_no_markup(report):
    steps, out = report
    with steps.step("a", "b"):
        steps.say("[red]x[/red] /etc/[y]")
    assert "[red]x[/red] /etc/[y]" in out.getvalue()
