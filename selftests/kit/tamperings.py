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

RECORDINGS = ("careless/recording.json.gz", "hardened/recording.json.gz")
PRIVILEGED = "careless container_is_not_privileged"

Tamper = Callable[[Bundle, Path], Bundle | bytes]
"""Returns the changed bundle, or the bytes of its file."""


def _longer_zip(made: Bundle, folder: Path) -> bytes:
    return archive.pack(made.files) + b"x"


def _name_twice(made: Bundle, folder: Path) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        for name in (*made.files, "results.jsoN"):
            zipped.writestr(name, made.files.get(name, b"{}\n"))
    return stream.getvalue().replace(b"results.jsoN", b"results.json")


def _digests_made_again(made: Bundle, folder: Path) -> Bundle:
    need("ssh-keygen")
    made.edit(run_files.MANIFEST, lambda document: document["run"].update(user={"name": "ann", "uid": 1}))
    return made.fitting()


def _signed_by_somebody_else(made: Bundle, folder: Path) -> Bundle:
    need("ssh-keygen")
    made.files[run_files.SIGNATURE] = sshsig.sign(folder / "stranger", made.files[run_files.DIGESTS])
    return made


def _forged(name: str, change: Callable[[Any], object]) -> Tamper:
    """Change a JSON file, and everything that follows from it, without the key of the signer."""
    return lambda made, folder: made.unsigned().edit(name, change).fitting()


def _replaced(name: str, old: bytes, new: bytes, *, fitting: bool = True) -> Tamper:
    """Change bytes of a file, of a recording those that are packed; *fitting* digests or not."""

    def tamper(made: Bundle, folder: Path) -> Bundle:
        text = unpacked(made.files[name]) if name in RECORDINGS else made.files[name]
        changed = text.replace(old, new, 1) if old else text + new
        assert changed != text
        made.files[name] = packed(changed) if name in RECORDINGS else changed
        return made.unsigned().fitting() if fitting else made

    return tamper


def _added(name: str) -> Tamper:
    def tamper(made: Bundle, folder: Path) -> Bundle:
        made.files[name] = b"<!DOCTYPE html><img src=x onerror=alert(0)>"
        return made.unsigned().fitting()

    return tamper


def _without_a_recording(made: Bundle, folder: Path) -> Bundle:
    del made.files[RECORDINGS[1]]
    return made.unsigned().fitting()


def _recordings_swapped(made: Bundle, folder: Path) -> Bundle:
    one, other = RECORDINGS
    made.files |= {one: made.files[other], other: made.files[one]}
    return made.unsigned().fitting()


def _green(made: Bundle, folder: Path) -> Bundle:
    for name in (run_files.RESULTS, run_files.MANIFEST):
        made.edit(name, lambda document: document["run"].update(exit_status=0))
    return made.unsigned().fitting()


def _requirement_of_some(made: Bundle, folder: Path) -> Bundle:
    def change(document: Any) -> None:
        each = next(each for each in document["requirements"][0]["requirements"] if each["verdict"] == "fail")
        each["verdict"] = "pass"

    made.unsigned().edit(run_files.RESULTS, change)
    made.edit(run_files.MANIFEST, lambda document: document["selection"].update(partial="--lf was given"))
    return made.fitting()


def _passed(document: Any) -> None:
    result = _result(document)
    result.update(verdict="pass", reason="")
    for finding in result["findings"]:
        finding.update(verdict="pass", reason="")


def _result(document: Any) -> Any:
    target, control = PRIVILEGED.split()
    found = (each for each in document["results"] if (each["target"], each["control"]) == (target, control))
    return next(found)


RESULTS, MANIFEST = run_files.RESULTS, run_files.MANIFEST
TAMPERINGS: tuple[tuple[str, Tamper], ...] = (
    ("has bytes that do not follow from the files in it", _longer_zip),
    ("is in the zip more than once", _name_twice),
    ("junit.xml: is not what manifest-sha256.txt lists", _replaced("junit.xml", b"", b"\n", fitting=False)),
    (run_files.SIGNATURE, _digests_made_again),
    (f"{run_files.SIGNATURE}: its key is not that of an allowed signer", _signed_by_somebody_else),
    (f"{PRIVILEGED}: the bundle says pass, the recording says", _forged(RESULTS, _passed)),
    (
        f"results.json: {PRIVILEGED}: reason is 'so be it', and the recordings give",
        _forged(RESULTS, lambda document: _result(document).update(reason="so be it")),
    ),
    (
        f"{PRIVILEGED}: the bundle has no result, the recording says",
        _forged(RESULTS, lambda document: document["results"].remove(_result(document))),
    ),
    ("is 'pass', and the recordings give 'fail'", _requirement_of_some),
    ("the exit status is said to be 0, and the recordings give 1", _green),
    ("careless: target is 'hardened', and its recording gives", _recordings_swapped),
    (f"{PRIVILEGED}: ", _replaced(RECORDINGS[0], b'\\"Privileged\\":true', b'\\"Privileged\\":false')),
    ("damaged: it has a key twice", _replaced(RECORDINGS[0], b'"target": ', b'"target": "x",\n "target": ')),
    (
        "careless: machine_id is '0', and its recording gives",
        _forged(MANIFEST, lambda document: document["targets"]["careless"].update(machine_id="0")),
    ),
    (
        "manifest.json: run: machine is",
        _forged(MANIFEST, lambda document: document["run"].update(machine="elsewhere")),
    ),
    (
        "this control is not here or not selected",
        _forged(MANIFEST, lambda document: document["selection"].update(markers="cis(level=1)")),
    ),
    (
        "policy.json: is not the policy that the inventory gives",
        _forged(run_files.POLICY, lambda document: document["careless"].update(allowed_ports=[2375])),
    ),
    ("report.html: there is no such file in a bundle", _added("report.html")),
    ("../up: such a name is in no bundle", _added("../up")),
    ("hardened", _without_a_recording),
    ("junit.xml: ", _replaced("junit.xml", b"<failure", b"<skipped")),
    ("findings.csv: is not what follows", _replaced("findings.csv", b",fail,", b",pass,")),
    ("policy.json: not written as hullcheck writes it", _replaced(run_files.POLICY, b"", b"\n")),
)
"""What has to be named, and how it is done."""
