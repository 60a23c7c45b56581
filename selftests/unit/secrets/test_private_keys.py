"""Names that look like secrets hide nothing of others, and keys that a target prints over many lines stay nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest

from hullcheck.facts import PROBES, Facts
from hullcheck.facts.host.processes import processes, ssh_servers
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.recording.script import MAGIC
from hullcheck.secrets.known import without_known
from hullcheck.secrets.private_keys import CUT
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import in_parts

NONCE = "0" * 32
HEAD, TAIL = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
BODY = [base64.b64encode(bytes(range(start, start + 48))).decode() for start in (1, 33, 77)] + ["c2hvcnQ="]
PEM = "\n".join((HEAD, *BODY, TAIL))
ANY = Probe("x", "true")


def recording(answers: Mapping[str, str], probes: tuple[Probe, ...] = PROBES) -> Recording:
    """Return what is kept of these answers, by name of the probe."""
    lines = [f"{MAGIC} {NONCE}"]
    for name, text in answers.items():
        lines += [f"{NONCE} begin {name}", text, f"{NONCE} status 0", "", f"{NONCE} end {name}"]
    output = "\n".join((*lines, f"{NONCE} complete", ""))
    return Recording.from_output(output, probes, target="web1", backend="script", asked=1.0)


def kept(text: str) -> str:
    """Return what a recording holds of an answer of which its probe keeps all."""
    return recording({"x": text}, (ANY,)).answers["x"].stdout


@pytest.mark.parametrize("program", [f"/{HEAD}", f"/{HEAD}{'A' * 64}", "/LS0tLS1CRUdJTiBQUklWQVRF", "/Bearer "])
def test_name_of_a_process_hides_no_other_process(program: str) -> None:
    """Every line behind that of a program with such a name stays."""
    lines = ["11/status:Name:\tx", "12/status:Name:\tx", f"11/exe:{program}"]
    others = ["12/exe:/sshd", "12/ns:pid:[4026531836]"]
    found = processes(recording({"processes": in_parts(processes="\n".join((*lines, *others)))}))
    assert (found.process(12).executable, found.process(12).pid_namespace) == ("/sshd", "pid:[4026531836]")
    assert ssh_servers([found.process(12)]) == ("sshd",)


@pytest.mark.parametrize("program", [f"/{HEAD}{'A' * 64}/sshd", f"/glc_{'a' * 40}/sshd"])
def test_program_whose_path_is_hidden_is_no_evidence(program: str) -> None:
    """What was hidden may be the name of a server: this is an error, not a pass."""
    lines = ["11/status:Name:\tx", f"11/exe:{program}"]
    found = processes(recording({"processes": in_parts(processes="\n".join(lines))}))
    with pytest.raises(EvidenceError, match="process 11 is hidden"):
        ssh_servers([found.process(11)])


@pytest.mark.parametrize("name", [HEAD, f"{HEAD}{TAIL}"])
def test_name_like_the_head_of_a_key_stays(name: str) -> None:
    """It holds no secret; mounts, files of images and processes may have it."""
    for line in (
        json.dumps({"Source": f"/srv/{name}", "Destination": "/data"}),
        f"100/mountinfo:30 1 0:50 /srv/{name} /data rw - ext4 /dev/sda1 rw",
    ):
        assert kept(f"{line}\nafter") == f"{line}\nafter"


@pytest.mark.parametrize("key", [PEM, PEM.replace("\n", "\r\n"), PEM.replace("\n", " ")])
@pytest.mark.parametrize("times", [1, 2])
def test_key_in_a_string_of_json_is_hidden_and_nothing_else(key: str, times: int) -> None:
    """However often it was escaped: the other values of the document stay."""
    value = key if times == 1 else json.dumps(key)
    stored = kept(json.dumps({"a": 1, "key": value, "after": "x"}))
    assert not any(each in stored for each in BODY)
    document = json.loads(stored)
    assert (document["a"], document["after"]) == (1, "x")


@pytest.mark.parametrize("prefix", ["", "  ", "/etc/x.conf:", "# "])
@pytest.mark.parametrize(
    "key",
    [
        PEM,
        PEM.removesuffix(TAIL),
        PEM.replace(f"{HEAD}\n", f"{HEAD}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
    ],
    ids=["whole", "cut off", "encrypted"],
)
def test_key_over_many_lines_is_hidden_and_refused(key: str, prefix: str) -> None:
    """None of its lines is stored, whatever each begins with; those before and after stay; no reader gets them."""
    text = "\n".join(("before", *(prefix + line for line in key.split("\n")), "sudo:x:0:"))
    found = recording({"x": text}, (ANY,))
    stored = found.answers["x"].stdout
    assert not any(each in stored for each in BODY)
    assert stored.startswith("before\n")
    assert stored.endswith("sudo:x:0:")
    with pytest.raises(EvidenceError, match="the answer to x had lines of a private key, which were dropped"):
        found.text(ANY)


def test_key_in_base64_over_many_lines_is_hidden_and_refused() -> None:
    """base64(1) breaks it into lines of 76 characters."""
    text = "\n".join(("before", base64.encodebytes(PEM.encode() * 3).decode().strip(), "a b"))
    found = recording({"x": text}, (ANY,))
    assert found.answers["x"].stdout.split("\n") == ["before", "LS0tLS1CRUdJTiBQUklWQV***", CUT, "a b"]
    with pytest.raises(EvidenceError):
        found.text(ANY)


def test_name_like_the_mark_is_no_mark() -> None:
    """In a line with other words it may be a name that somebody gave."""
    assert recording({"x": f"name {CUT}"}, (ANY,)).text(ANY) == f"name {CUT}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Bearer\n{'a1' * 10} b", f"Bearer\n{'a1' * 10} b"),
        (f"Bearer {'a1' * 10} b", "Bearer *** b"),
        ("Bearer process.env.API_TOKEN_1 b", "Bearer process.env.API_TOKEN_1 b"),
        ("https://h/?sig=Geheim7 rw", "https://h/?*** rw"),
        ('{"Source":"https://h/?sig=Geheim7&x=Geheim7","RW":true}', '{"Source":"https://h/?***","RW":true}'),
        (r'{"Source":"https://h/?sig=G\u0026x=Geheim7\n?"}', r'{"Source":"https://h/?***\n?"}'),
        ("//h/share?x=1 a?b=c", "//h/share?x=1 a?b=c"),
        ("https://Geheim7@sentry.example/4", "https://***@sentry.example/4"),
        ("https://bob@git.example/x", "https://bob@git.example/x"),
        ("x://a:b@c://d:e@f g@h", "x://a:***@f g@h"),
    ],
)
def test_headers_and_parts_of_addresses(text: str, shown: str) -> None:
    """Tokens of headers, the query, a token for the user, and all from the first colon to the last `@` are hidden."""
    assert without_known(text) == shown


def test_private_key_in_one_answer_is_an_error_of_what_reads_it() -> None:
    """The other facts of the target stay."""
    found = recording({"host": in_parts(clock="1700000000"), "networks": PEM})
    assert Facts(found, Policy()).recording.gathered == 1700000000
