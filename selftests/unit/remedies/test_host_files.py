"""Audit rules, settings of the kernel, owners and modes: what a finding names alone, and what no name can forge."""

from __future__ import annotations

import stat
from dataclasses import replace

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.remedies import AuditRule, KernelSettings, Mode, Owner, host_files
from hullcheck.remedies.host_files import Rights, Rules
from hullcheck.results import Control, Finding
from hullcheck.results.failures import Failure
from hullcheck.verdicts import Verdict
from selftests.kit.facts.hosts import target
from selftests.kit.judging import but

PATH = "/etc/docker/daemon.json"
MODE, OWNER = Mode(files="configuration_file", most=0o644), Owner(files="configuration_file")
RULE = AuditRule(files="configuration_file")
BAD_PATHS = [
    "/etc/a\nb",
    "relative",
    "/etc/../shadow",
    "//etc/a",
    "/etc/\x1b[2J",
    "/etc/a\u202eb",
    "/",
    "/a/",
]


def failure(reason: str, subject: str = PATH, kind: str = "file") -> Failure:
    """A failure for this reason."""
    return Failure(Control("c", "", "", "", "", {}), "h", "", Finding(kind, subject, Verdict.FAIL, reason))


def file(
    mode: int = 0o666, path: str = PATH, kind: int = stat.S_IFREG, parents: tuple[Node, ...] = ()
) -> FileFact:
    """A file of this mode."""
    return FileFact(path, State.FOUND, Node(path, kind | mode, 0, 0), parents)


def facts(*files: FileFact) -> Facts:
    """A target with these files."""
    return but(
        target(),
        configuration_file=tuple((each.path, each) for each in files),
    )


# ---- owners and modes


def changed(one: FileFact, reason: str, remedy: Mode | Owner = MODE) -> tuple[Rights, ...]:
    """What is changed of a file with this finding."""
    return host_files.rights([(failure(reason, one.path), remedy)], facts(one))[0]


@pytest.mark.parametrize(
    ("mode", "kind", "most", "taken"),
    [
        (0o666, stat.S_IFREG, 0o644, "u-xs,g-wxs,o-wxt"),
        (0o777, stat.S_IFDIR, 0o755, "g-w,o-w"),
        (0o666, stat.S_IFSOCK, 0o660, "u-xs,g-xs,o-rwx"),
        (0o444, stat.S_IFREG, 0o400, "u-wxs,g-rwxs,o-rwxt"),
    ],
)
def test_modes_are_taken_away(mode: int, kind: int, most: int, taken: str) -> None:
    """The change says what is taken away; it has no plus and no number, which could give somebody more."""
    one = file(mode, kind=kind)
    remedy = replace(MODE, most=most, directory=most)
    assert changed(one, f"has mode {mode:o}, more than {most:o}", remedy) == (Rights(PATH, mode=taken),)


def test_keys_and_directories_have_modes_of_their_own() -> None:
    """A key keeps less than a certificate beside it, and a directory may be looked into."""
    remedy = replace(MODE, most=0o444)
    assert changed(replace(file(), holds_key=True), "has mode 666", remedy)[0].mode == "u-wxs,g-rwxs,o-rwxt"
    assert changed(file(0o777, kind=stat.S_IFDIR), "has mode 777", remedy)[0].mode == "g-w,o-w"


def test_owner_is_root() -> None:
    """For either finding on owner and group."""
    for reason in ("belongs to uid 7", "its group is users (gid 100)"):
        assert changed(file(), reason, OWNER) == (Rights(PATH, owner="root:root"),)


@pytest.mark.parametrize("path", BAD_PATHS)
def test_unusual_path_is_left(path: str) -> None:
    """A name that could steer a terminal, or that leads back, is in no script."""
    one = file(path=path)
    changes, _, outcome = host_files.rights([(failure("has mode 666", path), MODE)], facts(one))
    assert (changes, len(outcome.left)) == ((), 1)
    rules, outcome = host_files.rules([(failure("no rule covers it", path), RULE)], facts(one))
    assert (rules, len(outcome.left)) == (None, 1)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (file(kind=stat.S_IFLNK), "has mode 666, more than 644"),
        (file(), "its access control list lets in uid 7"),
        (replace(file(), owners=frozenset({0, 1000})), "has mode 666, more than 644"),
        (replace(file(), state=State.ABSENT, target=None), "does not exist, others may write to /etc/docker"),
    ],
)
def test_what_a_mode_does_not_mend_is_left(one: FileFact, reason: str) -> None:
    """A link, a list, a socket of another program, a rootless engine's file, and what is not there."""
    changes, _, outcome = host_files.rights([(failure(reason, one.path), MODE)], facts(one))
    assert (changes, len(outcome.left)) == ((), 1)


