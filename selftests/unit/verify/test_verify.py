"""`hullcheck verify`: a bundle as it was made is verified, and whatever is changed of it is found and named."""

import io
import zipfile
from pathlib import Path

import pytest

from hullcheck.bundle import archive
from hullcheck.results import run_files
from hullcheck.verify import layout
from hullcheck.verify.check import check
from hullcheck.verify.layout import Step
from selftests.kit.bundles import WHO, Bundle
from selftests.kit.checks import faults, verify
from selftests.kit.running import Project
from selftests.kit.tamperings import RECORDINGS, TAMPERINGS, Tamper


def steps(path: Path, allowed: Path | None = None) -> dict[str, Step]:
    """What each step says."""
    return {step.name: step for step in check(path, allowed)}


# ---- a bundle as it was made


@pytest.mark.needs("ssh-keygen")
def test_bundle_as_it_was_made(folder: Path, made: Bundle, here: None, tmp_path: Path) -> None:
    """It is verified, signed or not, as a zip and unpacked, with signers and without."""
    path = folder / "reports/latest.zip"
    found = steps(path, folder / "allowed_signers")
    assert [step.faults for step in found.values()] == [()] * 7
    assert f"valid; signed by {WHO} with the key SHA256:" in found["signature"].said
    assert found["verdicts"].said == "64 derived again from 2 recordings, all equal"
    assert "signer not checked" in steps(path)["signature"].said
    with zipfile.ZipFile(path) as zipped:
        zipped.extractall(tmp_path / "unpacked")
    assert faults(tmp_path / "unpacked", folder / "allowed_signers") == []
    unsigned = made.copy().unsigned().write(tmp_path / "unsigned.zip")
    assert faults(unsigned) == []
    assert "not who made them" in steps(unsigned)["signature"].said
    assert faults(unsigned, folder / "allowed_signers") == [
        "manifest-sha256.txt.sig: is missing, so the bundle is not signed"
    ]


def test_forger_of_these_tests_forges_well(made: Bundle, here: None, tmp_path: Path) -> None:
    """A bundle that is taken apart and made anew without a change is verified: what is found below is the change."""
    again = made.copy().unsigned()
    for name in (run_files.RESULTS, run_files.POLICY):
        again.edit(name, lambda document: None)
    assert faults(again.fitting().write(tmp_path / "again.zip")) == []


# ---- tamperings


@pytest.mark.parametrize(("named", "tamper"), TAMPERINGS, ids=[named for named, _ in TAMPERINGS])
def test_tampering_is_named(named: str, tamper: Tamper, folder: Path, made: Bundle, here: None, tmp_path: Path) -> None:
    """What was changed is named."""
    changed = tamper(made.copy(), folder)
    path = tmp_path / "bundle.zip"
    path.write_bytes(changed if isinstance(changed, bytes) else archive.pack(changed.files))
    signed = run_files.SIGNATURE in (changed if isinstance(changed, Bundle) else made).files
    found = faults(path, folder / "allowed_signers" if signed else None)
    assert found
    assert any(named in fault for fault in found), found


# ---- what is no bundle


@pytest.mark.parametrize("name", ["not-there.zip", "empty", "reports/latest"])
def test_wrong_use(own: Project, name: str) -> None:
    """No such file, a folder that is none, the folder of a run: one line, and status 2."""
    (own.folder / "empty").mkdir()
    done = verify(Path(name), cwd=own.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"hullcheck verify: {name}: ")
    done = verify(Path("reports/latest.zip"), "--allowed-signers", "nobody", cwd=own.folder)
    assert done.returncode == 2
    assert done.stderr == "hullcheck verify: --allowed-signers nobody: there is no such file\n"


def test_bundle_that_unpacks_too_far(made: Bundle, monkeypatch: pytest.MonkeyPatch, here: None, tmp_path: Path) -> None:
    """Neither a zip nor a recording is unpacked further than it should go."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("results.json", b"\0" * 10_000_000)
    (tmp_path / "bomb.zip").write_bytes(stream.getvalue())
    found = faults(tmp_path / "bomb.zip")
    assert found[0] == "bomb.zip: damaged: its entries claim to be larger than it is"
    assert found[1:] == [f"{name}: is missing" for name in layout.ALWAYS]
    monkeypatch.setattr("hullcheck.recording.LARGEST", 100_000)
    found = faults(made.copy().unsigned().write(tmp_path / "large.zip"))
    assert f"{RECORDINGS[0]}: damaged: it is cut off, too large, or goes on after its end" in found


def test_folder_with_links(made: Bundle, tmp_path: Path, here: None) -> None:
    """Links and empty folders are named, and links are not followed."""
    for name, content in made.copy().unsigned().files.items():
        path = tmp_path / "unpacked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "unpacked/junit.xml").rename(tmp_path / "junit.xml")
    (tmp_path / "unpacked/junit.xml").symlink_to(tmp_path / "junit.xml")
    (tmp_path / "unpacked/web").mkdir()
    (tmp_path / "unpacked/etc").symlink_to("/etc")
    found = faults(tmp_path / "unpacked")
    assert {"junit.xml: a link, or not a file", "etc: a link, or not a file"} <= {*found}
    assert "web: an empty folder" in found
