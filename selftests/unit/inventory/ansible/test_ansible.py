"""An inventory of Ansible: told apart by its shape, its hosts as targets, its policies laid over each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hullcheck.inventory import Inventory, InventoryError, load
from hullcheck.inventory.ansible.shape import is_ansible

Load = Callable[[Mapping[str, str] | str], Inventory]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads `hosts`, or the directory, from files with this text."""
    monkeypatch.chdir(tmp_path)

    def load_text(files: Mapping[str, str] | str) -> Inventory:
        for name, text in ({"hosts": files} if isinstance(files, str) else files).items():
            path = Path("site", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load(Path("site/hosts") if Path("site/hosts").exists() else Path("site"))

    return load_text


# ---- told apart


@pytest.mark.parametrize(
    "text",
    [
        "[web]\nweb1\n",
        "# a comment\n\nweb1 ansible_host=10.0.0.1\n",
        "web1.example.com\nweb2.example.com\n",
        "10.0.0.1\n10.0.0.2:22\n",
        "localhost ansible_connection=local",
        "web[01:20].example.com\n",
        "web1\n[db]\ndb1\n",
        "[all:vars]\ntargets: x\n",
        "all:\n  hosts:\n    web1:\n",
        "---\nweb: {children: {db: {hosts: {db1: }}}}\n",
        "targets:\n  hosts:\n    web1:\n",
        '{"_meta": {"hostvars": {}}, "all": {"children": []}}',
        "#!/bin/sh\necho {}\n",
        "plugin: amazon.aws.aws_ec2\n",
        "all:\n  vars: {password: !vault x, other: *x}\n  hosts: {a: }\n".replace("*x", "y"),
    ],
)
def test_inventory_of_ansible_is_known_by_its_shape(tmp_path: Path, text: str) -> None:
    """Whatever it is called."""
    path = tmp_path / "fleet.yml"
    path.write_text(text)
    assert is_ansible(path)


@pytest.mark.parametrize(
    "text",
    [
        'targets:\n  hosts: {connect: "local://"}\n',
        "targets: {}\n",
        "policy:\n  all:\n    vars: {}\n",
        "targets:\n  a: [\n",
        "",
        "# only a comment\n",
        "hunter2\n",
        "eyJ" + "a" * 80 + ".eyJ" + "b" * 80 + ".c\n",
        "root:x:0:0:root:/root:/bin/bash\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----\n",
        "password: secret\nuser: me\n",
        '["a", "b"]\n',
        '{"auths": {"registry": {"auth": "c2VjcmV0"}}}\n',
        "user = me\npassword = secret\n",
    ],
)
def test_anything_else_is_not_taken_for_one(tmp_path: Path, text: str) -> None:
    """What somebody named by mistake is not read as names of hosts, which would be looked up and shown."""
    path = tmp_path / "hosts"
    path.write_text(text)
    assert not is_ansible(path)


# ---- targets


def test_hosts_are_targets_with_their_groups(site: Load) -> None:
    """Names, ways and groups, in the order of the file."""
    known = site(
        "solo ansible_connection=local\n[web]\nweb[1:2].example.com ansible_user=audit ansible_become=yes\n"
        "[prod:children]\nweb\n[web:vars]\nansible_port=2222\n"
    )
    assert [(each.name, each.connect, each.groups) for each in known.targets] == [
        ("solo", "local://", ("ungrouped",)),
        ("web1.example.com", "ssh://audit@web1.example.com:2222?sudo=true", ("prod", "web")),
        ("web2.example.com", "ssh://audit@web2.example.com:2222?sudo=true", ("prod", "web")),
    ]
    assert known.names_of(known.targets[1]) == ("web1.example.com", "prod", "web", "all")


@pytest.mark.parametrize(
    ("variables", "connect"),
    [
        ("", "ssh://h"),
        ("ansible_host=10.0.0.1", "ssh://10.0.0.1"),
        ("ansible_host=2001:db8::1 ansible_port=22", "ssh://[2001:db8::1]:22"),
        ("ansible_host=a ansible_ssh_host=b", "ssh://b"),
        ("ansible_user='corp\\al@x'", "ssh://corp%5Cal%40x@h"),
        ("ansible_become=true ansible_become_user=root", "ssh://h?sudo=true"),
        ("ansible_become=1 ansible_become_user=app", "ssh://h?sudo=true&sudo_user=app"),
        ("ansible_become=False", "ssh://h"),
        ("ansible_become_user=app", "ssh://h"),
        ("ansible_ssh_private_key_file=~/k&y", "ssh://h?ssh_identity_file=~/k%26y"),
        ("ansible_connection=local ansible_become=y", "local://?sudo=true"),
        ("ansible_connection=docker", "docker://h"),
        (
            "ansible_connection=community.docker.docker ansible_host=web ansible_user=root",
            "docker://root@web",
        ),
        ("ansible_connection=containers.podman.podman", "podman://h"),
        ("ansible_connection=ansible.builtin.ssh", "ssh://h"),
    ],
)
def test_variables_say_how_a_host_is_reached(site: Load, variables: str, connect: str) -> None:
    """As Ansible would reach it."""
    (target,) = site(f"[g]\nh {variables}\n").targets
    assert (target.connect, target.fault) == (connect, "")


def test_arguments_of_ssh_are_words_for_no_shell(site: Load) -> None:
    """Ansible splits them as a shell would, and runs none."""
    written = """-o ProxyCommand="ssh -W %h:%p jump" -o 'X=$(id)'"""
    (target,) = site(
        f"[g]\nh\n[g:vars]\nansible_ssh_common_args={written}\nansible_ssh_extra_args=-4\n"
    ).targets
    assert target.ssh_args == "-o 'ProxyCommand=ssh -W %h:%p jump' -o 'X=$(id)' -4"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            "ansible_connection=winrm",
            "'winrm' is no way that hullcheck knows (ssh, local, docker, podman)",
        ),
        ("ansible_host='{{ ip }}'", "is a template, which only Ansible fills in; write it out"),
        ("ansible_host=-oProxyCommand=id", "is no address"),
        ("ansible_host='a b'", "is no address"),
        ("ansible_port=ssh", "is no port"),
        ("ansible_become=maybe", "is neither true nor false"),
        ("ansible_become=1 ansible_become_method=su", "is not sudo, the only one that hullcheck knows"),
        ("ansible_ssh_common_args='-o \"x'", "a quotation in it is not closed"),
        ("ansible_user=[1]", "is no text"),
    ],
)
def test_host_that_cannot_be_reached_so_has_a_fault(site: Load, variables: str, said: str) -> None:
    """With the place, the variable and the host; the others can be used."""
    broken, fine = site(f"[g]\nh {variables}\nfine\n").targets
    assert (fine.fault, broken.connect) == ("", "")
    name = next(each for each in variables.replace("=1 ", "= ").split() if not each.endswith("=")).partition(
        "="
    )[0]
    assert broken.fault.startswith(f"site/hosts:2: {name} of h")
    assert broken.fault.endswith(said)