def test_open_directory_on_the_way() -> None:
    """A file is changed if the directory on its way is changed by a finding of its own, and else left."""
    above = Node("/etc/docker", stat.S_IFDIR | 0o777, 0, 0)
    one, folder = file(parents=(above,)), file(0o777, "/etc/docker", stat.S_IFDIR)
    way = "others may write to /etc/docker on its way (mode 777)"
    own = (failure(f"has mode 666, more than 644, {way}"), MODE)
    of_folder = (failure("has mode 777, more than 755", "/etc/docker"), MODE)
    changes, _, outcome = host_files.rights([own], facts(one))
    assert (changes, [each.why[:11] for each in outcome.left]) == ((), ["a directory"])
    changes, _, outcome = host_files.rights([own, of_folder], facts(one, folder))
    assert [each.path for each in changes] == ["/etc/docker", PATH]
    assert len(outcome.mended) == 2
    only_way = (failure(way), MODE)
    changes, _, outcome = host_files.rights(
        [only_way, of_folder], facts(file(0o644, parents=(above,)), folder)
    )
    assert ([each.path for each in changes], len(outcome.mended)) == (["/etc/docker"], 2)


def test_socket_that_systemd_makes() -> None:
    """Its unit would give it the old rights at the next start."""
    socket = replace(file(kind=stat.S_IFSOCK), next_mode=0o666, next_group="users")
    found = [
        (failure("has mode 666, more than 660"), replace(MODE, most=0o660)),
        (failure("its group is users (gid 100)"), replace(OWNER, group="docker")),
    ]
    assert host_files.rights(found, facts(socket))[1] == "[Socket]\nSocketMode=0660\nSocketGroup=docker\n"
    owned = replace(socket, next_owner="ann", next_group="docker")
    assert host_files.rights(found[1:], facts(owned))[1] == "[Socket]\nSocketUser=root\n"
    right = replace(socket, next_mode=0o660, next_owner="root", next_group="docker")
    assert host_files.rights(found, facts(right))[1] == ""


# ---- audit rules


def rules(one: FileFact, reason: str = "no rule covers it") -> Rules | None:
    """The rules for a file."""
    return host_files.rules([(failure(reason, one.path), RULE)], facts(one))[0]


def test_rule_for_a_file_and_a_directory() -> None:
    """For a directory it is one for all that is in it."""
    made = rules(file())
    assert made is not None
    assert made.text == f"-a always,exit -F path={PATH} -F perm=wa -k docker\n"
    made = rules(file(path="/etc/docker", kind=stat.S_IFDIR))
    assert made is not None
    assert made.lines == ("-a always,exit -F dir=/etc/docker -F perm=wa -k docker",)


def test_rules_of_run_come_last() -> None:
    """What is not there when the host starts keeps no other rule from being loaded."""
    found = [(failure("no rule covers it", each), RULE) for each in ("/run/docker.sock", PATH)]
    made, _ = host_files.rules(found, facts(file(), file(path="/run/docker.sock")))
    assert made is not None
    words = [line.split()[3:4] or [line] for line in made.text.splitlines()]
    assert words == [[f"path={PATH}"], ["-c"], ["path=/run/docker.sock"]]


def test_auditing_is_switched_on() -> None:
    """Where the kernel does not audit, the first line says so."""
    made = rules(file(), "auditing is off in the kernel (enabled 0)")
    assert made is not None
    assert made.text.startswith("-e 1\n")


@pytest.mark.parametrize("path", ["/etc/a b", "/etc/a=b -k x", "/etc/ä", "/etc/$(id)", "/etc/a'b"])
def test_path_that_a_rule_cannot_hold(path: str) -> None:
    """A rule is split at blanks, and nothing in it is quoted."""
    assert rules(file(path=path)) is None


def test_rule_in_the_way_is_left() -> None:
    """Where another rule keeps records away, one more does not help."""
    assert rules(file(), "changes are kept from the record by '-a never,task'") is None


# ---- settings of the kernel


def kernel(reason: str, subject: str = "fs.suid_dumpable", kind: str = "setting") -> dict[str, str]:
    """What is set."""
    remedy = KernelSettings(values={"fs.suid_dumpable": "0"})
    return dict(host_files.kernel([(failure(reason, subject, kind), remedy)])[0])


def test_settings_of_the_kernel() -> None:
    """What runs, and what the next start makes of it."""
    assert kernel("is 2", "h", "target") == {"fs.suid_dumpable": "0"}
    assert kernel("no file sets it; it is 0 now") == {"fs.suid_dumpable": "0"}
    assert kernel("/usr/lib/sysctl.d/50-coredump.conf sets it to 2") == {"fs.suid_dumpable": "0"}


@pytest.mark.parametrize(
    ("reason", "subject"),
    [
        ("/etc/sysctl.conf sets it to 2", "fs.suid_dumpable"),
        ("/etc/sysctl.d/zzz.conf sets it to 2", "fs.suid_dumpable"),
        ("no file sets it; it is 1 now", "net.ipv4.ip_forward"),
    ],
)
def test_setting_that_our_file_does_not_decide(reason: str, subject: str) -> None:
    """A file that is read later, a host that reads none, and what cuts containers off."""
    assert kernel(reason, subject) == {}
