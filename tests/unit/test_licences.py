"""SPDX expressions of licence texts and statements."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.licences import Licence, declared, identify, is_expression, parts

COMMON = Path("/usr/share/common-licenses")
MIT = """\
The MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
LATER = """\
This is free software; you can redistribute it under the terms of the GNU General Public License
as published by the Free Software Foundation; either version 2 of the License, or (at your
option) any later version.
"""
ONLY = "It is under the terms of the GNU General Public License, version 2 only.\n"


def gpl(version: int) -> str:
    return (COMMON / f"GPL-{version}").read_text()


def test_a_text_is_recognised_however_it_is_wrapped() -> None:
    assert identify({"COPYING": " ".join(MIT.split())}) == Licence("MIT")


def test_a_gnu_licence_alone_does_not_say_which_versions_are_meant() -> None:
    assert identify({"COPYING": gpl(2)}) == Licence("GPL-2.0-only", certain=False)


@pytest.mark.parametrize(("notice", "suffix"), [(LATER, "or-later"), (ONLY, "only")])
def test_a_notice_says_which_versions_are_meant(notice: str, suffix: str) -> None:
    assert identify({"COPYING": gpl(2)}, [notice]) == Licence(f"GPL-2.0-{suffix}")
    assert identify({"COPYING": f"{notice}\n{gpl(2)}"}) == Licence(f"GPL-2.0-{suffix}")


def test_the_lgpl_brings_the_gpl_that_it_adds_to() -> None:
    texts = {"COPYING": gpl(3), "COPYING.LESSER": (COMMON / "LGPL-3").read_text()}
    assert identify(texts, ["either version 3, or (at your option) any later version"]) == (
        Licence("LGPL-3.0-or-later")
    )


def test_several_licences_in_several_files_leave_open_what_is_under_which() -> None:
    texts = {"LICENSE.code": MIT, "LICENSE.docs": (COMMON / "CC0-1.0").read_text()}
    assert identify(texts) == Licence("MIT AND CC0-1.0", certain=False)


def test_other_text_is_no_licence() -> None:
    assert identify({"LICENSE": "Do what you like with it."}) == Licence("")


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("/* SPDX-License-Identifier: MIT */", "MIT"),
        ("# SPDX-License-Identifier: GPL-2.0-or-later OR MIT", "GPL-2.0-or-later OR MIT"),
        ("<!-- SPDX-License-Identifier: (MIT AND ISC) -->", "(MIT AND ISC)"),
        ("SPDX-License-Identifier: mine", ""),
        ("", ""),
    ],
)
def test_a_statement_is_read_from_comments(text: str, expression: str) -> None:
    declaration = declared(text)
    assert parts(declaration) == parts(expression)


def test_expressions_are_of_known_licences() -> None:
    assert is_expression("GPL-2.0-or-later WITH Classpath-exception-2.0")
    assert not is_expression("BSD")
    assert not is_expression("")
    assert parts("(GPL-2.0-or-later OR MIT) AND LGPL-2.1+") == {"GPL-2.0", "MIT", "LGPL-2.1"}
