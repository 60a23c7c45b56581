"""An inventory of Ansible: known by its shape, listed by ansible-inventory, its hosts as targets."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hullcheck import bounded
from hullcheck.inventory import Inventory, InventoryError, ansible, load
from hullcheck.inventory.ansible import is_ansible
from selftests.needs import need

PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"

Load = Callable[..., Inventory]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("[web]\nweb1\n", True),
        ("# a comment\n\nweb1 ansible_host=10.0.0.1\n", True),
        ("web1.example.com\nweb[02:20].example.com\n[db]\n", True),
        ("all:\n  hosts:\n    web1:\n", True),
        ('{"_meta": {"hostvars": {}}, "all": {"children": []}}', True),
        ("#!/bin/sh\necho {}\n", True),
        ("plugin: amazon.aws.aws_ec2\n", True),
        ('targets:\n  hosts: {connect: "local://"}\n', False),
        ("", False),
        ("hunter2\n", False),
        ("root:x:0:0:root:/root:/bin/bash\n", False),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n", False),
        ("password: secret\nuser: me\n", False),
    ],
)
def test_inventory_of_ansible_is_known_by_its_shape(tmp_path: Path, text: str, is_one: bool) -> None:
    """Its name does not matter, and the words of a file named by mistake do not become names of hosts."""
    path = tmp_path / "fleet.yml"
    path.write_text(text)
    assert is_ansible(path) == is_one


# ---- with a program that answers as ansible-inventory does


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads `hosts`, of which ansible-inventory says this."""
    monkeypatch.chdir(tmp_path)
    Path("hosts").write_text("[g]\n")
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")

    def load_answer(answer: Any, errors: str = "", status: int = 0) -> Inventory:
        def run(words: tuple[str, ...], **limits: Any) -> bounded.Ended:
            assert words == ("/bin/ansible-inventory", "-i", f"{tmp_path}/hosts", "--list")
            assert limits["environment"]["ANSIBLE_HASH_BEHAVIOUR"] == "merge"
            return bounded.Ended(status, json.dumps(answer).encode(), errors)

        monkeypatch.setattr(bounded, "run", run)
        return load(Path("hosts"))

    return load_answer


def of_host(**variables: Any) -> dict[str, Any]:
    """The answer for one host with these variables, and another without any."""
    return {"_meta": {"hostvars": {"h": variables}}, "g": {"hosts": ["h", "fine"]}}


def test_hosts_are_targets_with_their_groups(listed: Load) -> None:
    """Parents count; a name that cannot be that of a folder is changed."""
    known = listed(
        {
            "_meta": {"hostvars": {"web1": {"ansible_user": "audit"}, "a/b": {"ansible_host": "a.b"}}},
            "all": {"children": ["ungrouped", "prod"]},
            "prod": {"children": ["web"]},
            "web": {"hosts": ["web1", "results.json"]},
            "ungrouped": {"hosts": ["a_b", "a/b"]},
        }
    )
    assert [(each.name, each.connect, each.groups) for each in known.targets] == [
        ("web1", "ssh://audit@web1", ("prod", "web")),
        ("results.json-host", "ssh://results.json", ("prod", "web")),
        ("a_b", "ssh://a_b", ("ungrouped",)),
        ("a_b-2", "ssh://a.b", ("ungrouped",)),
    ]


@pytest.mark.parametrize(
    ("variables", "connect", "fault"),
    [
        ({"ansible_host": "2001:db8::1", "ansible_port": 22}, "ssh://[2001:db8::1]:22", ""),
        ({"ansible_user": "corp\\al@x"}, "ssh://corp%5Cal%40x@h", ""),
        ({"ansible_become": "1", "ansible_become_user": "app"}, "ssh://h?sudo=true&sudo_user=app", ""),
        ({"ansible_become": False, "ansible_become_user": "app"}, "ssh://h", ""),
        ({"ansible_ssh_private_key_file": "~/k&y"}, "ssh://h?ssh_identity_file=~/k%26y", ""),
        ({"ansible_connection": "local", "ansible_become": "y"}, "local://?sudo=true", ""),
        ({"ansible_connection": "community.docker.docker", "ansible_user": "root"}, "docker://root@h", ""),
        ({"ansible_connection": "winrm"}, "", "ansible_connection: 'winrm' is not one of ssh, local, docker,"),
        ({"ansible_host": "{{ ip }}"}, "", "ansible_host: a template, which only Ansible fills in; write it out"),
        ({"ansible_host": "-oProxyCommand=id"}, "", "ansible_host: not an address"),
        ({"ansible_host": {"__ansible_vault": "x"}}, "", "ansible_host: encrypted by ansible-vault, or not a text"),
        ({"ansible_become": "maybe"}, "", "ansible_become: neither true nor false"),
        ({"ansible_become": "1", "ansible_become_method": "su"}, "", "ansible_become_method: only sudo is supp"),
        ({"ansible_port": 70000}, "", "ansible_port: not a port"),
        ({"ansible_ssh_common_args": "'"}, "", "ansible_ssh_common_args: No closing quotation"),
        ({"hullcheck_docker_host": "/run/x.sock"}, "", "hullcheck_docker_host: write an address such as unix:///"),
    ],
)
def test_variables_say_how_a_host_is_reached(listed: Load, variables: dict[str, Any], connect: str, fault: str) -> None:
    """The host is reached as Ansible reaches it; a fault names the variable, and the other hosts can be used."""
    target, fine = listed(of_host(**variables)).targets
    assert (target.connect, fine.fault) == (connect, "")
    assert target.fault.startswith(f"hosts: h: {fault}" if fault else "")
    assert bool(target.fault) == bool(fault)


