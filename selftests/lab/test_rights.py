"""What an auditor misses who may see less, as docs/permissions.md says, and whose programs are missing or broken."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import PROBES, Facts
from hullcheck.recording.probe import TIMED_OUT
from selftests import REPOSITORY
from selftests.kit.judging import facts_inside, facts_of_engine, facts_of_guest, facts_of_user
from selftests.lab import lacking
from selftests.lab.judgement import errors, findings, keys, verdicts, whole, worst_of

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

GROUP, NOBODY = 54_321, 65_534
PAGE = (REPOSITORY / "docs/permissions.md").read_text(encoding="utf-8")
BAD = "--privileged --network host --pid host --ipc host --uts host --restart always --userns host --device /dev/null"
GOOD = "--cap-drop ALL --network none --read-only --memory 64m --pids-limit 9 --security-opt no-new-privileges"
PROVEN = [f"5.{number}" for number in (4, 5, 6, 10, 11, 12, 13, 15, 16, 17, 18, 21, 22, 26, 29, 31, 32)]


@pytest.fixture
def open_engine(engine: EngineFactory) -> Engine:
    """An engine that a group may ask, with containers and images, good and bad."""
    one = engine(guarded=True)
    one.run("bad", *BAD.split(), "-v", "/etc:/x", "-v", f"{one.socket}:/s")
    one.run("good", *GOOD.split())
    one.run("ports", "-p", "80:80")
    one.docker("build", "--tag", "bad:1", "-", stdin="FROM bb:1\nENV DB_PASSWORD=hunter2zz\nRUN chmod u+s /bin/*\n")
    one.socket.chmod(0o660)
    os.chown(one.socket, 0, GROUP)
    return one


# ---- users


def _rows(title: str) -> list[list[str]]:
    """Return the cells of the table below a heading of the page."""
    table = PAGE.partition(f"## {title}")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line[:2] == "| "][1:]


def _missed() -> list[set[str]]:
    """Return the controls in each row of the page; `1.1.3 to 1.1.18` are all between these too."""
    rows = []
    for *_, cell in _rows("What a member of the docker group misses"):
        names = set(re.findall(r"\d[\d.]+\d|[a-z]+_[a-z_]+", cell))
        for stem, first, last in re.findall(r"([\d.]+\.)(\d+) to \1(\d+)", cell):
            names |= {f"{stem}{number}" for number in range(int(first), int(last) + 1)}
        rows.append(names)
    return rows


def test_member_of_the_docker_group(open_engine: Engine) -> None:
    """What fails may be proven by the engine's word, nothing passes that fails for root, and the page is right."""
    root = facts_of_engine(open_engine.socket)
    member = facts_of_user(open_engine.socket, NOBODY, GROUP)
    for key in keys():
        expected = verdicts(key, root)
        for subject, verdict in verdicts(key, member).items():
            known = {"error", "manual", expected.get(subject, worst_of(key, root))}
            assert verdict in known, (key, subject, findings(key, member)[subject])
    assert {key: verdicts(key, member)["bad"] for key in PROVEN} == dict.fromkeys(PROVEN, "fail")
    assert [verdicts(key, member)["ports"] for key in ("5.8", "5.9", "5.14")] == ["fail", "error", "fail"]
    namespaces = ("5.10", "5.16", "5.17", "5.21")
    assert [verdicts(key, member)["good"] for key in namespaces] == ["error"] * 4
    assert verdicts("4.8", member)["bad:1"] == "error"
    assert verdicts("4.10", member)["bad:1"] == "fail"

    missed, rows = errors(member).keys() - errors(root).keys(), _missed()
    assert missed - set().union(*rows) == set()
    assert all(row & missed for row in rows)
    assert set().union(*rows) <= set(keys())
    assert 25 <= len([key for key in missed if key[0].isdigit()]) <= 35


def _lines(facts: Facts, name: str) -> set[str]:
    answer = facts.recording.answers[name]
    # the engine lists networks in any order
    lines = {"".join(sorted(line)) for line in answer.stdout.splitlines() if not re.fullmatch(r"\d+", line)}
    return {f"exit status {answer.status}", *lines}


