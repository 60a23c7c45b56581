"""Bundles: what is in one, that equal runs give equal bytes, and that strangers can check it."""

import csv
import json
import re
import subprocess
import zipfile
from pathlib import Path

import jsonschema_rs
import pytest

from hullcheck import bundle
from hullcheck.bundle import archive, inventory, manifest, sshsig
from hullcheck.inventory import load
from hullcheck.results import Audit, Control, Finding, Result, Run, run_files
from hullcheck.verdicts import Verdict
from hullcheck.writers import tables
from selftests import REPOSITORY
from selftests.kit.bundles import WHO, Bundle, run_demo, signing
from selftests.kit.running import Project
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
    assert archive.pack(made.files) == path.read_bytes()
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


@pytest.mark.needs("ssh-keygen")
def test_key_that_cannot_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says why, and what to do; nothing of a file that was named by mistake is shown."""
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "hunter22", "-f", str(tmp_path / "locked")]
    subprocess.run(command, check=True)
    (tmp_path / "nonsense").write_text("secret\n")
    for key, said in (
        ("nonsense", r"^not an SSH key; name a private key of OpenSSH"),
        ("not-there", "^there is no such file"),
        ("locked", "; add the key to ssh-agent, and name its .pub$"),
    ):
        with pytest.raises(sshsig.SignatureError, match=said):
            sshsig.sign(tmp_path / key, b"x")


def test_run_that_cannot_be_bundled(tmp_path: Path) -> None:
    """A wrong key, and a selection that nobody can repeat, end the run before a host is asked."""
    project = Project(tmp_path)
    trace = project.command("ssh", 'echo asked >"$trace"; exit 255')
    for option, said in (
        ("--sign=not-there", f"--sign={tmp_path}/not-there: there is no such file"),
        ("--lf", "--bundle: a selection by --lf cannot be repeated elsewhere"),
    ):
        run = project.pytest("-m", "cis", "--hosts", "ssh://web1", "--bundle", option)
        assert (run.status, len(run.lines(said))) == (4, 1), run.output
    assert not trace.exists()
    assert not (tmp_path / "reports").exists()


# ---- the inventory


def test_inventory_keeps_its_lines_and_not_its_passwords(tmp_path: Path) -> None:
    """Byte for byte the file, but for passwords in addresses; with what it names below its folder."""
    text = 'targets:\n  web1: {connect: "ssh://audit:ge,heim@web1"}  # ssh://a:geheim@b\r\n\n  web2: {connect: "ssh://b"}\n'
    path = tmp_path / "fleet.yml"
    path.write_bytes(text.encode())
    found = inventory.files(load(path))
    assert found == {"inventory/fleet.yml": text.replace("ge,heim", "***").replace("geheim", "***").encode()}


def test_inventory_that_cannot_be_in_a_bundle(tmp_path: Path) -> None:
    """Where it is verified, a file of another path would not be found; a password that is left is not given away."""
    path = tmp_path / "fleet.yml"
    (tmp_path / "waivers.yml").write_text("")
    path.write_text(f"targets: {{web1: {{connect: local://}}}}\nwaivers: {tmp_path}/waivers.yml\n")
    with pytest.raises(bundle.BundleError, match=f"names {tmp_path}/waivers.yml; a bundle needs it as seen"):
        inventory.files(load(path))
    path.write_text(r'targets: {web1: {connect: "ssh://audit\x3age,heim@web1"}}')
    with pytest.raises(bundle.BundleError, match="the password of web1 cannot be hidden"):
        inventory.files(load(path))


def test_zip_of_the_same_files_is_always_the_same() -> None:
    """Byte for byte, also by another version of Python or of a compressor: this is what it was when it was written."""
    made = archive.pack({"web1/b": b"x", "a.txt": b""})
    assert archive.pack({"a.txt": b"", "web1/b": b"x"}) == made
    assert manifest.digest(made) == "eb1a144a6490ca752a0f75c4c88ff13fb2c0c416106b0c7a508cabb55601f088"
    assert archive.unpack(made) == [("a.txt", b""), ("web1/b", b"x")]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a"])
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a container is called, a spreadsheet takes it for text."""
    control = Control("a", "A.", "high", "", "", {"cis": ("5.5",)})
    result = Result("a", "web1", Verdict.FAIL, "", (Finding("container", text, Verdict.FAIL, "b"),))
    run = Run("id", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "0", (), 1)
    rows = tables.finding_rows(Audit(run, (), (control,), (result,)))
    (row,) = csv.DictReader(each.decode() for each in tables.lines(tables.FINDINGS, rows))
    assert row["subject"] == f"'{text}"
