"""Bundles: what is in one, that equal runs give equal bytes, and that strangers can check it."""

import csv
import io
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hullcheck import bundle
from hullcheck.bundle import archive, inventory, manifest
from hullcheck.inventory import load
from hullcheck.results import Audit, Control, Finding, Result, Run, run_files
from hullcheck.verdicts import Verdict
from hullcheck.writers import tables
from selftests import REPOSITORY
from selftests.kit.bundles import WHO, Bundle, run_demo, signing
from selftests.kit.running import Project, containers, info
from selftests.rig import removal

FILES = {
    *("careless/recording.json.gz", "hardened/recording.json.gz", "inventory/demo.yml", "policy.json"),
    *("results.json", "junit.xml", "findings.csv", "requirements.csv"),
    *("manifest.json", "manifest-sha256.txt", "manifest-sha256.txt.sig"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run, the key and who is allowed to sign are."""
    path: Path = tmp_path_factory.mktemp("bundle")
    run = run_demo(path, *signing(path))
    assert run.status == 1, run.output
    return path


@pytest.fixture(scope="module")
def made(folder: Path) -> Bundle:
    """The bundle of the demo hosts, signed where the machine can sign."""
    return Bundle.read(folder / "reports/latest.zip")


@pytest.mark.needs("ssh-keygen")
def test_bundle_holds_all_of_a_run(folder: Path, made: Bundle) -> None:
    """Each file of the run is in it as it is in its folder, recordings packed, for the owner's eyes alone."""
    assert set(made.files) - {"audit.html"} == FILES
    latest = folder / "reports/latest"
    for name in ("results.json", "junit.xml", "findings.csv", "requirements.csv"):
        assert made.files[name] == (latest / name).read_bytes()
    path = (folder / "reports/latest.zip").resolve()
    assert path.name == f"{latest.resolve().name}.zip"
    assert path.stat().st_mode & 0o777 == 0o600
    assert {each.external_attr >> 16 & 0o777 for each in zipfile.ZipFile(path).infolist()} == {0o600}
    left = {each.name for each in (folder / "reports").iterdir()}
    assert left == {".gitignore", "latest", "latest.zip", path.name, latest.resolve().name}


def test_manifest_says_who_where_when_and_what(made: Bundle) -> None:
    """It is as its published schema says, and identifies the run and the targets."""
    schema = json.loads((REPOSITORY / "docs/manifest.schema.json").read_text())
    document = made.document(run_files.MANIFEST)
    jsonschema_rs.Draft202012Validator(schema).validate(document)
    wrong = jsonschema_rs.Draft202012Validator(schema)
    for key in document:
        assert not wrong.is_valid({name: each for name, each in document.items() if name != key}), key
    assert document["selection"]["markers"] == "cis"
    assert document["inventory"] == "inventory/demo.yml"
    assert set(document["targets"]) == {"careless", "hardened"}
    assert document["run"]["exit_status"] == 1


@pytest.mark.needs("ssh-keygen")
def test_page_for_strangers(folder: Path, tmp_path: Path) -> None:
    """The commands of docs/evidence.md, as they stand there, check a bundle, and find what was changed."""
    page = (REPOSITORY / "docs/evidence.md").read_text()
    _, _, section = page.partition("## Checking a bundle without hullcheck")
    blocks = re.findall(r"```sh\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    assert len(blocks) == 2
    commands = "set -e\n" + "".join(blocks)
    assert "20261124T162102Z-93b7.zip" in commands
    (tmp_path / "allowed_signers").write_bytes((folder / "allowed_signers").read_bytes())
    path = tmp_path / "20261124T162102Z-93b7.zip"
    path.write_bytes((folder / "reports/latest.zip").read_bytes())
    done = _shell(commands, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(f'Good "hullcheck-bundle" signature for {WHO}') == 1
    assert "results.json: OK" in done.stdout
    for name, content in (("results.json", b"{}"), ("added.txt", b"x"), (run_files.SIGNATURE, b"")):
        changed = Bundle.read(folder / "reports/latest.zip")
        changed.files[name] = content
        changed.write(path)
        removal.delete(tmp_path / "bundle")
        assert _shell(commands, tmp_path).returncode != 0, name


def _shell(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", commands], cwd=folder, capture_output=True, text=True)


def _without_times(files: dict[str, bytes]) -> dict[str, str]:
    """What is left when clocks, run ids and what follows from them are taken out."""
    run = json.loads(files[run_files.RESULTS])["run"]
    plain = {}
    for name, content in files.items():
        if name in (run_files.DIGESTS, run_files.SIGNATURE):
            continue
        text = content.decode("latin-1")
        for each in (run["id"], run["started"], run["finished"]):
            text = text.replace(each, "TIME")
        text = re.sub(
            r'(time|timestamp)="[^"]*"|\d+ ms|\d\d:\d\d:\d\d|\d\d:\d\d UTC|"(bytes|sha256)": "?\w+"?|style-src \S+',
            "TIME",
            text,
        )
        plain[name] = text
    return plain


def test_same_input_gives_the_same_bytes(folder: Path, made: Bundle, tmp_path: Path) -> None:
    """Two runs over the same recordings differ in their times alone, and a zip follows from its files."""
    run_demo(tmp_path, *signing(folder))
    other = Bundle.read(tmp_path / "reports/latest.zip")
    left, right = _without_times(made.files), _without_times(other.files)
    arguments = {str(folder): "FOLDER", str(tmp_path): "FOLDER"}
    for path, plain in arguments.items():
        left, right = (
            {name: text.replace(path, plain) for name, text in each.items()} for each in (left, right)
        )
    right = {name: text.replace(str(folder), "FOLDER") for name, text in right.items()}
    for name in left.keys() | right.keys():
        assert left.get(name) == right.get(name), name
    whole = (folder / "reports/latest.zip").read_bytes()
    assert archive.pack(dict(reversed(made.files.items()))) == whole


@pytest.mark.needs("ssh-keygen")
def test_key_that_cannot_sign_is_refused_before_a_host_is_asked(tmp_path: Path) -> None:
    """A wrong key ends the run with status 4, and no host was asked."""
    project = Project(tmp_path)
    trace = project.command("ssh", 'echo asked >"$trace"; exit 255')
    (tmp_path / "nonsense").write_text("secret\n")
    for key in ("nonsense", "not-there"):
        run = project.pytest("-m", "cis", "--hosts", "ssh://web1", f"--sign={key}")
        assert run.status == 4
        (line,) = run.lines("--sign")
        assert f"--sign={tmp_path}/{key}: " in line
        said = {
            "nonsense": ": is no SSH key; name a private key of OpenSSH",
            "not-there": "there is no such file",
        }
        assert said[key] in line
        assert "secret" not in line
    assert not trace.exists()
    assert not (tmp_path / "reports").exists()


@pytest.mark.needs("ssh-keygen")
def test_key_with_a_passphrase_says_what_to_do(tmp_path: Path) -> None:
    """Where nobody can be asked for it, an agent has to hold the key."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "hunter22", "-f", str(tmp_path / "key")]
    subprocess.run(command, check=True)
    project = Project(tmp_path)
    project.environment.update(SSH_ASKPASS="/bin/false", SSH_ASKPASS_REQUIRE="force")
    run = project.pytest("-m", "cis", "--hosts", project.recorded("web1"), "--sign=key")
    assert run.status == 4
    assert run.lines("--sign")[0].endswith("; let ssh-agent hold the key, and name its .pub")


@pytest.mark.parametrize("said", ["environment", "option"])
def test_bundle_by_every_way_of_saying_so(tmp_path: Path, said: str) -> None:
    """As every option of hullcheck; what is named elsewhere is in it, too."""
    project = Project(tmp_path)
    hosts = project.recorded("web1", info(), containers({"Name": "/a"}))
    if said == "environment":
        project.environment["HULLCHECK_BUNDLE"] = "true"
    more = ("--junitxml=own.xml", "--html=own.html", *(["--bundle"] if said == "option" else []))
    project.pytest("-k", "privileged", "--hosts", hosts, *more)
    made = Bundle.read(tmp_path / "reports/latest.zip")
    assert made.files["junit.xml"] == (tmp_path / "own.xml").read_bytes()
    assert (tmp_path / "own.html").exists()
    assert made.document(run_files.MANIFEST)["inventory"] == ""
    assert not any(name.startswith("inventory/") for name in made.files)
    assert "manifest-sha256.txt.sig" not in made.files


# ---- the inventory


def test_inventory_keeps_its_lines_and_not_its_passwords(tmp_path: Path) -> None:
    """Byte for byte the file, but for passwords in addresses; with what it names below its folder."""
    text = 'targets:\n  web1: {connect: "ssh://audit:ge,heim@web1"}  # ssh://a:geheim@b\r\n\n  web2: {connect: "ssh://b"}\n'
    path = tmp_path / "fleet.yml"
    path.write_bytes(text.encode())
    found = inventory.files(load(path))
    assert found == {"inventory/fleet.yml": text.replace("ge,heim", "***").replace("geheim", "***").encode()}


def test_file_that_is_named_by_its_whole_path_stops_the_run(tmp_path: Path) -> None:
    """Where the bundle is verified it would not be found, or another would."""
    project = Project(tmp_path)
    project.write("waivers.yml", "")
    project.write("fleet.yml", f"targets: {{web1: {{connect: local://}}}}\nwaivers: {tmp_path}/waivers.yml\n")
    run = project.pytest("-m", "cis", "--inventory=fleet.yml", "--bundle")
    assert run.status == 4
    assert f"fleet.yml: names {tmp_path}/waivers.yml; a bundle needs it as seen from there" in run.output


def test_password_in_a_roundabout_way_stops_the_run(tmp_path: Path) -> None:
    """What cannot be hidden is not given away."""
    path = tmp_path / "fleet.yml"
    path.write_text(r'targets: {web1: {connect: "ssh://audit\x3age,heim@web1"}}')
    with pytest.raises(bundle.BundleError, match="the password of web1 cannot be hidden"):
        inventory.files(load(path))


# ---- tables


def _audit(*findings: Finding, **more: Any) -> Audit:
    control = Control("a", "A.", "high", "", "", {"cis": ("5.5",)})
    result = Result("a", "web1", Verdict.FAIL, "", findings, ("engine",))
    run = Run("id", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "0", (), 1)
    return Audit(run, (), (control,), (result,), **more)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(text))))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\ta", "\ra"])
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a container is called, a spreadsheet takes it for text; other cells stay as they are."""
    (row,) = _rows(tables.findings(_audit(Finding("container", text, Verdict.FAIL, 'b, "c"\nd'))))
    assert row["subject"].startswith("'")
    assert row["reason"] == 'b, "c"\nd'


def test_zip_of_the_same_files_is_always_the_same() -> None:
    """Byte for byte, also by another version of Python or of a compressor: this is what it was when it was written."""
    made = archive.pack({"web1/b": b"x", "a.txt": b""})
    assert manifest.digest(made) == "eb1a144a6490ca752a0f75c4c88ff13fb2c0c416106b0c7a508cabb55601f088"
    assert archive.unpack(made) == [("a.txt", b""), ("web1/b", b"x")]