def test_engine_of_a_host(site: Load) -> None:
    """A variable of our own, as `docker_host` of a target."""
    right, wrong = site(
        "[g]\na hullcheck_docker_host=unix:///run/x.sock\nb hullcheck_docker_host=/run/x.sock\n"
    ).targets
    assert (right.docker_host, right.fault) == ("unix:///run/x.sock", "")
    assert wrong.fault.startswith("site/hosts:3: hullcheck_docker_host of b: is no address of an engine")


def test_encrypted_value_is_named_where_it_is_needed(site: Load) -> None:
    """A password is not needed; an address is."""
    vault = "!vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162\n"
    text = f"all:\n  hosts:\n    h:\n      ansible_password: {vault}"
    assert site(text).targets[0].fault == ""
    assert site(text.replace("password", "host")).targets[0].fault == (
        "site/hosts:4: ansible_host of h is encrypted by ansible-vault; write it in plain text"
    )


def test_what_is_not_used_is_said(site: Load) -> None:
    """A line for each variable, and for each file that is encrypted."""
    known = site(
        {
            "hosts": "[g]\na ansible_shell_type=csh ansible_python_interpreter=/x\n"
            "b ansible_shell_type=sh x=1 hullcheck_polcy={}\n",
            "group_vars/g/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
        }
    )
    assert known.notes == (
        "site/group_vars/g/vault.yml: is encrypted; the variables in it are not known",
        "ansible_shell_type of a and 1 more: not known to hullcheck, and not used",
        "hullcheck_polcy of b: not known to hullcheck, and not used",
    )


def test_names_of_hosts_become_names_of_folders(site: Load) -> None:
    """They are those of reports, and differ."""
    known = site("[g]\n2001:db8::1\na/b\na_b\nresults.json\n[2001:db8::2]:22\n")
    assert [each.name for each in known.targets] == [
        *("2001_db8__1", "a_b", "a_b-2", "results.json-host", "2001_db8__2"),
    ]


# ---- policy


