"""Which audit rules the next start loads: files in the order of augenrules, lines as auditctl reads them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hullcheck.facts.auditd import AUDIT, Audit
from hullcheck.facts.auditd.start import MERGED, AtStart, merged
from hullcheck.facts.registry import Later
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError

A, B, NEVER = "-w /a -p wa -k docker", "-w /b -p wa", "-a never,exit -F path=/a"


def loaded(*lines: str) -> list[str]:
    """The rules that a file with these lines leaves."""
    return [rule.text for rule in AtStart.of(lines, {}).rules]


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ((A, B), [A, B]),
        (("-D", A, "-b 8192", "-f 1", B), [A, B]),
        ((A, "-D", B), [B]),
        ((A, B, "-D -k docker"), [B]),
        ((A, B, "-D -k other"), [A, B]),
        ((A, B, "-d always,exit -F path=/a -F perm=wa -F key=docker"), [B]),
        ((A, B, "-d always,exit -F path=/a -F perm=w"), [A, B]),
        ((A, B, "-d always,exit -F dir=/a -F perm=wa"), [B]),
        ((A, B, f"-W {A[3:]}"), [B]),
        ((A, "-W /b -p wa"), [A]),
        ((A, f"-A{NEVER[2:]}"), [f"-A{NEVER[2:]}", A]),
        ((NEVER, A, f"-d{NEVER[2:]}"), [A]),
        (("-a never,exit -F auid=7 -F path=/a", A, "-d never,exit -F path=/a -F auid=7"), [A]),
        ((NEVER, A, "-d never,exit -F dir=/a", "-d nonsense"), [NEVER, A]),
        (("-e 2", A), []),
        (("-e 0", A, "-e 1", B), [A, B]),
        ((A, "?", B), [A]),
        (("-i", A, "?", B), [A, B]),
        (("-c", A, "?", B), [A, B]),
        ((f"  {A} ",), [A]),
        ((A, A, B), [A]),
        ((A, "-w /a -k docker -p aw", B), [A]),
        (("-c", A, A, B), [A, B]),
        ((A, "-w /a -p wa -k other", B), [A, "-w /a -p wa -k other", B]),
        (("-w /a -p wa -k ***", "-w /a -p wa -k ***", B), ["-w /a -p wa -k ***"] * 2 + [B]),
        (("-W /b -p wa", A), []),
        (("-w /a -p wz", A), []),
        (("-w /a -p", A), []),
        (("-w /a\t-p wa", A), []),
        (("-w /a -p wa # text", A), []),
        (("-a always,exit -F path = /a -F perm=wa", A), []),
    ],
)
def test_line_by_line(lines: tuple[str, ...], left: list[str]) -> None:
    """Each line does to the rules before it what auditctl does, up to one that ends it."""
    assert loaded(*lines) == left


def test_folder_that_is_not_there() -> None:
    """A rule in a directory that does not exist ends it too, and so do most of those in /run when a host starts."""
    real = {"/a": "/a", "/var/run/docker.sock": "/run/docker.sock", "/etc/x": "/etc/x"}
    real["/run/containerd/s"] = "/run/containerd/s"
    for path, left in (
        ("/etc/x", 2),
        ("/top", 2),
        ("/etc/sysconfig/docker", 0),
        ("/var/run/docker.sock", 2),
        ("/run/containerd/s", 0),
    ):
        assert len(AtStart.of((f"-w {path} -p wa", A), real).rules) == left, path


def test_switch_of_all() -> None:
    """The last one counts, but for what comes after the lock."""
    for lines, enabled in (((A,), ""), (("-e 0", A), "0"), (("-e 0", "-e1"), "1"), (("-e 2", "-e 0"), "2")):
        assert AtStart.of(lines, {}).enabled == enabled


def test_order_of_augenrules() -> None:
    """Deleting all comes first and the switch last, wherever they stand; deleting by a key stays in its place."""
    lines = [A, "-e 2", "-D", "-D -k x", B, " -D ", "-e 1"]
    assert merged(lines) == ["-D", A, "-D -k x", B, "-e 1"]
    assert merged([A]) == [A]


def audit(*lines: str) -> Audit:
    """A host whose probe says this."""
    text = "\n".join(("machine:x86_64", *lines))
    return Audit(Recording("host", "local", {AUDIT.name: Answer(AUDIT.name, 0, text, "")}), Later(tuple))


ONE, OTHER = "/etc/audit/audit.rules", f"{MERGED}/x.rules"
LINES = (
    f"file:{MERGED}:{A}",
    f"file:{MERGED}:-e 0",
    f"file:{MERGED}:-D",
    f"file:{ONE}:{B}",
    f"file:{ONE}:-D",
)


@pytest.mark.parametrize(
    ("lines", "left", "off"),
    [
        ((*LINES, "files:5", f"loads:{MERGED}"), [A], True),
        ((*LINES, "files:5", f"loads:{ONE}"), [], False),
        ((*LINES, "files:5", "loads:nothing"), [], False),
        ((f"file:{OTHER}:{A}", f"file:{ONE}:{B}"), [A, B], False),
    ],
)
def test_source_of_the_start(lines: tuple[str, ...], left: list[str], off: bool) -> None:
    """The directory or the one file, or neither."""
    found = audit(*lines)
    assert ([rule.text for rule in found.files], found.goes_off) == (left, off)


def test_lost_line() -> None:
    """Where one is missing, what the start loads is not known."""
    with pytest.raises(EvidenceError, match="lines of the files with rules are lost"):
        _ = audit(*LINES[1:], "files:5", f"loads:{MERGED}").files


# ---- the probe


SYSTEMD = (
    "UnitFileState={}\nExecStart={{ path=/sbin/auditd ; argv[]=/sbin/auditd ; }}\nExecStartPost={{ {} }}\n"
)


def asked(folder: Path, programs: dict[str, str]) -> list[str]:
    """What the probe says of a host whose files lie in *folder*, with programs of its own."""
    tools = folder / "tools"
    tools.mkdir()
    for name, text in programs.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    script = AUDIT.script.replace("/etc/", f"{folder}/").replace("/run/systemd", f"{folder}/systemd")
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True, cwd="/", env={
            "PATH": f"{tools}:/usr/bin:/bin", "LC_ALL": "C",
        },
    )  # fmt: skip
    lines = (
        AUDIT.keep(done.stdout)
        .replace(str(folder), "/etc")
        .replace("/etc/systemd", "/run/systemd")
        .split("\n")
    )
    return [line for line in lines if line.startswith(("file", "loads"))]


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host with rules in a directory and in a file."""
    folder = tmp_path / "audit" / "rules.d"
    folder.mkdir(parents=True)
    (folder / "10-b.rules").write_text(f"# all\n\n-D\n  {B}\r\nwhatever\n")
    (folder / "9-a.rules").write_text(f"{A} -p r")
    (folder / "with blank.rules").write_text("-w /blank\n")
    (folder / "x.rules.off").write_text("-w /off\n")
    (tmp_path / "audit" / "audit.rules").write_text(f"-D\n{A}\n")
    return tmp_path


