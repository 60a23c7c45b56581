"""The playbook: what a host chose is data in it, never a template."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from hullcheck.remedies.daemon_json import DaemonChange
from hullcheck.remedies.host_files import Rights, Rules
from hullcheck.remedies.plan import KERNEL, RIGHTS, RULES, SETTINGS, Plan
from hullcheck.remedies.playbook import playbook
from hullcheck.remedies.script import changes

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
        "mended": dict.fromkeys((SETTINGS, RULES, KERNEL, RIGHTS), ()),
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
