"""1.1.3 to 1.1.18 on the real kernel: what a verdict says is what is recorded."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import facts_inside, facts_of_engine, judged
from selftests.lab.host.kernel import Kernel, ask, gap, now, only
from selftests.needs import need
from selftests.rig import audit_rules
from selftests.rig.state import audit_system

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

pytestmark = pytest.mark.lab

RULES_FILE = Path("/etc/audit/rules.d/hullcheck-selftest.rules")
AUDITED = (
    *("1.1.3", "1.1.4", "1.1.5", "1.1.6", "1.1.7", "1.1.8", "1.1.9", "1.1.10", "1.1.11", "1.1.12", "1.1.13"),
    *("1.1.14", "1.1.15", "1.1.16", "1.1.17", "1.1.18"),
)


@pytest.fixture
def kernel(lab: Laboratory) -> Iterator[Kernel]:
    """The machine's audit system, on and without rules, for this test alone."""
    need("auditctl")
    with audit_rules.turn(lab):
        if obstacle := audit_system.obstacle():
            pytest.skip(obstacle)
        with contextlib.closing(Kernel(lab)) as heard:
            yield heard


# ---- rules, and what the kernel makes of them

RECORDED = [
    ["-w {file} -p wa"],
    ["-w {file}"],
    ["-w {file} -p a", "-w {file} -p w"],
    ["-a always,exit -F dir={folder} -F perm=wa -F key=docker"],
    ["-a always,exit -F arch=b64 -F path={file} -F perm=wa"],
    ["-w {folder} -p wa"],
    ["-w {folder}/link/f -p wa"],
    ["-a never,exit -F dir={folder}/d", "-w {file} -p wa"],
    ["-a never,exit -F arch=b64 -S adjtimex -F uid=0", "-w {file} -p wa"],
    ["-a always,exclude -F msgtype=CWD", "-w {file} -p wa"],
]
LACKING = [
    [],
    ["-w {file} -p r"],
    ["-w {file} -p w"],
    ["-w {folder}/f-link -p wa"],
    ["-w {folder}/link -p wa"],
    ["-w {folder}/other -p wa"],
    ["-a always,exit -F path={file} -F perm=wa -F auid=12345"],
    ["-a always,exit -F arch=b64 -S unlink -F path={file}"],
    ["-a never,exit -F path={file}", "-w {file} -p wa"],
    ["-a never,exit -F dir={folder}", "-w {file} -p wa"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with a file, a directory below with a file, and links to all."""
    top = tmp_path / "D"
    (top / "d").mkdir(parents=True)
    for path in (top / "f", top / "other", top / "d" / "g"):
        path.write_text("x")
    (top / "link").symlink_to(top)
    (top / "f-link").symlink_to("f")
    return top


def append(path: Path) -> None:
    """Write to a file."""
    with path.open("a") as file:
        file.write("x")


def write_in_a_child(path: Path) -> None:
    """Have a process that starts now write to a file."""
    subprocess.run(["sh", "-c", f"echo x >> {path}"], check=True)


def put_in_its_place(path: Path) -> None:
    """Let a link to another file have the file's name, and after it a new file."""
    other = path.with_name("new")
    other.symlink_to("other")
    other.rename(path)
    other.write_text("x")
    other.rename(path)


@pytest.mark.parametrize("rules", [*RECORDED, *LACKING], ids=" ; ".join)
def test_file_is_recorded_as_the_verdict_says(kernel: Kernel, folder: Path, rules: list[str]) -> None:
    """A gap is seen where, and only where, the kernel itself keeps no record of a way to change the file."""
    file = folder / "f"
    kernel.load(*(rule.format(file=file, folder=folder) for rule in rules))
    found = gap(file)
    ways = (append, write_in_a_child, lambda path: path.chmod(0o600), put_in_its_place)
    recorded = all(kernel.records(lambda way=way: way(file), file) for way in ways)  # type: ignore[misc]
    assert (found == "") is recorded is (rules in RECORDED)


# ---- the controls, on an engine


def test_every_audit_control(kernel: Kernel, engine: EngineFactory) -> None:
    """Each control fails without rules, passes with one on each of its places, and fails when it is off."""
    facts = facts_of_engine(engine().socket, of="1")
    places = {number: list(judged(number, now(facts))) for number in AUDITED}
    without = {number: {each[0] for each in judged(number, now(facts)).values()} for number in AUDITED}
    there = [number for number in AUDITED if "not applicable" not in without[number]]
    # a script stands in for the unit that a machine without systemd lacks; not every engine makes its directory
    missing = {"1.1.6": "/etc/docker", "1.1.7": "/etc/init.d/docker", "1.1.13": "/etc/sysconfig/docker"}
    assert set(AUDITED) - set(there) == {each for each, path in missing.items() if not Path(path).exists()}
    assert all(without[number] == {"fail"} for number in there)
    for number in there:
        kernel.load(*(f"-w {place} -p wa -k docker" for place in places[number]))
        passing = {
            each for each in there if {found[0] for found in judged(each, now(facts)).values()} == {"pass"}
        }
        assert number in passing
        above = {each for each in passing if all(_covered(place, places[number]) for place in places[each])}
        assert passing == above
    kernel.load(*(f"-w {place} -p wa" for number in there for place in places[number][:1]))
    kernel.set("-e", "0")
    reason = "auditing is off in the kernel (enabled 0)"
    assert all(set(judged(number, now(facts)).values()) == {("fail", reason)} for number in there)


def _covered(place: str, watched: list[str]) -> bool:
    return any(place == each or place.startswith(each + "/") for each in watched)


def test_places_are_those_in_use(kernel: Kernel, engine: EngineFactory) -> None:
    """Rules on the usual paths do nothing for an engine that has its socket, file and data elsewhere."""
    one = engine()
    facts = facts_of_engine(one.socket, of="1")
    kernel.load("-w /usr/bin/dockerd -p wa", "-w /etc/docker -p wa", "-w /run/docker.sock -p wa")
    assert only(judged("1.1.3", now(facts)))[0] == "fail"
    assert only(judged("1.1.9", now(facts))) == ("fail", "no rule covers it")
    assert only(judged("1.1.11", now(facts))) == ("fail", "no rule covers it")
    # not every engine makes it
    expected = "pass" if Path("/etc/docker").exists() else "not applicable"
    assert judged("1.1.6", now(facts))["/etc/docker"][0] == expected
    kernel.load(f"-w {one.directory} -p wa")
    for number in ("1.1.5", "1.1.8", "1.1.9", "1.1.11"):
        assert only(judged(number, now(facts)))[0] == "pass"


def test_program_in_the_place_of_runc(kernel: Kernel, engine: EngineFactory, tmp_path: Path) -> None:
    """The default runtime of the site makes the containers: a rule on runc alone does not watch it."""
    program = tmp_path / "own-runtime"
    program.write_text('#!/bin/sh\nexec runc "$@"\n')
    program.chmod(0o755)
    one = engine(fresh=True, runtimes={"own": {"path": str(program)}}, default_runtime="own")
    one.run("web")
    facts = facts_of_engine(one.socket, of="1")
    kernel.load(*(f"-w {path} -p wa" for path in judged("1.1.18", facts) if path != str(program)))
    assert judged("1.1.18", now(facts))[str(program)][0] == "fail"
    kernel.load(f"-w {program} -p wa")
    assert judged("1.1.18", now(facts))[str(program)][0] == "pass"


def test_rules_of_files(kernel: Kernel, engine: EngineFactory, lab: Laboratory) -> None:
    """A rule in a file alone is pending; a loaded one in no file is said to be lost at the next start."""
    one = engine()
    facts, rule = facts_of_engine(one.socket, of="1"), f"-w {one.config_path} -p wa -k docker"
    lab.note("tree", str(RULES_FILE))
    RULES_FILE.write_text(f"# docker\n{rule}\n")
    try:
        pending = "no rule covers it; restart pending: a rule in /etc/audit covers it"
        assert only(judged("1.1.11", now(facts))) == ("fail", pending)
        kernel.load(rule)
        assert only(judged("1.1.11", now(facts))) == ("pass", rule)
    finally:
        RULES_FILE.unlink()
    lost = "in no file of /etc/audit, so that it is lost at the next start"
    assert only(judged("1.1.11", now(facts))) == ("pass", f"{rule}; {lost}")


def test_who_may_not_ask(kernel: Kernel, engine: EngineFactory) -> None:
    """Without the right to ask, in a container or as a user, it is an error, but not for what is absent."""
    one = engine()
    facts = facts_of_engine(one.socket, of="1")
    kernel.load(f"-w {one.config_path} -p wa")
    for before in (("unshare", "--pid", "--fork"), ("setpriv", "--reuid", "65534", "--clear-groups")):
        blind = now(facts, ask(*before))
        assert only(judged("1.1.11", blind))[0] == "error"
        assert only(judged("1.1.13", blind))[0] == "not applicable"


def test_host_with_systemd(kernel: Kernel, lab_host: HostFactory) -> None:
    """The unit is the one that systemd names; its socket unit and its socket are other files."""
    host = lab_host(icc=False, files={"/etc/sysconfig/docker": "# nothing\n"})
    facts = facts_inside(host, of="1")
    found = {number: judged(number, facts) for number in AUDITED}
    assert {each[0] for number in AUDITED for each in found[number].values()} == {
        "error"
    }  # a container may not ask
    unit = "/usr/lib/systemd/system/docker.service"
    assert (list(found["1.1.7"]), list(found["1.1.9"])) == ([unit], ["/run/docker.sock"])
    assert (list(found["1.1.8"]), list(found["1.1.4"])) == (
        ["/run/containerd/containerd.sock"],
        ["/run/containerd"],
    )
    # /usr is the machine's own there, so that a rule of the machine is on the same file
    kernel.load("-w /usr/lib/systemd/system/docker.socket -p wa")
    assert only(judged("1.1.7", now(facts)))[0] == only(judged("1.1.9", now(facts)))[0] == "fail"
    kernel.load("-w /lib/systemd/system/docker.service -p wa", "-w /var/run/docker.sock -p wa")
    assert only(judged("1.1.7", now(facts)))[0] == only(judged("1.1.9", now(facts)))[0] == "pass"
    host.exec("systemctl", "stop", "docker.service", "docker.socket")


def test_unit_at_another_place(lab_host: HostFactory) -> None:
    """FragmentPath is followed to a unit in /etc, through a link to the file itself."""
    source = Path("/usr/lib/systemd/system/docker.service").read_text()
    host = lab_host(docker=False)
    host.write("/srv/units/docker.service", source)
    host.exec("ln", "-s", "/srv/units/docker.service", "/etc/systemd/system/docker.service")
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "restart", "docker.service")
    facts = facts_inside(host, of="1")
    ((_, unit),) = facts.get("unit_file")
    assert unit.node.path == "/srv/units/docker.service"


def test_no_process_for_each_container(engine: EngineFactory) -> None:
    """Shims are looked at together: their number does not change that of the commands."""
    one = engine()
    one.run("one")
    one.run("two")
    answer = facts_of_engine(one.socket, of="1").recording.answers["files"]
    assert answer.stdout.count("/usr/bin/containerd-shim-runc-v2\n") >= 2