def test_variables_of_hullcheck(listed: Load) -> None:
    """The engine and the policy of a host; a variable without effect is named; arguments of ssh are quoted."""
    known = listed(
        of_host(
            ansible_ssh_common_args="""-o ProxyCommand="ssh -W %h:%p jump" -o 'X=$(id)'""",
            ansible_ssh_extra_args="-4",
            hullcheck_docker_host="unix:///run/x.sock",
            hullcheck_policy={"trusted_users": ["al"]},
            hullcheck_polcy={},
            ansible_password="s3cret",
            ansible_python_interpreter="/x",
        )
    )
    target, fine = known.targets
    assert target.docker_host == "unix:///run/x.sock"
    assert target.ssh_args == "-o 'ProxyCommand=ssh -W %h:%p jump' -o 'X=$(id)' -4"
    assert known.policy_as_written(target) == {"trusted_users": ["al"]}
    assert known.policy_as_written(fine) == {}
    assert known.notes == (
        "ansible_password of h: not known to hullcheck, and not used",
        "hullcheck_polcy of h: not known to hullcheck, and not used",
    )
    assert "s3cret" not in json.dumps(ansible.as_written(known))


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"trusted_user": []}, "hullcheck_policy.trusted_user of h: unknown key; did you mean 'trusted_users'?"),
        ({"allowed_ports": ["9-1"]}, "hullcheck_policy.allowed_ports.0 of h: "),
        ({"trusted_users": ["{{ admin }}"]}, "hullcheck_policy of h: encrypted or a template; write it out"),
    ],
)
def test_fault_of_a_policy(listed: Load, policy: Any, said: str) -> None:
    """A fault of many hosts is reported once."""
    answer = {"_meta": {"hostvars": {each: {"hullcheck_policy": policy} for each in "hi"}}}
    with pytest.raises(InventoryError) as caught:
        listed(answer)
    assert caught.value.faults[-1].startswith(f"hosts: {said}")
    assert not any(" of i: " in each for each in caught.value.faults)


def test_answer_that_cannot_be_used(listed: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ansible-inventory says becomes one line; without it, one line says what to install."""
    errors = "[WARNING]: \x1b[1mfirst\n\n[ERROR]: Completely failed to parse /x\n"
    with pytest.raises(InventoryError, match=r"^hosts: ansible-inventory: \[ERROR\]: Completely f[^\n]*; run `ans"):
        listed({}, errors, 1)
    with pytest.raises(InventoryError, match=r"^hosts: holds no host$"):
        listed({"all": {"children": ["ungrouped"]}})
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InventoryError, match=r"^hosts: an inventory of Ansible needs ansible-inventory: inst"):
        load(Path("hosts"))


# ---- with the real one

HOSTS = """solo ansible_connection=local
[web]
web[1:2].example.com ansible_user=audit ansible_become=yes
[prod:children]
web
[prod:vars]
hullcheck_policy={'allowed_ports': [1], 'patch_days': 1, 'resource_limits': {'pids': 5}}
[web:vars]
ansible_port=2222
hullcheck_policy={'allowed_ports': [2]}
"""
ALL = "hullcheck_policy: {trusted_users: [al], patch_days: 7, resource_limits: {memory: 1g}}\n"


def test_ansible_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges, groups and precedence are Ansible's; policies are laid over each other key by key."""
    monkeypatch.setenv("PATH", PATH)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    need("ansible-inventory")
    Path("hosts").write_text(HOSTS)
    Path("group_vars").mkdir()
    Path("group_vars/all.yml").write_text(ALL)
    known = load(Path("hosts"))
    assert [(each.name, each.connect, each.groups) for each in known.targets] == [
        ("solo", "local://", ("ungrouped",)),
        ("web1.example.com", "ssh://audit@web1.example.com:2222?sudo=true", ("prod", "web")),
        ("web2.example.com", "ssh://audit@web2.example.com:2222?sudo=true", ("prod", "web")),
    ]
    solo, web, _ = map(known.policy_as_written, known.targets)
    assert solo == {"trusted_users": ["al"], "patch_days": 7, "resource_limits": {"memory": "1g"}}
    assert web == {**solo, "allowed_ports": [2], "resource_limits": {"memory": "1g", "pids": 5}}
