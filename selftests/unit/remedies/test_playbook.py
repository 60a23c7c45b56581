"""The playbook: what a host chose is data in it, never a template."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hullcheck.remedies.containers import Limit
from hullcheck.remedies.daemon_json import DaemonChange
from hullcheck.remedies.host_files import Rights, Rules
from hullcheck.remedies.plan import KERNEL, LIMITS, OPTIONS, RIGHTS, RULES, SETTINGS, Plan
from hullcheck.remedies.playbook import playbook
from hullcheck.remedies.script import changes

PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
TEMPLATE = "/etc/{{ lookup('pipe', 'id') }}"


PATHS = [TEMPLATE, "/etc/{% raw %}", "/etc/a: b", "/etc/- a", "/etc/'a'", '/etc/"a"', "/etc/#a"]
NO_NAMES = ["all", "ungrouped", "a b", "x' ~ lookup('pipe', 'id') ~ '", "*", "a:b", "-x"]


class Loader(yaml.SafeLoader):
    """Reads what Ansible takes as it is with its tag."""


Loader.add_constructor("!unsafe", lambda _, node: ("unsafe", node.value))


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
        "projects": (),
        "mended": dict.fromkeys((SETTINGS, RULES, KERNEL, RIGHTS, LIMITS, OPTIONS), ()),
        "left": (),
        "asked": (),
    }
    return Plan(**empty | given)


def play(made: Plan) -> dict[str, Any]:
    """The only play."""
    (found,) = yaml.load(playbook(made), Loader)
    return dict(found)


def texts(value: Any) -> list[str]:
    """All texts that are no data."""
    if isinstance(value, dict):
        return [each for pair in value.items() for part in pair for each in texts(part)]
    if isinstance(value, list):
        return [each for part in value for each in texts(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("path", PATHS)
def test_path_is_no_template(path: str) -> None:
    """In each place where a path stands."""
    daemon = DaemonChange(path, True, {"icc": False}, (), "{}", "docker.service")
    made = play(plan(daemon=daemon, rights=(Rights(path, mode="o-w"), Rights(path, owner="root:root"))))
    assert not [each for each in texts(made) if path in each]
    (rights,) = [each for each in made["tasks"] if each["name"].startswith("Set owners and modes")]
    assert rights["loop"] == [{"path": ("unsafe", path), "mode": "o-w", "owner": "root", "group": "root"}]


def test_two_modes_of_one_file() -> None:
    """Both are taken away."""
    made = play(plan(rights=(Rights("/a", mode="o-w"), Rights("/a", mode="g-w"))))
    assert made["tasks"][-1]["loop"] == [{"path": ("unsafe", "/a"), "mode": "o-w,g-w"}]


@pytest.mark.parametrize("path", ["/a\nb", "/a\x1b", "/a\u202eb"])
def test_path_that_hides_is_refused(path: str) -> None:
    """It is left before that; here nothing is written at all."""
    for make in (playbook, changes):
        with pytest.raises(ValueError, match="cannot stand"):
            make(plan(rights=(Rights(path, mode="o-w"),)))


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


def test_handlers_are_those_that_are_needed() -> None:
    """An engine is not restarted for an audit rule."""
    made = play(plan(rules=Rules(("-w /a",), False)))
    assert [each["name"] for each in made["handlers"]] == ["Load the audit rules"]
    assert "restart.sh" not in playbook(plan(rules=Rules(("-w /a",), False)))


def test_name_of_the_target_ends_no_comment() -> None:
    """A line of a comment stays one."""
    for text in (playbook(plan(target="a\n- hosts: all")), changes(plan(target="a\nreboot"))):
        assert "\n- hosts: all" not in text
        assert "\nreboot" not in text


def test_limits_of_containers() -> None:
    """Each is asked for, and changed where it is another one."""
    limit = Limit("web", "--memory", "9", "{{.HostConfig.Memory}}", ("--memory-swap", "18"))
    ask, change = play(plan(limits=(limit,)))["tasks"][-2:]
    (item,) = ask["loop"]
    assert (item["container"], item["shown"]) == (("unsafe", "web"), ("unsafe", "{{.HostConfig.Memory}}"))
    assert item["more"] == ["--memory-swap", "18"]
    assert change["when"] == "item.stdout != item.item.value"


@pytest.mark.needs("ansible-playbook")
def test_ansible_takes_a_path_as_it_is(tmp_path: Path) -> None:
    """With a real Ansible: a template in the name of a file is not run, and the file loses its rights."""
    file = tmp_path / "{{ lookup('pipe', 'touch here') }}"
    file.write_text("")
    file.chmod(0o666)
    head, tasks = playbook(plan(rights=(Rights(str(file), mode="o-rw"),))).split("  tasks:\n")
    own = tasks[tasks.index("  - name: Look whether") : tasks.index("  handlers:")]
    head = head.replace("become: true", "connection: local").replace(
        "gather_facts: true", "gather_facts: false"
    )
    (tmp_path / "play.yml").write_text(f"{head}  tasks:\n{own}")
    environment = {"PATH": PATH, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["ansible-playbook", "-i", "web1,", "play.yml"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.stat().st_mode & 0o777 == 0o660
    assert not (tmp_path / "here").exists()
