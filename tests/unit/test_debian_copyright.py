"""The text of a generated debian/copyright."""

from __future__ import annotations

import pytest
from debian.copyright import Copyright

from farm.packaging.copyright import debian_copyright, debian_expression
from farm.packaging.details import TreeDetails
from tests.packaging_data import packaging_info


@pytest.mark.parametrize(
    ("spdx", "debian"),
    [
        ("GPL-2.0-or-later", "GPL-2+"),
        ("LGPL-2.1-only", "LGPL-2.1"),
        ("BSD-3-Clause", "BSD-3-clause"),
        ("MIT", "Expat"),
        ("MIT OR Apache-2.0", "Expat or Apache-2.0"),
        ("(MIT OR GPL-3.0-only) AND Zlib", "Expat or GPL-3, and Zlib"),
        ("GPL-2.0-or-later WITH OpenSSL", "GPL-2+ with OpenSSL exception"),
    ],
)
def test_licences_have_debians_short_names(spdx: str, debian: str) -> None:
    assert debian_expression(spdx) == debian


def test_a_short_licence_is_given_in_full() -> None:
    details = TreeDetails(copyright=("2002 Xiph.org",), licence_text="Do it.\n\nWell.")

    text = debian_copyright(packaging_info(details=details))

    assert text == (
        """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: libogg
Source: https://xiph.example.org/ogg/

Files: *
Copyright: 2002 Xiph.org
License: BSD-3-clause

Files: debian/*
Copyright: 2023 Build Farm <farm@example.invalid>
License: BSD-3-clause

License: BSD-3-clause
 Do it.
 .
 Well.
"""
    )


def test_each_licence_of_an_expression_is_explained() -> None:
    details = TreeDetails(licence_files=("LICENSE",), licence_text="only one of them")
    info = packaging_info(licence="LGPL-2.1-or-later OR Zlib", details=details)

    document = Copyright(debian_copyright(info).splitlines(), strict=True)
    texts = {p.license.synopsis: p.license.text for p in document.all_license_paragraphs()}

    assert "common-licenses/LGPL-2.1." in texts["LGPL-2.1+"]
    assert texts["Zlib"] == "See LICENSE in the source package."


def test_an_unknown_licence_is_called_so() -> None:
    document = Copyright(
        debian_copyright(packaging_info(licence="", details=TreeDetails())).splitlines(),
        strict=True,
    )

    first = next(document.all_files_paragraphs())

    assert first.license.synopsis == "unknown"
    assert first.copyright == "The authors of libogg"
