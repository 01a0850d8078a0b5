"""When an archive is proved, and what its proof takes for granted."""

import pytest

from demo import prove as module
from demo.errors import DemoError
from demo.paths import Paths
from demo.prove_deb import foreign, preferences
from demo.published import Published
from demo.site import COMPONENTS
from demo.where import archives
from farm.errors import CommandError
from farm.model.load import load_stack
from repo_publish.errors import VerifyError
from repo_publish.manifest import Manifest, ManifestComponent, ManifestFile


def a_file(package, version, path, kind="binary"):
    return ManifestFile(
        path=path,
        kind=kind,
        package=package,
        version=version,
        architecture="amd64",
        sha256="0" * 64,
        size=1,
    )


def an_archive(identity="one", number=1):
    stack = load_stack(COMPONENTS, {"demo": "/srv/demo"})
    archive = archives(stack, "http://127.0.0.1:8020/")[0]
    files = (
        a_file("vorbis-tools", "1.4.3-1~deb12", "pool/vorbis-tools_1.4.3-1~deb12_amd64.deb"),
        a_file("vorbis-tools", "1.4.3-1~deb12", "pool/vorbis-tools_1.4.3-1~deb12.dsc", "source"),
        a_file("vorbis-tools", "1.4.3-1~deb12", "pool/vorbis-tools_1.4.3.orig.tar.xz", "source"),
    )
    component = ManifestComponent(
        component="vorbis-tools",
        commit="c" * 40,
        key="k" * 64,
        version="1.4.3-1~deb12",
        reason="",
        files=files,
    )
    manifest = Manifest(
        channel=archive.channel,
        distro=archive.distro.name,
        family=archive.distro.family,
        architecture="amd64",
        title="Farm demo",
        url="http://127.0.0.1:8020",
        number=number,
        previous=None,
        timestamp=1,
        signing_key="F" * 40,
        components=(component,),
    )
    return Published(archive, manifest, identity, "farm.sources", "", "")


@pytest.fixture
def proof(tmp_path, monkeypatch):
    """Prove a published archive with a trial that only counts; returns what was said."""
    trials = []

    def call(published, *, again=False, trial=None):
        def try_out(*_):
            trials.append(published.identity)
            if trial:
                raise trial
            return ["installed"]

        monkeypatch.setattr(module, "fetch_published", lambda archive: published)
        monkeypatch.setattr(module, "_try_out", try_out)
        said = []
        module.prove(Paths(tmp_path), published.archive, said.append, again=again)
        return said

    call.trials = trials
    return call


def test_a_snapshot_is_proved_once(proof):
    assert proof(an_archive()) == ["bookworm, snapshot 1: installed"]
    assert "proved before" in proof(an_archive())[0]
    assert proof.trials == ["one"]


def test_another_snapshot_is_proved_again(proof):
    proof(an_archive())
    proof(an_archive("two", 2))
    assert proof.trials == ["one", "two"]


def test_it_is_proved_again_when_asked(proof):
    proof(an_archive())
    proof(an_archive(), again=True)
    assert len(proof.trials) == 2


def test_a_failed_proof_is_not_remembered_and_names_its_log(proof):
    error = CommandError("apt-get update", ["apt-get"], 100, "NO_PUBKEY")
    with pytest.raises(DemoError, match="bookworm, snapshot 1: apt-get update") as caught:
        proof(an_archive(), trial=error)
    assert "proof-development-bookworm.log" in caught.value.advice
    proof(an_archive())
    assert len(proof.trials) == 2


def test_a_bad_signature_stops_the_proof(tmp_path, monkeypatch):
    def fetch(archive):
        raise VerifyError("manifest.json: bad signature")

    monkeypatch.setattr(module, "fetch_published", fetch)
    with pytest.raises(DemoError, match="bad signature"):
        module.prove(Paths(tmp_path), an_archive().archive, print)


def test_the_source_package_is_found():
    assert an_archive().source_of("vorbis-tools").path.endswith(".dsc")
    with pytest.raises(DemoError, match="no source package of libogg"):
        an_archive().source_of("libogg")


def test_the_archives_packages_come_before_the_distributions():
    assert "Pin: release o=Farm demo\n" in preferences("Farm demo")


def test_a_package_from_elsewhere_is_noticed():
    offered = {"libogg0": "1.3.5-1~deb12", "vorbis-tools": "1.4.3-1~deb12"}
    assert foreign("libogg0 1.3.5-3\nbash 5.2\nvorbis-tools 1.4.3-1~deb12\n", offered) == [
        "libogg0 1.3.5-3"
    ]
