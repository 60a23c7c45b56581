"""The playbook: it runs apply.sh, and nothing that a host chose is a template in it."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hullcheck.remedies.host_files import Rights, Rules
from hullcheck.remedies.plan import KERNEL, LIMITS, OPTIONS, RIGHTS, RULES, SETTINGS, Plan
from hullcheck.remedies.playbook import playbook
from hullcheck.remedies.script import changes, files

PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
NO_NAMES = ["all", "ungrouped", "a b", "x' ~ lookup('pipe', 'id') ~ '", "*", "a:b", "-x"]


def plan(**given: Any) -> Plan:
    """A plan with these parts."""
    empty = {
        "target": "web1",
        "run": "20261127T171216Z-56e9",
        "gathered": 7,
        "daemon": None,
        "rules": None,
        "kernel": {},
        "rights": (),
        "socket": "",
        "limits": (),
        "options": (),
        "mended": dict.fromkeys((SETTINGS, RULES, KERNEL, RIGHTS, LIMITS, OPTIONS), ()),
        "left": (),
        "asked": (),
    }
    return Plan(**empty | given)


def play(made: Plan) -> dict[str, Any]:
    """The only play."""
    (found,) = yaml.safe_load(playbook(made))
    return dict(found)


def test_all_files_for_the_shell_are_copied() -> None:
    """Those that the plan needs, and no path of the host stands in the playbook."""
    made = plan(rules=Rules(("-w /a"), False), rights=(Rights("/etc/{{ x }}", mode="o-w"),))
    assert play(made)["tasks"][1]["loop"] == list(files(made))
    assert "/etc/{{" not in playbook(made)


@pytest.mark.parametrize("path", ["/a\nb", "/a\x1b", "/a\u202eb"])
def test_path_that_hides_is_refused(path: str) -> None:
    """It is left before that; here nothing is written at all."""
    with pytest.raises(ValueError, match="cannot stand"):
        changes(plan(rights=(Rights(path, mode="o-w"),)))


@pytest.mark.parametrize(
    ("target", "hosts"),
    [
        ("web1.example.com", "{{ host | default('web1.example.com') }}"),
        *((each, "{{ host }}") for each in NO_NAMES),
    ],
)
def test_hosts_of_the_play(target: str, hosts: str) -> None:
    """The target by its name; where that is a pattern or no name, whoever runs it has to say which host."""
    assert play(plan(target=target))["hosts"] == hosts


def test_name_of_the_target_ends_no_comment() -> None:
    """A line of a comment stays one."""
    for text in (playbook(plan(target="a\n- hosts: all")), changes(plan(target="a\nreboot"))):
        assert "\n- hosts: all" not in text
        assert "\nreboot" not in text


@pytest.mark.needs("ansible-playbook")
def test_ansible_runs_what_it_is_told(tmp_path: Path) -> None:
    """With a real Ansible: `check` where nothing is said, and what is said otherwise."""
    text = playbook(plan()).replace("/var/lib/hullcheck", str(tmp_path / "there"))
    text = text.replace("become: true", "connection: local")
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    text = text.replace("owner: root", f"owner: {user}").replace("group: root", f"group: {group}")
    (tmp_path / "play.yml").write_text(text)
    (tmp_path / "apply.sh").write_text("echo asked to $1\n")
    (tmp_path / "changes.sh").write_text("")
    environment = {"PATH": PATH, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    for words, said in (((), "asked to check"), (("-e", "todo=back"), "asked to back")):
        done = subprocess.run(
            ["ansible-playbook", "-i", "web1,", "play.yml", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode, said in done.stdout) == (0, True), done.stdout + done.stderr