def test_what_each_question_needs(open_engine: Engine) -> None:
    """What a stranger or a member of the group is not told, the page says; each of its words is true of a question."""
    users = {"root": (0, 0), "member": (NOBODY, GROUP), "stranger": (NOBODY, NOBODY), "again": (0, 0)}
    asked = {name: facts_of_user(open_engine.socket, *each) for name, each in users.items()}
    names = [each.name for each in PROBES]
    stable = {name: _lines(asked["root"], name) & _lines(asked["again"], name) for name in names}
    lost = {who: {name for name in names if stable[name] - _lines(asked[who], name)} for who in ("member", "stranger")}
    rights = {name.strip("`"): right for name, right, *_ in _rows("What each probe needs")}
    assert sorted(rights) == sorted(names)
    assert {name for name in lost["member"] if rights[name] != "root"} == set()
    assert {name for name in lost["stranger"] if rights[name] == "any user"} == set()
    assert {name for name in names if rights[name] == "root"} & lost["member"]


# ---- programs


def _broken(of: str, what: str) -> str:
    """Return a docker that answers one of its subcommands with a part of the answer."""
    real = shutil.which("docker")
    return f'case "$* " in "{of} "*) {real} "$@" | {what}; exit 0 ;; esac\nexec {real} "$@"'


def test_docker_that_leaves_something_out(engine: EngineFactory, tmp_path: Path) -> None:
    """4.6, 5.5: silence is no absence, nor are no images where there are containers."""
    one = engine()
    one.run("bad", "--privileged")
    one.run("good")

    def found(script: str, of: str = "4.6 5.5") -> list[dict[str, str]]:
        folder = lacking.programs(tmp_path / "bin", {"docker": script})
        facts = lacking.facts_of_engine(one.socket, folder, of=of)
        return [verdicts(key, facts) for key in of.split()]

    assert set(found("exit 0", "5.5")[0].values()) == {"error"}
    assert set(found(_broken("image ls", "head -n 0"), "4.6")[0].values()) == {"error"}
    assert found(f'exec {shutil.which("docker")} "$@"') == [{"bb:1": "fail"}, {"good": "pass", "bad": "fail"}]
    one.docker("rm", "--force", "good", "bad")
    one.docker("image", "rm", "--force", "bb:1")
    assert found(_broken("ps", "head -n 0")) == [{"local": "not applicable"}] * 2


PIPES = "mkdir -p /etc/docker; cd /etc/docker; rm -f daemon.json; mkfifo daemon.json /srv/pipe"


def test_host_on_which_something_is_missing(lab_host: HostFactory) -> None:
    """1.1.2, 2.4, the guide: accounts of the network without getent, namespaces of the auditor's own, and pipes."""
    host = lab_host()
    key, away = "host_serves_containers_alone", ("unshare", "--net", "--pid", "--fork", "--mount-proc")
    assert [worst_of(key, facts_inside(host, *way, of=key)) for way in ((), away)] == ["pass", "error"]

    host.exec("sed", "-i", "/^docker:/s/:[^:]*$/:/", "/etc/group")
    for sources, expected in (("files systemd", "pass"), ("files sss", "error")):
        host.write("/etc/nsswitch.conf", f"passwd: files\ngroup: {sources}\n")
        assert whole("1.1.2", lacking.facts_of_guest(host, {"getent": None}, of="1.1.2"))[0] == expected

    host.exec("sh", "-ec", PIPES)
    host.write("/srv/containerd", "#!/bin/sh\nread -r line <&3\n", 0o755)
    host.exec("sh", "-ec", "/srv/containerd --config /srv/pipe 3<>/srv/pipe >/dev/null 2>&1 &")
    facts = facts_of_guest(host, of="2.4 2.8")
    assert not {name for name, each in facts.recording.answers.items() if each.status == TIMED_OUT}
    verdict, reason = whole("2.4", facts)
    assert (verdict, "daemon.json" in reason) == ("error", True)
