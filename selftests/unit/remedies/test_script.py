"""The files of a plan: no name of a host steers a shell, Ansible, Markdown or a reader."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hullcheck.remedies import merge, script
from hullcheck.remedies.plan import (
    Change,
    DaemonSettings,
    KernelSetting,
    Plan,
    Rights,
    Rule,
    change,
    is_plain_path,
)
from hullcheck.remedies.readme import readme
from hullcheck.remedies.script import code, comment, prose, quoted
from hullcheck.remedies.table import REMEDIES
from selftests.unit.remedies.test_plan import CARELESS, failure

PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
HOSTILE = ["$(id)", "`id`", "a b", "a'b", 'a"b', "-rf", "a;id", "~root", "*", "ä", "{{ x }}", "a\\nb"]
NO_NAMES = ["all", "ungrouped", "a b", "x' ~ lookup('pipe', 'id') ~ '", "*", "a:b", "-x"]


def started(name: str, reason: str) -> Change:
    """What a container of the careless host should have."""
    return change(failure(reason, "agent", "container", name), REMEDIES[name], CARELESS)


CHANGES: tuple[tuple[str, Change], ...] = (
    ("daemon_remaps_users", DaemonSettings("/d.json", "docker@1.service", {"userns-remap": "default"}, ())),
    ("daemon_logs_at_level_info", DaemonSettings("/d.json", "docker@1.service", {}, ("debug",))),
    ("data_root_is_audited", Rule("-F path=/b", True)),
    ("api_socket_is_audited", Rule("-F path=/run/a", False)),
    ("address_space_is_randomized", KernelSetting("kernel.x", "2")),
    ("kernel_settings_survive_a_reboot", KernelSetting("kernel.x", "2")),
    ("api_sockets_are_closed_to_others", Rights("/run/s", "mode", "o-rw", socket={"SocketMode": "0660"})),
    ("configuration_directory_belongs_to_root", Rights("/etc/a", "owner", "root:root")),
    (
        "container_has_a_memory_limit",
        started("container_has_a_memory_limit", "no memory limit is in force, and none is set"),
    ),
    (
        "container_has_a_pid_namespace",
        started("container_has_a_pid_namespace", "shares the process namespace of the host"),
    ),
)


def plan(*changes: Change, target: str = "web1") -> Plan:
    """A plan with these changes."""
    return Plan(target, "20261127T171216Z-56e9", tuple((failure(""), each) for each in changes), (), ())


WHOLE = Plan("web1", "R", tuple((failure("x", control=name), each) for name, each in CHANGES), (), ())


def test_all_changes() -> None:
    """Rights come first, directories before what is in them; each kind of change has its lines and files."""
    lines = [line for line in script.changes(WHOLE).splitlines() if line and not line.startswith("#")]
    assert lines == [
        "saves R",
        "needs augenrules 'install auditd (`apt-get install auditd` or `dnf install audit`)'",
        "owner root:root /etc/a",
        "mode o-rw /run/s",
        "file docker.socket.conf /etc/systemd/system/docker.socket.d/zz-hullcheck.conf 644",
        "run systemctl daemon-reload",
        "merge daemon-settings.json /d.json debug",
        "file docker.rules /etc/audit/rules.d/50-hullcheck-docker.rules 640",
        "run augenrules --load",
        "file sysctl.conf /etc/sysctl.d/99-zz-hullcheck.conf 644",
        "kernel kernel.x 2",
        "update agent --memory 512m --memory-swap -1",
    ]
    assert "# Audit rules: data_root_is_audited, api_socket_is_audited\n" in script.changes(WHOLE)
    files = script.files(WHOLE)
    assert files.keys() >= {"apply.sh", "changes.sh", "restart.sh", "merge.py"}
    assert json.loads(files["daemon-settings.json"]) == {"userns-remap": "default"}
    assert files["docker.rules"] == "-e 1\n-F path=/b\n-c\n-F path=/run/a\n"
    assert files["sysctl.conf"] == "kernel.x = 2\n"
    assert files["docker.socket.conf"] == "[Socket]\nSocketMode=0660\n"
    assert script.files(plan(Rule("-w /a", False))).keys() == {"apply.sh", "changes.sh", "docker.rules"}


def test_readme() -> None:
    """It has the commands with their words, each control with its finding and its risk, and what is left."""
    text = readme(WHOLE)
    assert "sh restart.sh --new-data docker@1.service    #" in text
    assert "leave out `--pid host`" in text
    assert text.count("found: ") == len(CHANGES)
    assert "may break: " in text
    assert "Left" not in text
    usual = DaemonSettings("/d.json", "docker.service", {}, ("debug",))
    text = readme(Plan("web1", "R", ((failure("x", control="daemon_logs_at_level_info"), usual),), (), ()))
    assert "\nsh restart.sh        #" in text
    left = Plan("web1", "R", (), ((failure("x"), "no *way*"),), (failure("y", control="daemon_remaps_users"),))
    text = readme(left)
    assert r"No \*way\*:" in text
    assert text.count("  - fix: set `a_b`, not a\\_b\n") == 1
    assert "add `--also daemon_remaps_users`" in text
    assert "apply.sh" not in text


@pytest.mark.parametrize("word", HOSTILE)
def test_word_of_a_shell(word: str) -> None:
    """A shell takes it for one word, as it is."""
    assert shlex.split(f"x {quoted(word)}") == ["x", word]


@pytest.mark.parametrize("word", ["a\nb", "a\0b", "\x1b[2J", "a\u202eb", "a\rb", "a\u2028b"])
def test_word_that_no_line_holds(word: str) -> None:
    """What would end the line or hide is refused."""
    with pytest.raises(ValueError, match="a script cannot hold"):
        script.changes(plan(Rights(f"/{word}", "mode", "o-w")))
    assert not is_plain_path(f"/{word}")
    assert "\n" not in comment(word)
    assert "\x1b" not in code(word) + prose(word)


def test_words_on_a_page() -> None:
    """No name becomes markup of Markdown or HTML, nor ends its code."""
    assert code("a`b") == "``a`b``"
    assert code("`a") == "`` `a ``"
    assert code("a\n# b") == "`a # b`"
    assert prose("<b>[x](y)*_`\n# z") == r"\<b\>\[x\](y)\*\_\` \# z"


# ---- the playbook


@pytest.mark.parametrize("name", ["web1.example.com", *NO_NAMES])
def test_hosts_of_the_play(name: str) -> None:
    """The target by its name; where that is a pattern or no name, whoever runs it has to say which host."""
    made = plan(Rights("/etc/{{ x }}", "mode", "o-w"), target=name)
    (play,) = yaml.safe_load(script.playbook(made))
    assert play["hosts"] == ("{{ host }}" if name in NO_NAMES else f"{{{{ host | default('{name}') }}}}")
    assert play["tasks"][1]["loop"] == ["apply.sh", "changes.sh"]
    assert "/etc/{{" not in script.playbook(made)


def test_name_of_the_target_ends_no_comment() -> None:
    """A line of a comment stays one."""
    made = plan(target="a\nreboot")
    assert "\nreboot" not in script.playbook(made) + script.changes(made)


@pytest.mark.needs("ansible-playbook")
def test_ansible_runs_what_it_is_told(tmp_path: Path) -> None:
    """With a real Ansible: what is said, and not only what stands in the playbook, `check`."""
    text = script.playbook(plan(Rule("", off=False))).replace("/var/lib/hullcheck", str(tmp_path / "there"))
    text = text.replace("become: true", "connection: local")
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    text = text.replace("owner: root", f"owner: {user}").replace("group: root", f"group: {group}")
    (tmp_path / "play.yml").write_text(text)
    (tmp_path / "apply.sh").write_text("echo asked to $1\n")
    for name in ("changes.sh", "docker.rules"):
        (tmp_path / name).write_text("")
    environment = {"PATH": PATH, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    assert "default('check')" in text
    argv = ["ansible-playbook", "-i", "web1,", "play.yml", "-e", "todo=back"]
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, "asked to back" in done.stdout) == (0, True), done.stdout + done.stderr


# ---- merging on the host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"log-opts": {"b": "2"}, "debug": true, "dns": ["x"]}',
            {"log-opts": {"b": "2", "a": "1"}, "dns": ["x"], "icc": False},
        ),
        (" \n", {"icc": False, "log-opts": {"a": "1"}}),
        *((each, None) for each in ("[]", "{", '{"a": 1} // no')),
    ],
)
def test_merging(tmp_path: Path, text: str, expected: dict[str, Any] | None) -> None:
    """Other settings and their order stay, objects are joined; what the engine does not read is refused."""
    settings, old = tmp_path / "s.json", tmp_path / "old"
    settings.write_text('{"icc": false, "log-opts": {"a": "1"}}')
    old.write_text(text, encoding="utf-8")
    argv = [sys.executable, "-I", merge.__file__, str(settings), str(old), "debug"]
    done = subprocess.run(argv, capture_output=True, text=True)
    if expected is None:
        assert (done.returncode != 0, done.stdout) == (True, "")
    else:
        assert [*json.loads(done.stdout).items()] == [*expected.items()]
