"""Ways to tamper with a bundle, one for each check that finds it: from a flipped bit to a forger who makes all anew."""

import gzip
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hullcheck.bundle import archive, sshsig
from hullcheck.recording import packed, unpacked
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
    return made.edit(MANIFEST, lambda document: document["run"].update(machine="elsewhere")).fitting()


def _signed_by_somebody_else(made: Bundle, folder: Path) -> Bundle:
    need("ssh-keygen")
    made.files[SIGNATURE] = sshsig.sign(folder / "stranger", made.files[run_files.DIGESTS])
    return made


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


def _forged(values: Mapping[str, Any]) -> Tamper:
    """Set values by file and place, and make everything that follows from them, without the key of the signer."""

    def tamper(made: Bundle, folder: Path) -> Bundle:
        for place, value in values.items():
            name, *keys, last = place.split("/")

            def change(part: Any, keys: list[str] = keys, last: str = last, value: Any = value) -> None:
                for key in keys:
                    part = _item(part, key)
                part[last] = value

            made.unsigned().edit(name, change)
        return made.fitting()

    return tamper


def _item(part: Any, key: str) -> Any:
    if isinstance(part, dict):
        return part[key]
    names = (("id",), ("framework",), ("target", "control"))
    return next(each for each in part if key in [" ".join(str(each.get(name)) for name in some) for some in names])


_FORGED: Mapping[str, Mapping[str, Any]] = {
    f"{PRIVILEGED}: verdict is 'pass', and the recordings give 'fail'": {
        f"results.json/results/{PRIVILEGED}/verdict": "pass"
    },
    f"results.json: {PRIVILEGED}: reason is 'so be it', and the recordings give": {
        f"results.json/results/{PRIVILEGED}/reason": "so be it"
    },
    "is 'pass', and the recordings give 'fail'": {"results.json/requirements/cis/requirements/5.5/verdict": "pass"},
    "the exit status is said to be 0, and the recordings give 1": {
        "results.json/run/exit_status": 0,
        "manifest.json/run/exit_status": 0,
    },
    "recording.json.gz: was made over ": {
        "results.json/targets/careless/connect": "docker://careless",
        "manifest.json/targets/careless/connect": "docker://careless",
    },
    "results.json: run.inventory is not what manifest.json says": {"results.json/run/inventory": "other.yml"},
    "careless: machine_id is '0', and its recording gives": {"manifest.json/targets/careless/machine_id": "0"},
    "manifest.json: careless: more is 'None', and its recording gives nothing": {
        "manifest.json/targets/careless/more": None
    },
    "manifest.json: run: machine is": {"manifest.json/run/machine": "elsewhere"},
    ", and the recordings give nothing": {"manifest.json/selection/markers": "cis(level=1)"},
    "policy.json: is not the policy that the inventory gives": {"policy.json/careless/allowed_ports": [2375]},
}
TAMPERINGS: tuple[tuple[str, Tamper], ...] = (
    ("has bytes that are not of its files", lambda made, _: archive.pack(made.files) + b"x"),
    ("is in the zip more than once", _name_twice),
    ("junit.xml: is not what manifest-sha256.txt lists", _replaced("junit.xml", b"", b"\n", fitting=False)),
    (SIGNATURE, _digests_made_again),
    (f"{SIGNATURE}: its key is not of an allowed signer", _signed_by_somebody_else),
    *((named, _forged(values)) for named, values in _FORGED.items()),
    (
        "careless: target is 'hardened', and its recording gives",
        _files(lambda files: files.update(zip(RECORDINGS, map(files.get, reversed(RECORDINGS)), strict=True))),
    ),
    ("results.json: careless ", _replaced(RECORDINGS[0], b'\\"Privileged\\":true', b'\\"Privileged\\":false')),
    (f"{RECORDINGS[0]}: not written as hullcheck", _replaced(RECORDINGS[0], b'"target": ', b'"target":  ')),
    (
        f"{RECORDINGS[0]}: not written as hullcheck",
        _files(lambda files: files.update({RECORDINGS[0]: gzip.compress(unpacked(files[RECORDINGS[0]]))})),
    ),
    ("manifest.json: left_out: junit.xml is nothing", _files(lambda files: files.pop("junit.xml"))),
    ("damaged: it has a key twice", _replaced(RECORDINGS[0], b'"target": ', b'"target": "x",\n "target": ')),
    ("report.html: there is no such file in a bundle", _files(lambda files: files.update({"report.html": b"x"}))),
    ("../up: no bundle has such a name", _files(lambda files: files.update({"../up": b"x"}))),
    ("hardened: is not in all of", _files(lambda files: files.pop(RECORDINGS[1]))),
    ("junit.xml, entry ", _replaced("junit.xml", b"<failure", b"<skipped")),
    ("findings.csv: is not what follows", _replaced("findings.csv", b",fail,", b",pass,")),
    ("policy.json: not written as hullcheck writes it", _replaced(run_files.POLICY, b"", b"\n")),
)
"""What has to be named, and how it is done."""
