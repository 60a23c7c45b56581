"""Which changes of a file are recorded: by which rule, as the kernel has them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hullcheck.criteria.auditd.coverage import gap, note
from hullcheck.criteria.auditd.rules import coverage
from hullcheck.facts.auditd import AUDIT, Audit, Loaded
from hullcheck.facts.auditd.rules import parse
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.registry import Later
from hullcheck.parsing.proc.mountinfo import parse as parse_mounts
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.files import DIRECTORY, FILE, SOCKET_MODE, at

JSON = "/etc/docker/daemon.json"
WRITES = "openat,openat2,truncate,ftruncate,unlinkat,renameat2"
ATTRIBUTES = (
    "fchmod,fchmodat,fchown,fchownat,setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr"
)
OLD = "open,creat,rename,renameat,unlink,chmod,chown,lchown"
GOOD = f"-w {JSON} -p wa -k docker"


@dataclass(frozen=True)
class AuditSystem:
    """The audit system of a target, by hand."""

    rules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    enabled: str = "1"
    pid: str = "700"
    machine: str = "x86_64"
    compat: bool = False
    kinds: tuple[str, ...] | None = None
    real: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    mounts: tuple[str, ...] = ("1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw",)
    status: int = 0
    unlabelled: bool = False
    rate: str = "0"
    backlog: str = "64"
    wait: str = "15000"

    def audit(self) -> Audit:
        """The fact."""
        lines = [f"machine:{self.machine}", *(["compat:"] if self.compat else [])]
        usual = ["watch" if JSON in rule else "tree" for rule in self.rules]
        kinds = usual if self.kinds is None else self.kinds
        lines += [f"kernel:{kind}" for kind in (f"enabled {self.enabled}", *kinds)]
        lines += ["unlabelled:"] * self.unlabelled
        lines += [f"file:/etc/audit/rules.d/docker.rules:{rule}" for rule in self.files]
        lines += [f"status:enabled {self.enabled}", f"status:pid {self.pid}", "status:lost 0"]
        lines += [
            f"status:rate_limit {self.rate}",
            "status:backlog 0",
            f"status:backlog_limit {self.backlog}",
        ]
        lines += [f"status:backlog_wait_time {self.wait}"]
        lines += [f"rule:{rule}" for rule in self.rules or ("No rules",)]
        lines += [f"real:{path}\t{real}" for path, real in self.real.items()]
        lines += [f"link:{path}\t{end}" for path, end in self.links.items()]
        answer = Answer(AUDIT.name, self.status, "\n".join(lines), "You must be root to run this program.")
        return Audit(
            Recording("host", "local", {AUDIT.name: answer}), Later(lambda: parse_mounts(self.mounts))
        )

    def verdict(self, file: FileFact | None = None) -> tuple[str, str]:
        """What is said of daemon.json, or of a file."""
        return verdict(self.audit(), file)


def verdict(audit: Audit, file: FileFact | None = None) -> tuple[str, str]:
    """What is said of daemon.json, or of a file."""
    file = file or at(JSON)
    try:
        lack = gap(audit, file)
    except EvidenceError as error:
        return "error", str(error)
    return ("fail", lack) if lack else ("pass", note(audit, file))


def test_watched_file() -> None:
    """A rule on the file that records writes and changes of attributes passes, and is named."""
    assert AuditSystem((GOOD,), (GOOD,)).verdict() == ("pass", GOOD)
    assert AuditSystem((), ()).verdict() == ("fail", "no rule covers it")
    assert AuditSystem((GOOD,), (GOOD,), enabled="2").verdict()[0] == "pass"
    assert AuditSystem((GOOD,), (GOOD,), enabled="0").verdict() == (
        "fail",
        "auditing is off in the kernel (enabled 0); restart pending: a rule in /etc/audit covers it",
    )


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (f"-w {JSON} -p x", "does not record writes"),
        (f"-w {JSON} -p w", "does not record changes of attributes"),
        (f"-w {JSON} -p a", "does not record writes"),
        (f"-w {JSON}.bak -p wa", "no rule covers it"),
        ("-w /etc/dock -p wa", "no rule covers it"),
        (f"-a always,exit -S all -F path={JSON} -F perm=wa -F auid>=1000", "records only auid>=1000"),
        (f"-a always,exit -S all -F path={JSON} -F perm=wa -F success=0", "records only success=0"),
        (f"-a always,exit -S all -F path={JSON} -F perm=wa -F success!=1", "records only success!=1"),
        (f"-a always,exit -S all -F path={JSON} -F perm=wa -F exit=-EACCES", "records only exit=-EACCES"),
        (f"-a always,exit -S all -F path={JSON} -F perm=wa -F filetype=16384", "records only filetype=16384"),
        (f"-a always,exit -S all -F path={JSON} -F perm=wa -F filetype=49152", "records only filetype=49152"),
        (
            f"-a always,exit -S all -F path={JSON} -F perm=wa -F filetype=file -F uid=0",
            "records only uid=0",
        ),
        (
            f"-a always,exit -S all -F path={JSON} -F perm=wa -F exe=/usr/bin/vi",
            "records only exe=/usr/bin/vi",
        ),
        (f"-a always,exit -S all -C uid!=auid -F path={JSON} -F perm=wa", "records only -C uid!=auid"),
        (f"-a always,exit -F arch=b64 -S openat,unlinkat -F path={JSON}", "leaves out creat, ftruncate"),
        (f"-a always,exit -F arch=b32 -S all -F path={JSON} -F perm=wa", "records programs of b32 alone"),
        (f"-a always,task -F path={JSON}", "no rule covers it"),
        ("-a always,exit -F arch=b64 -S execve -F euid=0", "no rule covers it"),
    ],
)
def test_rule_that_does_not_record_all(rule: str, reason: str) -> None:
    """A rule that leaves out something fails, and its reason says what."""
    found, why = AuditSystem((rule,), kinds=("watch",)).verdict()
    assert (found, reason in why) == ("fail", True)


@pytest.mark.parametrize(
    ("rules", "passes"),
    [
        ((f"-a never,exit -S all -F path={JSON}", GOOD), False),
        (("-a never,exit -S all -F uid=0", GOOD), False),
        (("-a never,exit -S all -F dir=/etc", GOOD), False),
        (("-a never,exit -S all -F dir=/var/lock", GOOD), True),
        (("-a never,exit -F arch=b64 -S adjtimex -F uid=100", GOOD), True),
        (("-a never,exit -F arch=b64 -S openat,chmod", GOOD), False),
        ((f"-a never,exit -S all -F path={JSON} -F perm=rx", GOOD), True),
        (("-a never,user -F uid=0", GOOD), True),
        (("-a never,task", GOOD), False),
        (("-a never,task -F uid=1000", GOOD), False),
        (("-a never,task -F arch=b64", GOOD), True),
        (("-a never,task -F a0=1", GOOD), True),
        (("-a never,exit -S all -F success=0", GOOD), True),
        (("-a never,exit -S all -F success!=1", GOOD), True),
        (("-a never,exit -S all -F success=1", GOOD), False),
        (("-a never,exit -S all -F exit=-ENOENT", GOOD), True),
        (("-a never,exit -S all -F exit!=0", GOOD), False),
        (("-a never,exit -S all -F filetype=16384", GOOD), False),
        (("-a always,exclude -F msgtype=CWD", GOOD), True),
        (("-a never,exclude -F msgtype=SYSCALL", GOOD), False),
        (("-a always,exclude -F msgtype!=AVC", GOOD), False),
        (("-a always,exclude -F auid=-1", GOOD), False),
        (("-a never,exclude -F msgtype=1300", GOOD), False),
        (("-a never,exclude -F msgtype=1302", GOOD), False),
        (("-a never,exclude -F msgtype=1307", GOOD), True),
        (("-a always,exclude -F msgtype=CRED_ACQ -F auid=0", GOOD), True),
        (("-a always,exclude -F msgtype=SYSCALL -F auid=0", GOOD), False),
        (("-a always,exclude -F msgtype>=1300 -F msgtype<=1399", GOOD), False),
        (("-a always,exclude -F msgtype<=1299", GOOD), True),
        (("-a never,filesystem -F fstype=ext4", GOOD), False),
        (("-a never,filesystem -F fstype=tracefs", GOOD), True),
        (("-a never,filesystem -F fstype=0x64626720", GOOD), True),
        (("-a never,filesystem -F fstype=1953653091", GOOD), True),
        (("-a always,filesystem -F fstype=ext4", GOOD), True),
    ],
)
def test_first_rule_decides(rules: tuple[str, ...], passes: bool) -> None:
    """A rule that leaves changes out counts where it stands before, and can match a change."""
    found, reason = AuditSystem(rules, (GOOD,), kinds=("watch",) * 2).verdict()
    assert found == ("pass" if passes else "fail")
    assert passes or rules[0] in reason


@pytest.mark.parametrize(
    ("rules", "passes"),
    [
        ((GOOD, f"-a never,exit -S all -F path={JSON}"), False),  # the first one when the file was replaced
        ((GOOD, "-a never,exit -S all -F path=/etc/docker"), False),
        (("-w /etc -p wa", f"-a never,exit -S all -F path={JSON}"), True),
        ((GOOD, f"-a never,exit -S all -F path={JSON} -F success=0"), True),
        ((GOOD, f"-a never,exit -F arch=b32 -S all -F path={JSON}"), True),
        ((GOOD, f"-a never,exit -S all -F path={JSON} -F perm=r"), True),
        ((GOOD, "-a never,exit -S all -F path=/etc"), True),
        ((GOOD, "-a never,exit -S all -F dir=/etc -F uid=7", "-w /etc/docker -p r"), True),
    ],
)
def test_rule_that_overrules_those_before_it(rules: tuple[str, ...], passes: bool) -> None:
    """One on the file alone, or on its directory alone, may come before a watch of the file wherever it stands."""
    found, reason = AuditSystem(rules, (GOOD,)).verdict()
    assert found == ("pass" if passes else "fail")
    assert passes or f"left out by {rules[1]!r}, which may overrule those before it" in reason


def test_rule_on_the_directory_alone_in_the_place_of_a_watch() -> None:
    """One on the directory is tried and the watch is not, so that a rule between them counts for names."""
    never, above = "-a never,exit -S all -F dir=/etc", "-w /etc/docker -p wa"
    for rules, verdict in (
        ((GOOD, never), "pass"),
        ((GOOD, above, never), "pass"),
        ((GOOD, never, above), "fail"),
        ((GOOD, never, above.replace("wa", "a")), "pass"),
    ):
        found, reason = AuditSystem(rules, (GOOD,), kinds=("watch", "watch", "watch")[: len(rules)]).verdict()
        assert found == verdict, rules
        assert found == "pass" or f"as {above!r} is tried in the place of the watch" in reason


def test_file_that_is_watched_by_several_names() -> None:
    """The kernel takes one of them to the file that replaces it, so that each has to be enough."""
    link, real = "/var/run/docker.sock", "/run/docker.sock"
    socket = at(real, SOCKET_MODE)
    for one, other, verdict in (
        ("wa", "wa", "pass"),
        ("wa", "rwxa", "pass"),
        ("wa", "w", "fail"),
        ("w", "a", "fail"),
    ):
        rules = (f"-w {link} -p {one}", f"-w {real} -p {other}")
        system = AuditSystem(rules, rules, kinds=("watch", "watch"), real={link: real})
        found, reason = system.verdict(socket)
        assert found == verdict, rules
        assert found == "pass" or "may stay with the old one" in reason
    same = (f"-w {real} -p w", f"-w {real} -p a")
    assert AuditSystem(same, same, kinds=("watch", "watch")).verdict(socket)[0] == "pass"


@pytest.mark.parametrize(
    ("limit", "unlabelled", "expected"),
    [
        ("subj_type=crond_t", True, "pass"),
        ("subj_type=crond_t", False, "fail"),
        ("subj_role=cron", True, "fail"),  # with AppArmor that is a profile
        ("auid=-1", True, "fail"),
    ],
)
def test_rule_about_labels_of_selinux(limit: str, unlabelled: bool, expected: str) -> None:
    """A kernel without SELinux takes it, and it matches nothing."""
    rules = (f"-a never,exit -S all -F {limit}", GOOD)
    assert AuditSystem(rules, rules, unlabelled=unlabelled).verdict()[0] == expected
    alone = f"-a always,exit -S all -F path={JSON} -F perm=wa -F {limit}"
    assert AuditSystem((alone,), (alone,), unlabelled=unlabelled).verdict()[0] == "fail"


def test_all_that_is_lacking_is_told() -> None:
    """The reason names each rule that nearly records the change, once, and none of those that have to do with it."""
    of_a_call = f"-a always,exit -F arch=b64 -S openat,setxattr -F path={JSON}"
    of_users = f"-a always,exit -S all -F path={JSON} -F perm=wa -F auid>=1000 -F uid=0"
    rules = (f"-w {JSON} -p r", of_users, of_a_call, f"-a always,exit -F arch=b32 -S all -F path={JSON}")
    writes = (
        f"'-w {JSON} -p r' does not record writes; {of_users!r} records only auid>=1000 uid=0; {of_a_call!r} leaves "
        f"out creat, ftruncate, open, openat2, rename, renameat, renameat2, truncate, unlink, unlinkat; {rules[3]!r} "
        "records programs of b32 alone: add the same rule with arch=b64"
    )
    attributes = (
        f"'-w {JSON} -p r' does not record changes of attributes; {of_users!r} records only auid>=1000 uid=0; "
        f"{of_a_call!r} leaves out chmod, chown, fchmod, fchmodat, fchown, fchownat, fremovexattr, fsetxattr, lchown, "
        f"lremovexattr, lsetxattr, removexattr; {rules[3]!r} records programs of b32 alone: add the same rule with "
        "arch=b64"
    )
    found = AuditSystem(rules, kinds=("watch", "rule", "rule", "rule")).verdict()
    assert found == ("fail", f"{writes}; {attributes}")
    for other in (f"-a never,exit -S all -F path={JSON} -F perm=rx", "-a always,exit -F arch=b64 -S openat"):
        assert AuditSystem((other,), kinds=("rule",)).verdict() == ("fail", "no rule covers it")


def test_rules_with_just_the_calls_that_it_takes() -> None:
    """One with all calls for writes and one with all for attributes are enough, where a machine has no others."""
    writes = f"-a always,exit -S {WRITES} -F path={JSON} -F perm=w"
    attributes = f"-a always,exit -S {ATTRIBUTES} -F path={JSON} -F perm=a"
    for machine, verdict in (
        ("aarch64", "fail"),  # programs of 32 bits have other numbers
        ("riscv64", "pass"),
        ("loongarch64", "pass"),
        ("x86_64", "fail"),
        ("s390x", "fail"),
    ):
        rules = (writes, attributes)
        assert AuditSystem(rules, rules, machine=machine, kinds=("rule", "rule")).verdict()[0] == verdict
    parsed = [rule for rule in (parse(writes, {}), parse(attributes, {})) if rule]
    assert coverage(parsed, JSON, mode=FILE, has_old_calls=False).flaws == ()
    assert len(coverage(parsed, JSON, mode=FILE).flaws) == 2


def test_rule_beside_a_directory() -> None:
    """What is recorded in a part of a directory, or elsewhere, is not what is recorded in all of it."""
    folder = at("/etc/docker", DIRECTORY)
    for rule in ("-w /etc/docker/certs.d -p wa", "-w /srv -p wa"):
        assert AuditSystem((rule,), (rule,)).verdict(folder) == ("fail", "no rule covers it")
    good = "-w /etc/docker -p wa"
    for hidden, verdict in (("/srv", "pass"), ("/etc/docker/certs.d", "fail")):
        rules = (f"-a never,exit -S all -F dir={hidden}", good)
        assert AuditSystem(rules, rules).verdict(folder)[0] == verdict


@pytest.mark.parametrize("limit", ["success=1", "success!=0", "exit>=0", "exit!=-EACCES"])
def test_rule_for_what_succeeds(limit: str) -> None:
    """What fails changes nothing and needs no record."""
    rule = f"-a always,exit -S all -F path={JSON} -F perm=wa -F {limit}"
    assert AuditSystem((rule,), (rule,), kinds=("rule",)).verdict() == ("pass", rule)


def test_rule_for_a_type_of_file() -> None:
    """A rule for files of a type covers what is of it; no such rule covers a directory, with all in it."""
    word, number, sockets = (
        f"-a always,exit -S all -F dir=/x -F perm=wa -F filetype={kind}"
        for kind in ("file", "32768", "49152")
    )
    for rule, mode, verdict in (
        (word, FILE, "pass"), (number, FILE, "pass"), (sockets, FILE, "fail"),
        (number, SOCKET_MODE, "fail"), (sockets, SOCKET_MODE, "pass"),
        (number, DIRECTORY, "fail"), (number.replace("32768", "16384"), DIRECTORY, "fail"),
    ):  # fmt: skip
        assert AuditSystem((rule,), (rule,), kinds=("rule",)).verdict(at("/x", mode))[0] == verdict


def test_rules_that_share_the_work() -> None:
    """What one rule lacks another may have."""
    writes, attributes = f"-w {JSON} -p w", f"-w {JSON} -p a"
    assert AuditSystem((writes, attributes), (GOOD,)).verdict() == ("pass", f"{writes}, {attributes}")
    both = [f"-a always,exit -F arch={arch} -S all -F path={JSON} -F perm=wa" for arch in ("b64", "b32")]
    assert AuditSystem(tuple(both), (GOOD,), compat=True).verdict()[0] == "pass"
    assert AuditSystem(tuple(both[:1]), (GOOD,), compat=True).verdict()[0] == "fail"
    assert AuditSystem(tuple(both[:1]), (GOOD,), compat=False).verdict()[0] == "pass"
    assert AuditSystem(tuple(both[:1]), (GOOD,), machine="aarch64").verdict()[0] == "fail"


def test_calls_of_several_rules() -> None:
    """What one rule has of the calls another need not have; what is in none is told."""
    calls = f"{WRITES},{ATTRIBUTES},{OLD}".split(",")
    first, second, last = (
        f"-a always,exit -F arch=b64 -S {','.join(some)} -F path={JSON}"
        for some in (calls[:9], calls[9:-2], calls[-2:])
    )
    rules = (first, second, last)
    assert AuditSystem(rules, (GOOD,), kinds=("rule",) * 3).verdict()[0] == "pass"
    found, reason = AuditSystem(rules[:2], (GOOD,), kinds=("rule",) * 2).verdict()
    assert (found, f"{second!r} leaves out chown, lchown" in reason) == ("fail", True)
    hidden = (first, f"-a never,exit -S all -F path={JSON}", second, last)
    assert AuditSystem(hidden, (GOOD,), kinds=("rule",) * 4).verdict()[0] == "fail"


@pytest.mark.parametrize("call", ["openat2", "creat", "lsetxattr", "fremovexattr", "renameat"])
def test_call_that_changes_a_file_as_well(call: str) -> None:
    """A rule with calls has to have the less known ones too."""
    calls = [each for each in f"{WRITES},{ATTRIBUTES},{OLD}".split(",") if each != call]
    rule = f"-a always,exit -F arch=b64 -S {','.join(calls)} -F path={JSON}"
    found, reason = AuditSystem((rule,), (GOOD,), kinds=("rule",)).verdict()
    assert (found, f"leaves out {call}" in reason) == ("fail", True)


def test_calls_that_put_something_into_a_directory() -> None:
    """Links, directories and devices are made by calls of their own, which a rule on a file does not need."""
    rule = f"-a always,exit -F arch=b64 -S {WRITES},{ATTRIBUTES},{OLD} -F dir=/etc/docker"
    assert AuditSystem((rule,), (rule,), kinds=("rule",)).verdict()[0] == "pass"
    system = AuditSystem((rule,), (rule,), kinds=("rule",))
    found, reason = system.verdict(at("/etc/docker", DIRECTORY))
    missing = "link, linkat, mkdir, mkdirat, mknod, mknodat, rmdir, symlink, symlinkat"
    assert (found, f"leaves out {missing}" in reason) == ("fail", True)


def test_calls_without_an_arch() -> None:
    """auditctl takes names for those of 64-bit programs; in 32-bit ones the same numbers are other calls."""
    rule = f"-a always,exit -S {WRITES},{ATTRIBUTES},{OLD} -F path={JSON}"
    for compat, verdict in ((False, "pass"), (True, "fail")):
        found, reason = AuditSystem((rule,), (GOOD,), kinds=("rule",), compat=compat).verdict()
        assert (found, "which are others for programs of b32" in reason) == (verdict, compat)


def test_wide_calls_of_32_bit_programs() -> None:
    """Those that change owners and lengths have names of their own there, which auditctl does not list."""
    rule = f"-a always,exit -F arch=b32 -S {WRITES},{ATTRIBUTES},{OLD}%s -F path={JSON} -F perm=wa"
    for more, told in (("", True), (",chown32,truncate64", False)):
        rules = (rule % more, (rule % "").replace("b32", "b64"))
        found, reason = AuditSystem(rules, (GOOD,), kinds=("rule",) * 2, compat=True).verdict()
        assert (found, "leaves out chown32 and truncate64" in reason) == ("pass", told)


def test_calls_that_a_permission_stands_for() -> None:
    """auditctl prints them in the place of a permission; on 64-bit ARM there are fewer."""
    arm = tuple(
        f"-a always,exit -F arch={arch} -S {WRITES},{ATTRIBUTES} -F path={JSON} -F perm=wa"
        for arch in ("b64", "b32")
    )
    assert AuditSystem(arm, (GOOD,), machine="aarch64").verdict()[0] == "pass"
    assert "leaves out creat, open, rename, renameat, unlink" in AuditSystem(arm[:1], (GOOD,)).verdict()[1]
    old = arm[0].replace("openat,", f"openat,{OLD},")
    assert AuditSystem((old,), (GOOD,)).verdict()[0] == "pass"


def test_directory_above() -> None:
    """A watch of a directory above covers the file and is told; on another file system that is not known."""
    rule = "-w /etc -p wa"
    above = "a directory above is watched with all below it"
    assert AuditSystem((rule,), (rule,)).verdict() == ("pass", f"{rule}; {above}")
    assert AuditSystem((rule,), (rule,), kinds=("watch",)).verdict()[0] == "fail"
    table = (*AuditSystem().mounts, "2 1 8:2 / /etc/docker rw shared:2 - ext4 /dev/sdb1 rw")
    found, reason = AuditSystem((rule,), (rule,), mounts=table).verdict()
    assert (found, "on another file system" in reason) == ("error", True)
    assert AuditSystem((GOOD,), (GOOD,), mounts=table).verdict()[0] == "pass"
    itself = (*AuditSystem().mounts, "2 1 8:1 /etc/docker /etc/docker rw shared:1 - ext4 /dev/sda1 rw")
    own = "-w /etc/docker -p wa"
    for mounts, noted in ((table, True), (itself, False)):
        note = "; holds if the rule was loaded after the file system there was mounted" if noted else ""
        folder = at("/etc/docker", DIRECTORY)
        assert AuditSystem((own,), (own,), mounts=mounts).verdict(folder) == ("pass", f"{own}{note}")
        assert AuditSystem((own,), (own,), mounts=mounts).verdict() == ("pass", f"{own}; {above}")
    assert AuditSystem((rule,), (rule,), mounts=itself).verdict()[0] == "pass"
    all_calls, whole = "-a always,exit -S all", "-w / -p wa"
    assert AuditSystem((all_calls,), (all_calls,), mounts=table, kinds=("rule",)).verdict() == (
        "pass",
        all_calls,
    )
    assert AuditSystem((whole,), (whole,)).verdict() == ("pass", f"{whole}; {above}")
    assert AuditSystem((whole,), (whole,), mounts=table).verdict()[0] == "error"
    elsewhere = (*AuditSystem().mounts, "2 1 8:1 /srv /etc/docker rw shared:1 - ext4 /dev/sda1 rw")
    assert AuditSystem((rule,), (rule,), mounts=elsewhere).verdict()[0] == "error"


def test_file_that_is_mounted_over() -> None:
    """A rule on the path of a file watches what lies below another one that is mounted there."""
    table = (*AuditSystem().mounts, f"2 1 8:1 /srv/d.json {JSON} rw shared:1 - ext4 /dev/sda1 rw")
    assert AuditSystem((GOOD,), (GOOD,), mounts=table).verdict() == (
        "fail",
        f"no rule covers it; {GOOD!r} watches what lies below the mount there",
    )
    tree = f"-a always,exit -S all -F dir={JSON} -F perm=wa"
    assert AuditSystem((GOOD, tree), (tree,), mounts=table, kinds=("watch", "tree")).verdict()[0] == "pass"
    itself = (*AuditSystem().mounts, f"2 1 8:1 {JSON} {JSON} rw shared:1 - ext4 /dev/sda1 rw")
    assert AuditSystem((GOOD,), (GOOD,), mounts=itself).verdict() == ("pass", GOOD)


@pytest.mark.parametrize(
    ("backlog", "wait", "expected"),
    [("1", "0", "fail"), ("1", "15000", "pass"), ("0", "0", "pass"), ("64", "0", "pass")],
)
def test_limit_on_records_that_wait(backlog: str, wait: str, expected: str) -> None:
    """Where few may wait and no process waits for room, records of one change are dropped."""
    assert AuditSystem((GOOD,), (GOOD,), backlog=backlog, wait=wait).verdict()[0] == expected


def test_watch_of_a_directory_alone() -> None:
    """What lies in a directory is covered by a rule on the tree, which auditctl prints like any other."""
    rule, folder = "-w /etc/docker -p wa", at("/etc/docker", DIRECTORY)
    assert AuditSystem((rule,), (rule,), kinds=("tree",)).verdict(folder) == ("pass", rule)
    expected = f"{rule!r} watches the directory alone, not what lies in it"
    found, reason = AuditSystem((rule,), (), kinds=("watch",)).verdict(folder)
    assert (found, reason) == ("fail", expected)
    taken = f"{rule}; taken for a watch of all below it, which auditctl does not show"
    assert AuditSystem((rule,), (rule,), kinds=()).verdict(folder) == ("pass", taken)
    assert AuditSystem((rule,), (rule,), kinds=()).verdict(at("/etc/docker")) == ("pass", rule)
    run = "-w /run/containerd -p wa"
    assert AuditSystem((run,), kinds=()).verdict(at("/run/containerd", DIRECTORY)) == (
        "error",
        f"{run!r} covers what lies in /run/containerd only if that existed when the rule was loaded, which auditctl "
        "does not show; the kernel tells where there is perl",
    )


def test_links_on_the_way() -> None:
    """A path is compared without the links on its way; a rule whose path is a link watches the link."""
    socket, rule = at("/run/docker.sock"), "-w /var/run/docker.sock -p wa"
    on_the_way = AuditSystem((rule,), (rule,), real={"/var/run/docker.sock": "/run/docker.sock"})
    assert on_the_way.verdict(socket)[0] == "pass"
    link = "-w /var/run -p wa"
    found, reason = AuditSystem((link,), links={"/var/run": "/run"}).verdict(socket)
    assert (found, reason) == ("fail", f"no rule covers it; {link!r} watches a link and not where it leads")
    both = AuditSystem((link, "-w /d.sock -p wa"), links={"/var/run": "/run", "/d.sock": "/run/docker.sock"})
    assert both.verdict(socket)[1].endswith(
        f"; {link!r}, '-w /d.sock -p wa' watches a link and not where it leads"
    )
    assert both.audit().links == {"/var/run": "/run", "/d.sock": "/run/docker.sock"}


def test_rules_of_the_next_start() -> None:
    """What only a file has is pending; what no file has is lost at the next start."""
    assert AuditSystem((), (GOOD,)).verdict() == (
        "fail",
        "no rule covers it; restart pending: a rule in /etc/audit covers it",
    )
    lost, unread = (
        "in no file that the next start loads, so that it is lost then",
        "no auditd takes the records",
    )
    assert AuditSystem((GOOD,), (), pid="0").verdict() == (
        "pass",
        f"{GOOD}; {lost}; {unread}, which go to the kernel's log",
    )
    old = f"-a exit,always -F path={JSON} -F perm=wa -k docker"
    assert AuditSystem((GOOD,), (old,)).verdict() == ("pass", GOOD)
    assert "lost" in AuditSystem((GOOD,), (f"-w {JSON} -p r",)).verdict()[1]
    assert AuditSystem((), ("-a task,never", GOOD)).verdict() == ("fail", "no rule covers it")


def test_nobody_may_ask() -> None:
    """Where auditctl may not be used the verdict is error, but not for a file that is absent."""
    blind = AuditSystem((GOOD,), status=4)
    assert blind.verdict() == ("error", "audit: You must be root to run this program.")
    absent = FileFact("/etc/sysconfig/docker", State.ABSENT)
    with pytest.raises(NotApplicable, match=r"^/etc/sysconfig/docker does not exist$"):
        gap(blind.audit(), absent)


def test_auditctl_is_missing() -> None:
    """Rules of other programs cannot be told then, unless the kernel says that it has none."""

    def asked(*kernel: str) -> Audit:
        text = "\n".join(["machine:x86_64", "missing:", *(f"kernel:{each}" for each in kernel)])
        return Audit(Recording("host", "local", {AUDIT.name: Answer(AUDIT.name, 0, text, "")}), Later(tuple))

    def judged(*kernel: str) -> tuple[str, str]:
        return verdict(asked(*kernel))

    missing = "auditctl is not installed, so the rules in the kernel are unknown"
    assert judged() == judged("enabled 1", "watch") == ("error", missing)
    assert judged("enabled 1")[0] == judged("enabled 0", "watch")[0] == "fail"
    assert asked("enabled 1").loaded == Loaded(True, 0, ())
    assert asked("enabled 0", "watch").loaded == Loaded(False, 0, ())


def test_status_that_says_nothing() -> None:
    """An answer without `enabled` is no evidence."""
    answer = Answer(AUDIT.name, 0, "status:lost 0\nrule:No rules", "")
    audit = Audit(Recording("host", "local", {AUDIT.name: answer}), Later(tuple))
    assert verdict(audit)[0] == "error"


def test_rule_on_permissions_alone() -> None:
    """auditctl lists one without its action: the kernel tells it, and where nothing does it is the worse one."""
    for kind, action in ("rule", "always"), ("rule never", "never"), ("", "never"):
        rule = parse(" -p wa -k docker", {}, kind)
        assert rule is not None
        assert (rule.action, rule.path, rule.permissions) == (action, "", frozenset("wa"))
    assert AuditSystem((" -p wa", GOOD), kinds=("rule never", "watch")).verdict()[0] == "fail"
    assert AuditSystem((" -p x", GOOD), kinds=("rule never", "watch")).verdict()[0] == "pass"


def test_rule_that_records_nothing_and_is_listed_as_a_watch() -> None:
    """The kernel tells that it says `never`; where it cannot be asked, a file that has the rule does."""
    hidden = f"left out by {GOOD + ' (never)'!r}"
    assert AuditSystem((GOOD,), kinds=("watch never",)).verdict() == ("fail", hidden)
    never = f"-a never,exit -F path={JSON} -F perm=wa -F key=docker"
    assert AuditSystem((GOOD,), (never,), kinds=()).verdict() == ("fail", hidden)
    for other in (never.replace(".json", ""), never.replace("wa", "r"), never.replace("never", "always")):
        assert AuditSystem((GOOD,), (other,), kinds=()).verdict()[0] == "pass"
    whole = "-a always,exit -S all"
    assert AuditSystem((whole,), (never,), kinds=()).verdict()[0] == "pass"
    assert AuditSystem((GOOD,), (never, GOOD), kinds=("watch",)).verdict()[0] == "pass"


def test_directory_in_which_changes_are_not_recorded() -> None:
    """A rule on the directory alone hides who renames or removes a file there, and not who writes to it."""
    whole = "-w /etc -p wa"
    for permissions, passes in (("w", False), ("wa", False), ("a", True), ("r", True)):
        never = f"-a never,exit -F path=/etc/docker -F perm={permissions} -F uid=0"
        for rules in (never, GOOD), (GOOD, never), (never, whole):
            assert (AuditSystem(rules).verdict()[0] == "pass") is passes
        assert AuditSystem((whole, never)).verdict()[0] == "pass"
    above = "-a never,exit -F path=/etc -F perm=w -F uid=0"
    assert AuditSystem((above, GOOD)).verdict()[0] == "pass"


@pytest.mark.parametrize(("rate", "expected"), [("0", "pass"), ("1", "fail"), ("24", "fail"), ("25", "pass")])
def test_limit_on_records(rate: str, expected: str) -> None:
    """A change makes several records, of which the kernel drops those beyond its limit, however good the rules are."""
    found, reason = AuditSystem((GOOD,), (GOOD,), rate=rate).verdict()
    assert found == expected
    assert ("(rate_limit)" in reason) == (expected == "fail")
