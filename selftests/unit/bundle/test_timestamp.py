"""Trusted time: the question for an authority, its answer, and what `hullcheck verify` says of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck.bundle import archive, timestamp
from hullcheck.bundle.timestamp import TimestampError
from hullcheck.cli import main
from hullcheck.results import run_files
from selftests import REPOSITORY
from selftests.kit.bundles import Bundle, run_demo

pytestmark = pytest.mark.needs("openssl")

SETTINGS = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


class Authority:
    """A time-stamping authority with a CA of its own."""

    def __init__(self, folder: Path) -> None:
        """Make its keys and certificates in *folder*."""
        folder.mkdir()
        self.folder, self.ca = folder, folder / "ca.pem"
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout")
        self._run(
            "req", "-x509", *key, "ca.key", "-out", "ca.pem", "-days", "2", "-subj", f"/CN={folder.name}"
        )
        self._run("req", *key, "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa")
        (folder / "extensions").write_text("extendedKeyUsage=critical,timeStamping\n")
        by_ca = (
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            "extensions",
            "-days",
            "2",
        )
        self._run("x509", "-req", "-in", "tsa.csr", *by_ca, "-out", "tsa.pem")
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(SETTINGS.format(folder=folder))

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def answer(self, query: bytes) -> bytes:
        """Its answer to a question."""
        (self.folder / "query").write_bytes(query)
        self._run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "answer")
        return (self.folder / "answer").read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The one that is trusted."""
    return Authority(tmp_path_factory.mktemp("tsa") / "trusted")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the demo hosts."""
    folder = tmp_path_factory.mktemp("demo")
    run_demo(folder, "--bundle")
    return folder / "reports/latest.zip"


LISTING = b"0" * 64 + b"  results.json\n"


def test_time(authority: Authority) -> None:
    """The answer speaks of this listing and of no other, and only the word of who is trusted counts."""
    answer = authority.answer(timestamp.query(LISTING))
    when = timestamp.time_of(answer, LISTING, authority.ca)
    assert timestamp.time_of(answer, LISTING, None) == when
    with pytest.raises(TimestampError, match="something else"):
        timestamp.time_of(answer, LISTING + b" ", authority.ca)


@pytest.mark.parametrize(
    "spoil", [lambda answer: b"", lambda answer: answer[:-40], lambda answer: b"\0" * 300]
)
def test_answer_that_is_damaged(authority: Authority, spoil: Callable[[bytes], bytes]) -> None:
    """It is no word of anybody."""
    answer = authority.answer(timestamp.query(LISTING))
    with pytest.raises(TimestampError):
        timestamp.time_of(spoil(answer), LISTING, None)


def test_time_that_is_changed(authority: Authority) -> None:
    """Whoever writes another time into an answer has no signature for it."""
    answer = authority.answer(timestamp.query(LISTING))
    year = str(timestamp.time_of(answer, LISTING, None).year).encode()
    at = answer.index(year)
    forged = answer[:at] + b"2020" + answer[at + 4 :]
    with pytest.raises(TimestampError):
        timestamp.time_of(forged, LISTING, authority.ca)


def test_stranger(authority: Authority, tmp_path: Path) -> None:
    """Anybody can be an authority; only those count who are named."""
    stranger = Authority(tmp_path / "stranger")
    with pytest.raises(TimestampError):
        timestamp.time_of(stranger.answer(timestamp.query(LISTING)), LISTING, authority.ca)


def verified(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[str]]:
    """The exit status of `hullcheck verify`, and what it says of the time."""
    capsys.readouterr()
    status = main(["verify", str(path), *options])
    lines = capsys.readouterr().out.splitlines()
    return status, [each for each in lines if "timestamp" in each or ".tsr" in each]


def test_bundle(
    authority: Authority,
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Question and answer as a person carries them; the bundle is verified with it as without."""
    monkeypatch.chdir(REPOSITORY)
    trusted = f"--authority={authority.ca}"
    path = tmp_path / "run.zip"
    path.write_bytes(bundle.read_bytes())
    assert verified(path, capsys) == (0, [])
    status, lines = verified(path, capsys, trusted)
    assert (status, lines[-1]) == (1, "  manifest-sha256.txt.tsr: is missing; the bundle has no timestamp")

    assert main(["stamp", str(path)]) == 0
    assert "curl" in capsys.readouterr().out
    (tmp_path / "run.tsr").write_bytes(authority.answer((tmp_path / "run.tsq").read_bytes()))
    assert main(["stamp", str(path), f"--answer={tmp_path / 'run.tsr'}", trusted]) == 0
    status, lines = verified(path, capsys, trusted)
    assert (status, len(lines), "by a trusted authority" in lines[0]) == (0, 1, True)
    status, lines = verified(path, capsys)
    assert (status, "whose authority was not asked for" in lines[0]) == (0, True)

    made = Bundle.read(path)
    made.files[run_files.TIMESTAMP] = authority.answer(timestamp.query(b"another listing\n"))
    assert verified(made.write(tmp_path / "forged.zip"), capsys)[0] == 1


def test_answer_that_is_older_than_the_run(
    authority: Authority,
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What ends tomorrow cannot have been there today."""
    monkeypatch.chdir(REPOSITORY)
    made = Bundle.read(bundle)
    for name in (run_files.RESULTS, run_files.MANIFEST):
        made.edit(name, lambda document: document["run"].update(finished="2099-01-01T00:00:00Z"))
    made.fitting()
    made.files[run_files.TIMESTAMP] = authority.answer(timestamp.query(made.files[run_files.DIGESTS]))
    status, lines = verified(made.write(tmp_path / "early.zip"), capsys)
    assert (status, lines[-1].endswith("is older than the end of the run, 2099-01-01T00:00:00Z")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.zip",), "No such file"),
        (("{bundle}", "--answer=nowhere"), "No such file"),
        (("{bundle}", "--answer={bundle}"), "larger than"),
        (("{damaged}",), "hullcheck verify"),
    ],
)
def test_wrong_use(
    bundle: Path, arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, and the bundle stays as it is."""
    before = bundle.read_bytes()
    files = dict(archive.unpack(before))
    files[run_files.RESULTS] += b" "
    (tmp_path / "damaged.zip").write_bytes(archive.pack(files))
    paths = {"bundle": bundle, "damaged": tmp_path / "damaged.zip"}
    assert main(["stamp", *(each.format(**paths) for each in arguments)]) == 2
    assert said in capsys.readouterr().err
    assert bundle.read_bytes() == before
