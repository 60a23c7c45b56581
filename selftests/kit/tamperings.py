"""Ways to tamper with a bundle, one for each check that finds it: from a flipped bit to a forger who makes all anew."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hullcheck.bundle import archive, sshsig
from hullcheck.recording.packing import packed, unpacked
from hullcheck.results import run_files
from selftests.kit.bundles import Bundle
from selftests.needs import need

RESULTS, MANIFEST, SIGNATURE = run_files.RESULTS, run_files.MANIFEST, run_files.SIGNATURE
RECORDINGS = ("careless/recording.json.gz", "hardened/recording.json.gz")
PRIVILEGED = "careless container_is_not_privileged"

Tamper = Callable[[Bundle, Path], Bundle | bytes]
"""Returns the changed bundle, or the bytes of its file."""


def _name_twice(made: Bundle, folder: Path) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        for name in (*made.files, "results.jsoN"):
            zipped.writestr(name, made.files.get(name, b"{}\n"))
    return stream.getvalue().replace(b"results.jsoN", b"results.json")


def _digests_made_again(made: Bundle, folder: Path) -> Bundle:
    need("ssh-keygen")
    return made.edit(
        MANIFEST, lambda document: document["run"].update(user={"name": "ann", "uid": 1})
    ).fitting()


def _signed_by_somebody_else(made: Bundle, folder: Path) -> Bundle:
    need("ssh-keygen")
    made.files[SIGNATURE] = sshsig.sign(folder / "stranger", made.files[run_files.DIGESTS])
    return made


def _forged(*changes: tuple[str, Callable[[Any], object]]) -> Tamper:
    """Change JSON files, and everything that follows from them, without the key of the signer."""

    def tamper(made: Bundle, folder: Path) -> Bundle:
        made.unsigned()
        for name, change in changes:
            made.edit(name, change)
        return made.fitting()

    return tamper


def _replaced(name: str, old: bytes, new: bytes, *, fitting: bool = True) -> Tamper:
    """Change bytes of a file, of a recording those that are packed; *fitting* digests or not."""

    def tamper(made: Bundle, folder: Path) -> Bundle:
        text = unpacked(made.files[name]) if name in RECORDINGS else made.files[name]
        changed = text.replace(old, new, 1) if old else text + new
        assert changed != text
        made.files[name] = packed(changed) if name in RECORDINGS else changed
        return made.unsigned().fitting() if fitting else made

    return tamper


def _files(change: Callable[[dict[str, bytes]], object]) -> Tamper:
    def tamper(made: Bundle, folder: Path) -> Bundle:
        change(made.files)
        return made.unsigned().fitting()

    return tamper


def _result(document: Any) -> Any:
    target, control = PRIVILEGED.split()
    found = (each for each in document["results"] if (each["target"], each["control"]) == (target, control))
    return next(found)


def _passed(document: Any) -> None:
    for each in (_result(document), *_result(document)["findings"]):
        each.update(verdict="pass", reason="")


def _met(document: Any) -> None:
    requirements = document["requirements"][0]["requirements"]
    next(each for each in requirements if each["verdict"] == "fail")["verdict"] = "pass"


def _elsewhere(document: Any) -> None:
    document["targets"]["careless"]["connect"] = "docker://careless"


def _green(document: Any) -> None:
    document["run"]["exit_status"] = 0


TAMPERINGS: tuple[tuple[str, Tamper], ...] = (
    ("has bytes that do not follow from the files in it", lambda made, _: archive.pack(made.files) + b"x"),
    ("is in the zip more than once", _name_twice),
    ("junit.xml: is not what manifest-sha256.txt lists", _replaced("junit.xml", b"", b"\n", fitting=False)),
    (SIGNATURE, _digests_made_again),
    (f"{SIGNATURE}: its key is not that of an allowed signer", _signed_by_somebody_else),
    (f"{PRIVILEGED}: the bundle says pass, the recording says", _forged((RESULTS, _passed))),
    (
        f"results.json: {PRIVILEGED}: reason is 'so be it', and the recordings give",
        _forged((RESULTS, lambda document: _result(document).update(reason="so be it"))),
    ),
    (
        "results.json: order is",
        _forged((RESULTS, lambda document: document["results"].append(_result(document)))),
    ),
    (
        "is 'pass', and the recordings give 'fail'",
        _forged(
            (RESULTS, _met),
            (MANIFEST, lambda document: document["selection"].update(partial="--lf was given")),
        ),
    ),
    (
        "the exit status is said to be 0, and the recordings give 1",
        _forged((RESULTS, _green), (MANIFEST, _green)),
    ),
    (
        "careless: target is 'hardened', and its recording gives",
        _files(
            lambda files: files.update(zip(RECORDINGS, map(files.get, reversed(RECORDINGS)), strict=True))
        ),
    ),
    (f"{PRIVILEGED}: ", _replaced(RECORDINGS[0], b'\\"Privileged\\":true', b'\\"Privileged\\":false')),
    ("damaged: it has a key twice", _replaced(RECORDINGS[0], b'"target": ', b'"target": "x",\n "target": ')),
    (
        "careless: machine_id is '0', and its recording gives",
        _forged((MANIFEST, lambda document: document["targets"]["careless"].update(machine_id="0"))),
    ),
    (
        "results.json: run.inventory is not what manifest.json says",
        _forged((RESULTS, lambda document: document["run"].update(inventory="other.yml"))),
    ),
    (
        "recording.json.gz: was made over ",
        _forged((RESULTS, _elsewhere), (MANIFEST, _elsewhere)),
    ),
    (
        "manifest.json: run: machine is",
        _forged((MANIFEST, lambda document: document["run"].update(machine="elsewhere"))),
    ),
    (
        "this control is not here or not selected",
        _forged((MANIFEST, lambda document: document["selection"].update(markers="cis(level=1)"))),
    ),
    (
        "policy.json: is not the policy that the inventory gives",
        _forged((run_files.POLICY, lambda document: document["careless"].update(allowed_ports=[2375]))),
    ),
    (
        "report.html: there is no such file in a bundle",
        _files(lambda files: files.update({"report.html": b"x"})),
    ),
    ("../up: such a name is in no bundle", _files(lambda files: files.update({"../up": b"x"}))),
    ("hardened: is not in all of", _files(lambda files: files.pop(RECORDINGS[1]))),
    ("junit.xml: ", _replaced("junit.xml", b"<failure", b"<skipped")),
    ("findings.csv: is not what follows", _replaced("findings.csv", b",fail,", b",pass,")),
    ("policy.json: not written as hullcheck writes it", _replaced(run_files.POLICY, b"", b"\n")),
)
"""What has to be named, and how it is done."""
