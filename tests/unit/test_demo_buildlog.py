"""What is said of a failed build."""

import json

import pytest

from demo.buildlog import last_build
from tests.http_server import Silent, serving

LOG = (
    "libogg 1.3.5\nFAIL: test_bits\nfarm: test failed: 1 of 2\nprogram finished with exit code 10\n"
)
ANSWERS = {
    "builders/libogg-el9/builds?order=-number&limit=1": {
        "builds": [{"builderid": 4, "number": 6, "buildid": 17}]
    },
    "builds/17/steps": {
        "steps": [{"stepid": 1, "results": 0}, {"stepid": 2, "results": 2}],
    },
    "steps/2/logs": {"logs": [{"logid": 9}]},
    "logs/9/raw_inline": LOG,
    "builders/speex-el9/builds?order=-number&limit=1": {"builds": []},
}


class Handler(Silent):
    def do_GET(self):
        answer = ANSWERS.get(self.path.removeprefix("/api/v2/"))
        body = answer if isinstance(answer, str) else json.dumps(answer)
        self.reply(404 if answer is None else 200, body.encode())


@pytest.fixture
def www():
    with serving(Handler) as url:
        yield f"{url}/"


def test_the_failed_step_of_the_newest_build_is_shown(www):
    assert last_build(www, "libogg-el9").splitlines() == [
        f"  libogg-el9: {www}#/builders/4/builds/6",
        "    libogg 1.3.5",
        "    FAIL: test_bits",
        "    farm: test failed: 1 of 2",
    ]


def test_a_builder_without_builds_is_named(www):
    assert last_build(www, "speex-el9") == f"  speex-el9: {www}#/builders"


def test_a_master_that_does_not_answer_hides_nothing():
    assert last_build("http://127.0.0.1:1/", "libogg-el9") == (
        "  libogg-el9: http://127.0.0.1:1/#/builders"
    )
