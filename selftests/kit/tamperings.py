"""Ways to tamper with a bundle: from a flipped bit to a forger who makes everything anew."""

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

Tamper = Callable[[Bundle, Path], tuple[Bundle | bytes, str]]
"""Returns the changed bundle, or the bytes of its file, and a part of the fault that has to be named."""


def _forged(made: Bundle, name: str, change: Callable[[Any], None]) -> Bundle:
    """Change a JSON file, and everything that follows from it, without the key of the signer."""
    return made.unsigned().edit(name, change).fitting()


def bit_of_the_zip(made: Bundle, folder: Path) -> tuple[bytes, str]:
    """One bit in the middle of the file."""
    whole = bytearray(archive.pack(made.files))
    whole[len(whole) // 2] ^= 1
    return bytes(whole), ""


def longer_zip(made: Bundle, folder: Path) -> tuple[bytes, str]:
    """A byte behind the end of the zip."""
    return archive.pack(made.files) + b"x", "has bytes that do not follow from the files in it"


def name_twice(made: Bundle, folder: Path) -> tuple[bytes, str]:
    """A zip with two entries of one name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        for name in (*made.files, "results.jsoN"):
            zipped.writestr(name, made.files.get(name, b"{}\n"))
    return stream.getvalue().replace(b"results.jsoN", b"results.json"), "is in the zip more than once"


def bytes_of_a_file(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A file with other bytes than the digest says."""
    made.files["junit.xml"] += b"\n"
    return made, "junit.xml: its bytes are not those"


def digests_made_anew(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """All digests fit, and the signature is the old one."""
    need("ssh-keygen")
    made.edit(run_files.MANIFEST, lambda document: document["run"].update(user={"name": "ann", "uid": 1}))
    return made.fitting(), run_files.SIGNATURE


def signed_by_somebody_else(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A signature by a key that is not allowed."""
    need("ssh-keygen")
    made.files[run_files.SIGNATURE] = sshsig.sign(folder / "stranger", made.files[run_files.DIGESTS])
    return made, f"{run_files.SIGNATURE}: its key is not that of an allowed signer"


def signature_in_other_bytes(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A line end that OpenSSH passes over."""
    need("ssh-keygen")
    made.files[run_files.SIGNATURE] += b"\n"
    return made, run_files.SIGNATURE


def verdict(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A verdict and its findings, in all that is written of the results."""

    def change(document: Any) -> None:
        result = _result(document)
        result.update(verdict="pass", reason="")
        for finding in result["findings"]:
            finding.update(verdict="pass", reason="")

    return _forged(made, run_files.RESULTS, change), f"{PRIVILEGED}: the bundle says pass, the recording says"


def reason(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """The reason of a verdict."""
    return (
        _forged(made, run_files.RESULTS, lambda document: _result(document).update(reason="so be it")),
        f"results.json: {PRIVILEGED}: reason is 'so be it', and the recordings give",
    )


def result_gone(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A result less."""
    return (
        _forged(made, run_files.RESULTS, lambda document: document["results"].remove(_result(document))),
        f"{PRIVILEGED}: the bundle has no result, the recording says",
    )


def order_of_results(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """The results in another order."""
    return _forged(made, run_files.RESULTS, lambda document: document["results"].reverse()), "results.json"


def requirement(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """The verdict of a requirement."""

    def change(document: Any) -> None:
        each = next(each for each in document["requirements"][0]["requirements"] if each["verdict"] == "fail")
        each["verdict"] = "pass"

    return _forged(made, run_files.RESULTS, change), "verdict is 'pass', and the recordings give 'fail'"


def requirement_of_some(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """The same in a run that did not look at all controls."""
    made, _ = requirement(made, folder)
    made.edit(run_files.MANIFEST, lambda document: document["selection"].update(partial="--lf was given"))
    return made.fitting(), "is 'pass', and the recordings give 'fail'"


def target(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """What is said of a target."""
    return (
        _forged(
            made, run_files.RESULTS, lambda document: document["targets"]["careless"].update(engine="99")
        ),
        "results.json: targets: careless: engine is '99'",
    )


def green(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """The exit status, in all places that say it."""
    for name in (run_files.RESULTS, run_files.MANIFEST):
        made.edit(name, lambda document: document["run"].update(exit_status=0))
    return made.unsigned().fitting(), "the exit status is said to be 0, and the recordings give 1"


def recordings_swapped(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """Two recordings, each with the name of the other."""
    one, other = RECORDINGS
    made.files |= {one: made.files[other], other: made.files[one]}
    return made.unsigned().fitting(), "is a recording of"


def answer_in_a_recording(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """What the engine said of a container."""
    text = unpacked(made.files[RECORDINGS[0]])
    changed = text.replace(b'\\"Privileged\\":true', b'\\"Privileged\\":false', 1)
    assert changed != text
    made.files[RECORDINGS[0]] = packed(changed)
    return made.unsigned().fitting(), f"{PRIVILEGED}: "


def key_twice_in_a_recording(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A key of JSON that is there twice."""
    text = unpacked(made.files[RECORDINGS[0]])
    made.files[RECORDINGS[0]] = packed(text.replace(b'"target": ', b'"target": "x",\n "target": ', 1))
    return made.unsigned().fitting(), f"{RECORDINGS[0]}: damaged: it has a key twice"


def machine(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """Which machine the manifest says that it was."""
    return (
        _forged(
            made, run_files.MANIFEST, lambda document: document["targets"]["careless"].update(machine_id="0")
        ),
        f"{RECORDINGS[0]}: its machine_id is",
    )


def selection(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """What was selected."""
    return (
        _forged(
            made, run_files.MANIFEST, lambda document: document["selection"].update(markers="cis(level=1)")
        ),
        "this control is not here or not selected",
    )


def policy(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """What the site allows."""
    return (
        _forged(made, run_files.POLICY, lambda document: document["careless"].update(allowed_ports=[2375])),
        "policy.json: is not the policy that the inventory gives",
    )


def file_added(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A file more, well listed."""
    made.files["report.html"] = b"<!DOCTYPE html><img src=x onerror=alert(0)>"
    return made.unsigned().fitting(), "report.html: there is no such file in a bundle"


def name_that_leads_out(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A file beside the folder into which the bundle is unpacked."""
    made.files["../up"] = b"x\n"
    return made.unsigned().fitting(), "../up: such a name is in no bundle"


def file_gone(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A file less, taken off the lists."""
    del made.files[RECORDINGS[1]]
    return made.unsigned().fitting(), "hardened"


def test_in_junit(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A failure in junit.xml."""
    text = made.files["junit.xml"]
    at = text.index(b"<failure")
    end = text.index(b"</failure>", at) + len(b"</failure>")
    made.files["junit.xml"] = text[:at] + text[end:]
    return made.unsigned().fitting(), "junit.xml: "


def text_in_junit(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """What no test of pytest wrote."""
    made.files["junit.xml"] = made.files["junit.xml"].replace(
        b"</testsuite>", b"<system-out>all is well</system-out></testsuite>"
    )
    return made.unsigned().fitting(), "junit.xml: is not what pytest writes of such a run"


def cell_of_a_table(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A cell of a table."""
    made.files["findings.csv"] = made.files["findings.csv"].replace(b",fail,", b",pass,", 1)
    return made.unsigned().fitting(), "findings.csv: is not what follows"


def blank_in_json(made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A byte that reading passes over."""
    made.files[run_files.POLICY] += b"\n"
    return made.unsigned().fitting(), "policy.json: not written as hullcheck writes it"


def _result(document: Any) -> Any:
    target, control = PRIVILEGED.split()
    return next(
        each for each in document["results"] if (each["target"], each["control"]) == (target, control)
    )


TAMPERINGS: tuple[Tamper, ...] = (
    bit_of_the_zip,
    longer_zip,
    name_twice,
    bytes_of_a_file,
    digests_made_anew,
    signed_by_somebody_else,
    signature_in_other_bytes,
    verdict,
    reason,
    result_gone,
    order_of_results,
    requirement,
    requirement_of_some,
    target,
    green,
    recordings_swapped,
    answer_in_a_recording,
    key_twice_in_a_recording,
    machine,
    selection,
    policy,
    file_added,
    name_that_leads_out,
    file_gone,
    test_in_junit,
    text_in_junit,
    cell_of_a_table,
    blank_in_json,
)
