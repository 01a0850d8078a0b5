"""What can be asked of the publisher at all."""

from __future__ import annotations

import pytest

from repo_publish.errors import PublishError
from repo_publish.model import Published
from repo_publish.request import check_request
from tests.manifests import URL, a_publication, published


def test_the_address_loses_its_last_slash() -> None:
    assert check_request(a_publication(published("app")), f"{URL}/") == URL


@pytest.mark.parametrize("url", ["", "ftp://x", "http://a b", "http://x\nevil", "x.example"])
def test_the_address_is_one(url: str) -> None:
    with pytest.raises(PublishError, match="is not an address"):
        check_request(a_publication(), url)


def test_all_mistakes_are_told_at_once() -> None:
    bad = Published(component="../x", key="0" * 64, commit="")
    publication = a_publication(
        published("app"), published("app"), bad, title="a\nb", architecture="-x"
    )

    with pytest.raises(PublishError) as caught:
        check_request(publication, URL)

    assert len(caught.value.problems) == 4
