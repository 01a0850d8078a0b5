"""The first error is found in what real tools print."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.failure.log import first_error_in
from tests.failing_projects import CASES, Case, failing_log

pytestmark = pytest.mark.real


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_first_error_of_a_real_log_is_found(case: Case, tmp_path: Path) -> None:
    log = failing_log(case, tmp_path)
    found = first_error_in(log)
    text = log.read_text(errors="replace")
    assert (found.kind, case.message in found.message) == (case.kind, True), f"{found.text}\n{text}"
    assert case.hint in found.hint
    if case.tests:
        assert found.tests == case.tests
    shown = found.context[found.line - found.context_line]
    assert shown.strip() in text.splitlines()[found.line - 1].expandtabs(4), "the line is that one"
