"""Whom the probe of users and groups asks."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from hullcheck.facts.host import accounts, other_ways

GETENT = """\
#!/bin/sh
case "$*" in
  passwd) echo ann:x:1000:1000::/home/ann:/bin/bash ;;
  "-s sss group"*) echo docker:*:999:ann ;;
  *group*) echo docker:x:999: ;;
esac
"""


def told(folder: Path, *paths: str) -> list[str]:
    """What the probe says where these files of /etc, and programs, are those of a folder."""
    script = accounts.ACCOUNTS.script
    for path in paths:
        script = script.replace(path, f"{folder}/{path.removeprefix('/etc/')}")
    variables = {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, env=variables, check=True
    )
    return done.stdout.splitlines()


def test_members_in_a_directory_of_the_network(tmp_path: Path) -> None:
    """A login gives their group to them too where a file has the same one, which is all that getent(1) tells."""
    sources = tmp_path / "nsswitch.conf"
    sources.write_text("passwd: files\ngroup:\tfiles [SUCCESS=continue] sss\n")
    getent = tmp_path / "getent"
    getent.write_text(GETENT)
    getent.chmod(0o755)
    groups = [line for line in told(tmp_path, "/etc/nsswitch.conf") if line.startswith("group:docker:")]
    assert set(groups) == {"group:docker:999:", "group:docker:999:ann"}


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("@include {folder}/x/rules", True),
        ("  @include\t{folder}/x/rules # of the site", True),
        ("#include {folder}/x/rules", True),
        (" #include {folder}/x/rules", False),
        ('@include "{folder}/x/rules"', True),
        ('@include"{folder}/x/rules"', True),
        ("@include x/rules", True),
        ("@include \\\n{folder}/x/rules", True),
        ("@include {folder}/x/b\\ c", True),
        ("@include {folder}/x/%h", True),
        ("@includedir x", True),
        ("@include x/above", True),
        ("@include x/above-all", True),
        ("@include x/itself", False),
        ("@includedir left-out", False),
        ("@includedir y", True),
        ("# include {folder}/x/rules", False),
    ],
)
def test_files_of_sudo(tmp_path: Path, line: str, there: bool) -> None:
    """Each way of sudo to include a file is followed, from an included file too; it leaves out some by their names."""
    rule = "ann ALL=(root) /usr/bin/docker\n"
    host = os.uname().nodename.partition(".")[0]
    for path in ("x/rules", "x/b c", f"x/{host}", "y/a~b", "left-out/a.b", "left-out/a~"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(rule)
    (tmp_path / "x" / "above").write_text("@includedir ../y\n")
    (tmp_path / "x" / "above-all").write_text("@include above\n")
    (tmp_path / "x" / "itself").write_text("@include itself\n" * 2)
    (tmp_path / "sudoers").write_text(line.format(folder=tmp_path) + "\n")
    found = told(tmp_path, "/etc/sudoers")
    assert (f"sudoers:{rule.strip()}" in found) is there


def test_files_that_sudo_and_polkit_are_told_of(tmp_path: Path) -> None:
    """The file of rules that its own settings name, and what is asked past all files."""
    (tmp_path / "sudo.conf").write_text(f"Plugin sudoers_policy sudoers.so sudoers_file={tmp_path}/mine\n")
    (tmp_path / "mine").write_text("ann ALL=(root) /usr/bin/docker\n")
    (tmp_path / "nsswitch.conf").write_text("passwd: files\nsudoers: files ldap\n")
    rules = tmp_path / "polkit-1" / "rules.d"
    rules.mkdir(parents=True)
    (rules / "1.rules").write_text('  if (action.lookup("program") == "/usr/bin/docker") return "yes";\n')
    (rules / "3.rules").write_text("/*\n * see /docker\n */\n")
    (rules / "4.policy").write_text("<vendor_url>https://github.com/docker/docker</vendor_url>\n")
    (rules / "5.policy").write_text(
        '<annotate key="org.freedesktop.policykit.exec.path">/opt/ui/lazydocker</annotate>\n'
    )
    (rules / "2.rules").write_text(
        '  if (action.lookup("unit") == "docker.service") return "yes";\n// /docker\n'
    )
    found = told(tmp_path, "/etc/sudo.conf", "/etc/nsswitch.conf", "/etc/polkit-1")
    assert "sudoers:ann ALL=(root) /usr/bin/docker" in found
    assert "directory-sudoers:" in found
    told_of = sorted(line for line in found if line.startswith("polkit:"))
    assert told_of == [f"polkit:{rules}/1.rules", f"polkit:{rules}/5.policy"]
    assert "hidden-sudoers:" not in found


def test_groups_that_units_give(tmp_path: Path) -> None:
    """A line may go on in the next one of its file, also past a comment; a comment itself goes on nowhere."""
    folder = tmp_path / "systemd/system"
    folder.mkdir(parents=True)
    unit = "[Service]\n# as \\\nUser = ann\nSupplementaryGroups=audio \\\n; and\n  docker\nGroup=a\\"
    (folder / "a.service").write_text(unit)
    (folder / "b.service").write_text("[Service]\nGroup=docker\\")
    (folder / "c.service").symlink_to("gone")
    found = (line.split() for line in told(tmp_path, "/etc/systemd") if line.startswith(f"unit:{tmp_path}"))
    assert set(map(" ".join, found)) == {
        f"unit:{folder}/a.service:User= ann",
        f"unit:{folder}/a.service:SupplementaryGroups=audio docker",
        f"unit:{folder}/a.service:Group=a",
        f"unit:{folder}/b.service:Group=docker",
    }


@pytest.mark.parametrize("answers", [False, True])
def test_sssd_that_answers_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: bool) -> None:
    """Distributions name it for sudo on hosts where it does not run, or is not asked for rules."""
    (tmp_path / "nsswitch.conf").write_text("sudoers: files sss\n")
    pipes = tmp_path / "var/lib/sss/pipes"
    pipes.mkdir(parents=True)
    monkeypatch.chdir(pipes)  # the name of a socket is short
    if answers:
        with socket.socket(socket.AF_UNIX) as pipe:
            pipe.bind("sudo")
    found = told(tmp_path, "/etc/nsswitch.conf", "/var/lib/sss/pipes/sudo")
    assert ("directory-sudoers:" in found) is answers


@pytest.mark.parametrize(("files", "hidden"), [(9, False), (10, True)])
def test_files_of_sudo_that_are_nested_too_deep(tmp_path: Path, files: int, hidden: bool) -> None:
    """What is not followed is told as what cannot be read."""
    for number in range(1, files):
        (tmp_path / f"s{number}").write_text(f"@include s{number + 1}\n" if number + 1 < files else "# end\n")
    (tmp_path / "sudoers").write_text("@include s1\n")
    assert ("hidden-sudoers:" in told(tmp_path, "/etc/sudoers")) is hidden


def test_clients_with_rights_of_their_own(tmp_path: Path) -> None:
    """Each client that sudo is asked for is asked for its bits, its capabilities, and a rule of polkit."""
    (tmp_path / "getcap").write_text('#!/bin/sh\necho "$1 cap_dac_override=ep"\n')
    (tmp_path / "getcap").chmod(0o755)
    rules = tmp_path / "polkit-1"
    rules.mkdir()
    folder = tmp_path / "usr" / "local" / "bin"
    folder.mkdir(parents=True)
    for name in other_ways.CLIENTS:
        for path in (tmp_path / name, folder / name):
            path.write_text("#!/bin/sh\n")
            path.chmod(0o4755)
        (rules / name).write_text(f'  if (action.lookup("program") == "/usr/bin/{name}") return "yes";\n')
    found = told(tmp_path, "/etc/polkit-1", "/usr/local/bin")
    assert [line for line in found if line.startswith("capable:")] == [
        f"capable:{tmp_path}/{name}" for name in other_ways.CLIENTS
    ]
    assert {line for line in found if line.startswith("polkit:")} == {
        f"polkit:{rules}/{name}" for name in other_ways.CLIENTS
    }
    programs = (Path(line.rpartition(":")[2]) for line in found if line.startswith("program:4755:"))
    assert {each.name for each in programs if each.parent == folder} == {*other_ways.CLIENTS}


@pytest.mark.parametrize(("program", "there"), [("shadow", True), ("util-linux 2.41", False)])
def test_members_whom_newgrp_alone_knows(tmp_path: Path, program: str, there: bool) -> None:
    """That of shadow takes the members of a group from /etc/gshadow (newgrp(1)), that of util-linux does not."""
    newgrp = tmp_path / "newgrp"
    newgrp.write_text(f"#!/bin/sh\n# {program}\n")
    newgrp.chmod(0o755)
    (tmp_path / "gshadow").write_text("docker:!:bob:ann\naudio:*::\n")
    admins = [line for line in told(tmp_path, "/etc/gshadow") if line.startswith("admins:")]
    assert admins == ["admins:docker:bob", *["admins:docker:ann"] * there]
