"""Ways to tamper with a bundle: from a bit that flips to a forger who makes everything anew."""

import gzip
import io
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hullcheck.bundle import archive, manifest, sshsig
from hullcheck.recording.packing import packed, unpacked
from hullcheck.results import run_files
from selftests.kit.bundles import Bundle
from selftests.needs import need

RECORDINGS = ("careless/recording.json.gz", "hardened/recording.json.gz")

Tamper = Callable[[random.Random, Bundle, Path], tuple[Bundle | bytes, str]]
"""Gives the bundle or the bytes of its file, and what has to be named: a part of a fault, empty for the zip alone."""


def _flip(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def flip_in_zip(rng: random.Random, made: Bundle, folder: Path) -> tuple[bytes, str]:
    """One bit of the file, anywhere."""
    return _flip(rng, archive.pack(made.files)), ""


def flip_in_member(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """One bit of a file, packed as if nothing were."""
    name = rng.choice(sorted(made.files))
    made.files[name] = _flip(rng, made.files[name])
    return made, name


def flip_and_list(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """One bit of a file, all digests made anew; the signature is the old one."""
    need("ssh-keygen")
    name = rng.choice(sorted(set(made.files) - {run_files.MANIFEST, run_files.DIGESTS, run_files.SIGNATURE}))
    made.files[name] = _flip(rng, made.files[name])
    return made.fitting(), run_files.SIGNATURE


def _result(rng: random.Random, document: Any) -> Any:
    return rng.choice(document["results"])


def verdict(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A verdict and its findings, in all that is written of the results; everything fits together."""
    named = ""

    def change(document: Any) -> None:
        nonlocal named
        result = _result(rng, document)
        new = rng.choice([each for each in ("pass", "fail", "not applicable") if each != result["verdict"]])
        named = f"{result['target']} {result['control']}: the bundle says {new}, the recording says"
        result.update(verdict=new, reason="" if new == "pass" else result["reason"])
        for finding in result["findings"]:
            finding.update(verdict=new, reason="")

    return made.unsigned().edit(run_files.RESULTS, change).fitting(), named


def reason(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A word in a reason, a finding, or the list of evidence."""
    named = ""

    def change(document: Any) -> None:
        nonlocal named
        result = _result(rng, document)
        named = f"{result['target']} {result['control']}: its "
        key = rng.choice(["reason", "findings", "evidence", "severity"])
        if key == "reason":
            result["reason"] += "."
        elif key == "findings":
            rng.choice(result["findings"])["subject"] += "x"
        elif key == "evidence":
            result["evidence"].append("docker_info")
        else:
            result["severity"] = "low"

    return made.unsigned().edit(run_files.RESULTS, change).fitting(), named


def result_gone(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A result that nobody is to see."""
    named = ""

    def change(document: Any) -> None:
        nonlocal named
        result = _result(rng, document)
        document["results"].remove(result)
        named = f"{result['target']} {result['control']}: the bundle has no result, the recording says"

    return made.unsigned().edit(run_files.RESULTS, change).fitting(), named


def beside_results(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """Something else in the results: a requirement, a control, a target, the exit status."""
    named = ""

    def change(document: Any) -> None:
        nonlocal named
        kind = rng.randrange(4)
        if kind == 0:
            part = rng.choice(document["requirements"])
            each = rng.choice(part["requirements"])
            each["verdict"] = "pass" if each["verdict"] != "pass" else "fail"
            named = f"requirement {part['framework']} {each['id']}: its verdict"
        elif kind == 1:
            name = rng.choice(sorted(document["controls"]))
            document["controls"][name]["severity"] = (
                "low" if document["controls"][name]["severity"] != "low" else "high"
            )
            named = f"control {name}: its severity"
        elif kind == 2:
            name = rng.choice(sorted(document["targets"]))
            key = rng.choice(["kind", "engine", "os"])
            document["targets"][name][key] = {"kind": "container"}.get(key, "99")
            named = f"{name}: its {key} is not"
        else:
            document["run"]["exit_status"] = 0
            named = "results.json: run.exit_status is not what manifest.json says"

    return made.unsigned().edit(run_files.RESULTS, change).fitting(), named


def since(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A change since an earlier run that did not happen here."""
    named = ""

    def change(document: Any) -> None:
        nonlocal named
        finding = {"control": "x", "target": "y", "kind": "container", "subject": "web", "reason": "so"}
        changes = {"run": "2", "finished": "", "compared": 1, "new": [], "gone": [], "still": 0}
        kind = rng.choice(["new", "gone", "run"])
        named = "results.json: since cannot be of an earlier run"
        if kind == "new":
            changes |= {"run": "1", "new": [finding]}
            named = "results.json: since.new names web of x, which does not fail so here"
        elif kind == "gone":
            failed = [each for each in document["results"] if each["verdict"] == "fail"]
            result = rng.choice(failed)
            one = next(each for each in result["findings"] if each["verdict"] == "fail")
            changes |= {
                "run": "1",
                "gone": [finding | {key: result[key] for key in ("control", "target")} | one],
            }
            for key in ("verdict", "accepted_by"):
                changes["gone"][0].pop(key, None)
            named = (
                f"results.json: since.gone names {one['subject']} of {result['control']}, which fails here"
            )
        else:
            changes["run"] = document["run"]["id"]
        document["since"] = changes

    return made.unsigned().edit(run_files.RESULTS, change).fitting(), named


def green(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A run that was green, says everything that says it."""
    for name in (run_files.RESULTS, run_files.MANIFEST):
        made.edit(name, lambda document: document["run"].update(exit_status=0))
    return (
        made.unsigned().fitting(),
        "manifest.json: the exit status is said to be 0, and the recordings give 1",
    )


def swap_recordings(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """Two recordings: as they are, each with the name of the other in it, or with all that the manifest says too."""
    kind = rng.randrange(3)
    contents = [unpacked(made.files[name]) for name in RECORDINGS]
    if kind > 0:
        names = [name.partition("/")[0].encode() for name in RECORDINGS]
        pairs = zip(contents, names, reversed(names), strict=True)
        contents = [
            each.replace(b'"target": "%s"' % own, b'"target": "%s"' % other) for each, own, other in pairs
        ]
    made.files |= {name: packed(each) for name, each in zip(RECORDINGS, reversed(contents), strict=True)}
    if kind == 2:
        made.edit(run_files.MANIFEST, _swap_targets)
    named = ("is a recording of", "its gathered is", "the bundle says fail, the recording says")
    return made.unsigned().fitting(), named[kind]


def _swap_targets(document: Any) -> None:
    """Each target with the machine of the other, but the way to it, which the results have."""
    one, other = document["targets"].values()
    for key in one.keys() - {"connect"}:
        one[key], other[key] = other[key], one[key]


def answer_in_recording(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A container that is said to be privileged, or not to be, in what the host answered."""
    name = RECORDINGS[0]
    text = unpacked(made.files[name])
    changed = text.replace(b'\\"Privileged\\":true', b'\\"Privileged\\":false', 1)
    assert changed != text
    made.files[name] = packed(changed)
    return made.unsigned().fitting(), "careless container_is_not_privileged: "


def bytes_of_recording(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A recording that says the same in other bytes: more blanks, a key twice, a time or a name in its gzip."""
    name = rng.choice(RECORDINGS)
    content = unpacked(made.files[name])
    twice = content.replace(b'"target": ', b'"target": "elsewhere",\n "target": ', 1)
    made.files[name] = rng.choice(
        [packed(content + b"\n"), packed(twice), gzip.compress(content), content, packed(b" " + content)]
    )
    said = (
        "damaged: it has a key twice"
        if made.files[name] == packed(twice)
        else "not written as hullcheck writes it"
    )
    return made.unsigned().fitting(), f"{name}: {said}"


def said_to_be_partial(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A run that is said to rest on an earlier one, and a requirement or a page with which nobody could compare."""
    named = _WHOLE_RUN

    def change(document: Any) -> None:
        nonlocal named
        part = rng.choice(document["requirements"])
        each = rng.choice([each for each in part["requirements"] if each["verdict"] == "fail"])
        each["verdict"] = rng.choice(["pass", "incomplete", "not covered"])
        named = f"requirement {part['framework']} {each['id']}: its verdict"

    if rng.random() < 0.7:
        made.edit(run_files.RESULTS, change)
    else:
        made.files["junit.xml"] = made.files["junit.xml"].replace(
            b"</testsuite>", b"<system-out>all is well</system-out></testsuite>"
        )
    made.edit(run_files.MANIFEST, lambda document: document["selection"].update(partial="--lf was given"))
    return made.unsigned().fitting(), named


def file_added(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A file more, listed or not."""
    name = rng.choice(
        [
            "notes.txt",
            "inventory/more.yml",
            "web9/recording.json.gz",
            "../up",
            "/root",
            "careless/x",
            "a\\b",
        ]
    )
    made.files[name] = made.files[RECORDINGS[0]] if name.endswith(".gz") else b"x\n"
    return (made.unsigned().fitting() if rng.random() < 0.7 else made), name.partition("/recording")[0]


def name_that_fits_nowhere(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A file whose name no file system takes, or that would have to lie in another file."""
    name, named = rng.choice(
        [
            (f"inventory/{'a' * 300}", "such a name is in no bundle"),
            (f"inventory{'/a' * 1000}", "such a name is in no bundle"),
            ("inventory/demo.yml/a", "inventory/demo.yml: is a file, and others lie in it"),
        ]
    )
    made.files[name] = b"x\n"
    return made.unsigned().fitting(), named


def file_gone(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A file less, taken off the lists or not."""
    name = rng.choice(sorted(made.files.keys() - {run_files.SIGNATURE}))
    del made.files[name]
    if name in (run_files.MANIFEST, run_files.DIGESTS, run_files.RESULTS) or rng.random() < 0.5:
        return made, name
    return made.unsigned().fitting(), name.partition("/recording")[0]


def file_renamed(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A file under another name, in the lists too."""
    name = rng.choice([*RECORDINGS, "inventory/demo.yml", "junit.xml", "policy.json"])
    new = (
        name.replace("careless", "carefree")
        .replace("hardened", "hard")
        .replace("demo", "demo2")
        .replace("p", "P")
    )
    new = new if new != name else f"x{name}"
    made.files[new] = made.files.pop(name)
    if name == "policy.json" or rng.random() < 0.3:
        return made, name
    return made.unsigned().fitting(), name.partition("/recording")[0]


def names_of_members(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """The bytes of two files, swapped."""
    one, other = rng.sample(sorted(set(made.files) - {run_files.DIGESTS}), 2)
    made.files[one], made.files[other] = made.files[other], made.files[one]
    return made, one


def policy(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """What the site is said to allow."""
    if rng.random() < 0.5:
        made.edit(run_files.POLICY, lambda document: document["careless"].update(allowed_ports=[2375]))
        return made.unsigned().fitting(), "policy.json: is not the policy that the inventory gives"
    text = made.files["inventory/demo.yml"].replace(b"allowed_ports: [8443]", b"allowed_ports: [8444]")
    assert text != made.files["inventory/demo.yml"]
    made.files["inventory/demo.yml"] = text
    return made.unsigned().fitting(), "hardened "


def junit(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A test in junit.xml: its outcome, a property, a comment, or the count."""
    text = made.files["junit.xml"].decode()
    at = rng.choice([match.start() for match in re.finditer("<testcase ", text)][:-1])
    before, case = text[:at], text[at:]
    kind = rng.randrange(4)
    if kind == 0:
        changed = re.sub(r"<(failure|skipped) .*?</\1>", "", case, count=1, flags=re.DOTALL)
        before = before.replace(' failures="', ' failures="0')
    elif kind == 1:
        changed = re.sub(r'name="severity" value="\w+"', 'name="severity" value="none"', case, count=1)
    elif kind == 2:
        changed = "<!-- -->" + case
    else:
        before, changed = re.sub(r'tests="\d+"', 'tests="1"', before), case
    made.files["junit.xml"] = (before + changed).encode()
    return made.unsigned().fitting(), "junit.xml: "


_FOREIGN = '<testcase classname="tests.test_a" name="{}" time="0.001" />'
_OTHER_TEST = "junit.xml: a test that is no control is not what"
_WHOLE_RUN = "junit.xml: is not what pytest writes of such a run"
_JUNIT: list[tuple[str, str, str]] = [
    (
        "</testsuite>",
        _FOREIGN.format("test_container_is_not_privileged[careless]") + "</testsuite>",
        _OTHER_TEST,
    ),
    ("</testsuite>", _FOREIGN.format("test_own") + "</testsuite>", _OTHER_TEST),
    (r'failures="\d+" skipped="\d+" tests="\d+"', 'failures="0" skipped="0" tests="0"', _WHOLE_RUN),
    ("</testsuite>", "<system-out>all is well</system-out></testsuite>", _WHOLE_RUN),
    (r"(<testsuite [^>]*>)", r'\1<properties><property name="a" value="b" /></properties>', _WHOLE_RUN),
    (r"(<testsuite [^>]*>)", r"\1all is well", _WHOLE_RUN),
    (r'(<testsuite [^>]*) time="[^"]*"', r'\1 time="1 ms"', _WHOLE_RUN),
    (r' timestamp="[^"]*"', ' timestamp="&lt;img src=x&gt;"', _WHOLE_RUN),
    (r' hostname="[^"]*"', ' hostname="elsewhere"', _WHOLE_RUN),
    (r'(<testcase [^>]*) time="[^"]*"', r'\1 time="&lt;img src=x&gt;"', "junit.xml: "),
    (r'<testcase (classname="[^"]*") (name="[^"]*")', r"<testcase \2 \1", "junit.xml: "),
    (r"(<testcase .*?</testcase>)", r"\1\1", "junit.xml: "),
    (r"(<testcase .*?</testcase>)", "", "junit.xml: "),
    ("</testcase>", "</testcase>x", "junit.xml: "),
]
"""What to put into junit.xml in which place, and what is to be named."""


def _free_in_junit(old: str, new: str, named: str) -> Tamper:
    """A change of what no control says: another test, a count, an attribute, or text between the tests."""

    def tamper(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
        text = made.files["junit.xml"].decode()
        changed = re.sub(old, new, text, count=1, flags=re.DOTALL)
        assert changed != text
        made.files["junit.xml"] = changed.encode()
        return made.unsigned().fitting(), named

    tamper.__name__ = f"free_in_junit: {new}"
    return tamper


def page(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A page of pytest-html, whatever script is in it: no bundle has one, however well it is listed."""
    made.files["report.html"] = b"<!DOCTYPE html><img src=x onerror=alert(0)>"
    if rng.random() < 0.5:
        made.edit(
            run_files.MANIFEST, lambda document: document["left_out"].update({"report.html": "too large"})
        )
    return made.unsigned().fitting(), "report.html: there is no such file in a bundle"


def table(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """A cell of a table."""
    name = rng.choice(["findings.csv", "requirements.csv"])
    made.files[name] = made.files[name].replace(b",fail,", b",pass,", rng.randrange(1, 5))
    return made.unsigned().fitting(), f"{name}: is not what follows"


def manifest_says(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """What the manifest says: of a target, of the run, of what is left out."""
    key = rng.choice(
        [
            "machine_id",
            "engine_id",
            "host_key",
            "gathered",
            "connect",
            "user",
            "left_out",
            "selection",
            "more",
        ]
    )
    if key == "user":
        need("ssh-keygen")  # nothing of an unsigned bundle says who has run it
        made.edit(run_files.MANIFEST, lambda document: document["run"].update(user={"name": "ann", "uid": 1}))
        return made.fitting(), run_files.SIGNATURE
    if key == "left_out":
        made.edit(run_files.MANIFEST, lambda document: document.update(left_out={"report.html": "too large"}))
        return made.unsigned().fitting(), "report.html"
    if key == "more":
        made.edit(run_files.MANIFEST, lambda document: document["made_by"].update(more="x"))
        return made.unsigned().fitting(), "manifest.json: its made_by has other entries"
    if key == "selection":
        made.edit(run_files.MANIFEST, lambda document: document["selection"].update(markers="cis(level=1)"))
        return made.unsigned().fitting(), "this control is not here or not selected"
    value = 1.5 if key == "gathered" else "ssh://web1" if key == "connect" else "0" * 32
    made.edit(run_files.MANIFEST, lambda document: document["targets"]["careless"].update({key: value}))
    named = "results.json: careless was reached" if key == "connect" else f"{RECORDINGS[0]}: its {key} is"
    return made.unsigned().fitting(), named


def blanks(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """Bytes that nobody reads: blanks in JSON, line ends, other orders."""
    name = rng.choice(
        [
            run_files.RESULTS,
            run_files.POLICY,
            run_files.MANIFEST,
            run_files.DIGESTS,
            run_files.SIGNATURE,
        ]
    )
    if name == run_files.SIGNATURE:
        need("ssh-keygen")
    content = made.files[name]
    if name == run_files.SIGNATURE:
        made.files[name] = rng.choice([content + b"\n", content.replace(b"\n", b"\r\n"), b" " + content])
        return made, name
    made.unsigned()
    made.files[name] = content + b"\n"
    if name == run_files.DIGESTS:
        return made, name
    made.fitting() if name != run_files.MANIFEST else None
    if name == run_files.MANIFEST:
        made.files[run_files.DIGESTS] = manifest.digests(manifest.covered(made.files))
    return made, f"{name}: not written as hullcheck writes it"


def signature_field(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """What OpenSSH passes over in a signature: the reserved field, and a number that is too large by one round."""
    need("ssh-keygen")
    blob = sshsig.blob(made.files[run_files.SIGNATURE])
    head, parts = blob[:10], sshsig._strings(blob[10:])
    if rng.random() < 0.5:
        parts[2] = b"x"
    else:
        name, number = sshsig._strings(parts[4])
        more = int.from_bytes(number[32:], "little") + sshsig._GROUP_ORDER
        number = number[:32] + more.to_bytes(32, "little")
        parts[4] = b"".join(struct.pack(">I", len(each)) + each for each in (name, number))
    changed = head + b"".join(struct.pack(">I", len(each)) + each for each in parts)
    made.files[run_files.SIGNATURE] = sshsig.armored(changed)
    sshsig.key_of(made.files[run_files.SIGNATURE], made.files[run_files.DIGESTS])  # OpenSSH takes it
    return made, f"{run_files.SIGNATURE}: not written as ssh-keygen"


def other_key(rng: random.Random, made: Bundle, folder: Path) -> tuple[Bundle, str]:
    """Signed anew by somebody else."""
    need("ssh-keygen")
    made.files[run_files.SIGNATURE] = sshsig.sign(folder / "stranger", made.files[run_files.DIGESTS])
    return made, f"{run_files.SIGNATURE}: its key is not that of an allowed signer"


def structure(rng: random.Random, made: Bundle, folder: Path) -> tuple[bytes, str]:
    """Of the zip itself: cut off, longer, or with entries that zip allows and hullcheck does not write."""
    whole = archive.pack(made.files)
    kind = rng.randrange(8)
    if kind == 0:
        return whole[: rng.randrange(len(whole))], ""
    if kind == 1:
        return whole + rng.randbytes(rng.randrange(1, 40)), ""
    if kind == 2:
        return rng.randbytes(rng.randrange(1, 40)) + whole, ""
    stream = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if kind == 3 else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method) as zipped:
        names = sorted(made.files, reverse=kind == 4)
        twice = rng.choice(names)
        for name in [*names, *([twice] if kind == 5 else [])]:
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0) if kind == 6 else (1980, 1, 1, 0, 0, 0))
            entry.compress_type = method
            entry.external_attr = (0o100755 if kind == 7 and name == twice else 0o100600) << 16
            with warnings.catch_warnings(action="ignore"):  # of the name that is there twice
                zipped.writestr(entry, made.files[name])
    return stream.getvalue(), f"{twice}: is in the zip more than once" if kind == 5 else ""


TAMPERINGS: dict[Tamper, int] = {
    flip_in_zip: 30,
    flip_in_member: 20,
    flip_and_list: 10,
    verdict: 22,
    reason: 14,
    result_gone: 8,
    beside_results: 12,
    since: 6,
    green: 1,
    swap_recordings: 8,
    answer_in_recording: 1,
    bytes_of_recording: 6,
    said_to_be_partial: 4,
    file_added: 10,
    name_that_fits_nowhere: 6,
    file_gone: 12,
    file_renamed: 8,
    names_of_members: 6,
    policy: 4,
    junit: 10,
    **{_free_in_junit(*each): 1 for each in _JUNIT},
    page: 4,
    table: 4,
    manifest_says: 20,
    blanks: 10,
    signature_field: 3,
    other_key: 12,
    structure: 16,
}