def test_lines_of_the_probe(host: Path) -> None:
    """The directory in the order of augenrules, where a file without an end of its last line runs into the next one."""
    found = asked(host, {"augenrules": ":"})
    assert found == [
        *(f"file:{MERGED}:{line}" for line in (f"{A} -p r# all", "-D", B, "?")),
        f"file:{ONE}:-D",
        f"file:{ONE}:{A}",
        "files:6",
        f"loads:{MERGED}",
    ]


@pytest.mark.parametrize(
    ("state", "starts", "source"),
    [
        ("enabled", "path=/sbin/augenrules ; argv[]=/sbin/augenrules --load ;", MERGED),
        ("enabled", "path=/sbin/auditctl ; argv[]=/sbin/auditctl -R /etc/audit/audit.rules ;", ONE),
        ("enabled", "path=/opt/own ; argv[]=/opt/own ;", MERGED),
        ("enabled-runtime", "path=/sbin/augenrules ; argv[]=/sbin/augenrules --load ;", "nothing"),
        ("disabled", "path=/sbin/augenrules ; argv[]=/sbin/augenrules --load ;", "nothing"),
        ("enabled", "path=/bin/true ; argv[]=/bin/true ;", "nothing"),
        ("enabled", "path=/usr/sbin/auditd ; argv[]=/usr/sbin/auditd ;", "nothing"),
    ],
)
def test_what_systemd_starts(host: Path, state: str, starts: str, source: str) -> None:
    """The command of the units decides, and whether one is enabled."""
    (host / "systemd" / "system").mkdir(parents=True)
    said = SYSTEMD.format(state, starts).replace("/etc/", f"{host}/")
    found = asked(host, {"augenrules": ":", "systemctl": f"cat <<'END'\n{said}END"})
    assert found[-1] == f"loads:{source}"


@pytest.mark.parametrize(
    ("path", "text", "source"),
    [
        ("init.d/auditd", "auditctl -R $RULEFILE", ONE),
        ("init.d/auditd", "augenrules --load", MERGED),
        ("sysconfig/auditd", 'USE_AUGENRULES="no"', ONE),
        ("default/auditd", 'USE_AUGENRULES="yes"', MERGED),
    ],
)
def test_what_scripts_start(host: Path, path: str, text: str, source: str) -> None:
    """Without systemd a script, or its settings."""
    (host / path).parent.mkdir()
    (host / path).write_text(f"{text}\n")
    assert asked(host, {"augenrules": ":"})[-1] == f"loads:{source}"