def test_policies_are_laid_over_each_other(site: Load) -> None:
    """Key by key, in Ansible's order: all, parents, children, their files, the host."""
    known = site(
        {
            "hosts": "[kid]\nh hullcheck_policy=\"{'log_drivers': ['host']}\"\n[top:children]\nkid\n"
            "[top:vars]\nhullcheck_policy={'allowed_ports': [1], 'patch_days': 1, 'resource_limits': {'pids': 5}}\n"
            "[kid:vars]\nhullcheck_policy={'allowed_ports': [2]}\n",
            "group_vars/all.yml": "hullcheck_policy:\n  trusted_users: [al]\n  patch_days: 7\n",
            "group_vars/kid": "hullcheck_policy: {resource_limits: {memory: 1g}}\n",
        }
    )
    (target,) = known.targets
    assert known.policy_as_written(target) == {
        "allowed_ports": [2],
        "log_drivers": ["host"],
        "patch_days": 7,
        "resource_limits": {"pids": 5, "memory": "1g"},
        "trusted_users": ["al"],
    }
    assert known.policy["all"] == {"trusted_users": ["al"], "patch_days": 7}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("{trusted_user: [al]}", "hullcheck_policy.trusted_user: unknown key; did you mean 'trusted_users'?"),
        ("{allowed_ports: [9-1]}", "hullcheck_policy.allowed_ports[0]: "),
        ("text", "hullcheck_policy: 'text' is not a policy, such as"),
        ("{trusted_users: ['{{ admin }}']}", "hullcheck_policy is a template"),
        ("{trusted_users: [!vault x]}", "hullcheck_policy is encrypted"),
    ],
)
def test_fault_of_a_policy_has_its_place(site: Load, policy: str, said: str) -> None:
    """The file and line of the variable, and the way in it."""
    with pytest.raises(InventoryError) as caught:
        site({"hosts": "[g]\nh\n", "group_vars/g.yml": f"a: b\nhullcheck_policy: {policy}\n"})
    (fault,) = caught.value.faults
    assert fault.startswith(f"site/group_vars/g.yml:2: {said}")


# ---- refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[web]\nh x\n", "site/hosts:2: NAME=VALUE is expected behind the name of a host"),
        ("[web]\nh 'x\n", "site/hosts:2: a quotation is not closed"),
        ("[web]\nh[3]\n", "site/hosts:2: a range of hosts is not as [1:20], [01:20], [a:f] or [1:20:2]"),
        ("[web]\nh[01:9]\n", "site/hosts:2: the ends of a range with leading zeros differ in length"),
        ("[web]\nh[1:999999]\n", "site/hosts:2: a range stands for more than 100,000 hosts"),
        ("[web]\nh_:22\n", "site/hosts:2: a port stands behind what is no name of a host"),
        ("[web]\nh[1:9:0]\n", "site/hosts:2: the step of a range is 0"),
        ("[a:what]\nh\n", "site/hosts:1: [a:what] is no kind of section; write vars, children, or nothing"),
        ("[a:children]\nb\n", "site/hosts:2: a child that is a group that is not declared; write [b]"),
        ("[a]\nh\n[b:vars]\nx=1\n", "site/hosts:3: variables for a group that is not declared; write [b]"),
        ("[a:children]\nb\n[b:children]\na\n", "site/hosts: the group a is a child of its own children"),
        ("[a]\n", "site/hosts:1: holds no host"),
        (
            "[a]\nh\n[a:vars]\nansible_group_priority=x\n",
            "site/hosts:4: ansible_group_priority is not a number",
        ),
        ("all: {hosts: {h: [1]}}\n", "site/hosts:1: the variables of a host are no mapping"),
        ("all: {hosts: [h]}\n", "site/hosts:1: hosts is no mapping; write one, as Ansible has it"),
        (
            "plugin: x.y.z\n",
            "site/hosts:1: is of a plugin, which only Ansible runs; write `ansible-inventory",
        ),
        ("#!/usr/bin/env python3\n", "site/hosts:1: is a program, which only Ansible runs; write `ansible-"),
        ('{"_meta": {"hostvars": []}}', "site/hosts:1: hostvars is no mapping"),
        ('{"_meta": {"hostvars": {}}, "a": {"hosts": [1]}}', "site/hosts:1: hosts is no list of names"),
    ],
)
def test_what_ansible_would_not_take_either_is_refused(site: Load, text: str, said: str) -> None:
    """In one line with its place, which quotes nothing but names of groups."""
    with pytest.raises(InventoryError) as caught:
        site(text)
    (fault,) = caught.value.faults
    assert fault.startswith(said)


def test_directory_with_something_else_in_it_is_refused(site: Load) -> None:
    """An inventory of hullcheck is a file."""
    with pytest.raises(
        InventoryError, match=r"^site/fleet.yml:1: is no inventory of Ansible in INI, YAML or JSON"
    ):
        site({"fleet.yml": 'targets:\n  a: {connect: "local://"}\n'})


def test_alias_that_names_itself_is_refused(site: Load) -> None:
    """And one that is used often is read once."""
    with pytest.raises(InventoryError, match=r"^site/group_vars/g:1: nested too deep, or in itself"):
        site({"hosts": "[g]\nh\n", "group_vars/g": "a: &a [*a]\n"})
    lines = [
        "a0: &a0 [x, x]",
        *(f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 9)}]" for each in range(1, 6)),
    ]
    assert site({"group_vars/g": "\n".join(lines)}).targets
