"""What hullcheck reads of an inventory of Ansible is what ansible-core reads: hosts, groups, variables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hullcheck.inventory.ansible import sources
from hullcheck.inventory.ansible.groups import AnsibleError, Hierarchy
from selftests.needs import stop_if

BESIDE = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
INVENTORY = shutil.which("ansible-inventory", path=BESIDE)
# each line that it is given names an inventory; its own command takes a second for each
ANSIBLE = """
import json, sys
from ansible import constants
from ansible.inventory.helpers import sort_groups
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.vars.manager import VariableManager
init_plugin_loader()
OWN = (*constants.INTERNAL_STATIC_VARS, "ansible_facts", "omit")
for line in sys.stdin:
    try:
        loader = DataLoader()
        inventory = InventoryManager(loader, sources=[line.strip()])
        variables = VariableManager(loader, inventory)
        hosts = {}
        for host in inventory.get_hosts():
            known = variables.get_vars(host=host, include_hostvars=False, stage="all")
            groups = [each.name for each in sort_groups(host.get_groups()) if each.name != "all"]
            hosts[host.name] = [groups, {name: each for name, each in known.items() if name not in OWN}]
        print(json.dumps(hosts, default=str), flush=True)
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"), flush=True)
"""
SETTINGS = {
    "PATH": BESIDE,
    "LC_ALL": "C.UTF-8",
    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
    "ANSIBLE_DEPRECATION_WARNINGS": "false",
}


class Ansible:
    """An ansible-core that reads one inventory after the other."""

    def __init__(self, home: Path) -> None:
        """Start it."""
        command = [sys.executable, "-W", "ignore", "-c", ANSIBLE]
        self.process = subprocess.Popen(
            command,
            cwd=home,  # no ansible.cfg
            env={**SETTINGS, "HOME": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def read(self, path: Path) -> Any:
        """Groups and variables of each host, or in words why there are none."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self.process.communicate()


@pytest.fixture(scope="module")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ansible]:
    """The real ansible-core."""
    stop_if(None if INVENTORY else "needs ansible-core, which this machine lacks")
    running = Ansible(tmp_path_factory.mktemp("home"))
    yield running
    running.close()


def read(path: Path) -> dict[str, Any]:
    """The same of hullcheck's own reader."""
    site = sources.read(path)
    hierarchy = Hierarchy(site, path)
    found = {}
    for name in site.hosts:
        variables = {each: variable.value for each, variable in hierarchy.variables_of(name).items()}
        found[name] = [list(hierarchy.groups_of(name)), variables]
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write *files* into *folder*."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


INI = """
# hosts before any section
solo
lone.example.com:2222 a=1 # a comment
[web]
web[01:03].example.com a="two words" b='x=y'# no comment
db[a:c:2] ansible_port=22
[2001:db8::1]:2200
2001:db8::2
[db:children]
late
[late]
db[a:c:2] a=late
x[1:2]y[08:10]
[all:vars]
a=all
b = [1, 'x', {"k": None}]
c=True
d=true
e='quoted # text'
f=5.10
g=007
h="unclosed
i=a # stays
j=
[db:vars]
a=db
k={'x': (1, 2)}
[late:vars]
a=late too
[deep:children]
db
web
[deep:vars]
ansible_group_priority=10
l=deep
[other:children]
web
[other:vars]
l=other
ansible_group_priority=3
"""
YAML = """
all:
  vars: {a: all, b: 5, c: "5", port: 08}
  hosts:
    solo:
    web[1:3]:2222: {a: host}
  children:
    db:
      hosts: {db1: , db2: {x: [1, {y: z}]}}
      vars: {a: db, q: &anchor {k: v}}
      children:
        late: {hosts: {db2: , db3: }, vars: {a: late, q: {<<: *anchor, l: w}}}
    late:
      children: {later: {hosts: db4}}
web:
  children: {late: }
  hosts: {web1: {a: web}}
  vars: {r: *anchor, t: true, n: null}
"""
VARS = {
    "group_vars/all.yml": "a: all of group_vars\nb: all\nz: all\n",
    "group_vars/db": "a: db of group_vars\nb: db\n",
    "group_vars/late/10.yml": "a: ten\nb: ten\n",
    "group_vars/late/20.yaml": "b: twenty\n",
    "group_vars/late/30.txt": "b: thirty\n",
    "group_vars/late/.40.yml": "b: hidden\n",
    "group_vars/late/sub/50.json": '{"sub": [1, 2]}',
    "group_vars/deep.json": '{"a": "deep", "l": "deep of group_vars"}',
    "group_vars/other.yaml": "l: other of group_vars\nansible_group_priority: 50\n",
    "host_vars/db1.yml": "a: db1\n",
    "host_vars/dba": "a: dba\nempty:\n",
    "host_vars/solo/main.yml": "---\n",
}
LISTING = """{"_meta": {"hostvars": {"web1": {"a": 1, "s": "x"}, "web2": {}, "other": {"b": [1]}}},
 "all": {"children": ["ungrouped", "web", "db"]}, "web": {"hosts": ["web1", "web2"]},
 "db": {"children": ["late"], "vars": {"v": true}}, "late": ["web2", "db1"], "ungrouped": {"hosts": ["solo"]}}"""
LAYOUTS: dict[str, tuple[str, dict[str, str]]] = {
    "ini": ("hosts", {"hosts": INI}),
    "ini beside variables": ("hosts", {"hosts": INI, **VARS}),
    "yaml": ("hosts.yml", {"hosts.yml": YAML}),
    "yaml beside variables": ("hosts.yml", {"hosts.yml": YAML, **VARS}),
    "directory": (
        "",
        {"10": INI, "20.yml": YAML, "30.md": "[no]\nno\n", "sub/40": "[late]\nfrom-sub a=sub\n", **VARS},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_inventory_is_read_as_ansible_reads_it(ansible: Ansible, tmp_path: Path, layout: str) -> None:
    """Ranges, sections, nested groups, literals, priorities, and files of variables in their order."""
    name, files = LAYOUTS[layout]
    write(tmp_path, files)
    expected = ansible.read(tmp_path / name)
    assert isinstance(expected, dict), expected
    assert len(expected) > 5
    assert read(tmp_path / name) == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_ansible_lists_is_the_same_inventory(ansible: Ansible, tmp_path: Path, layout: str) -> None:
    """The JSON of `ansible-inventory --list`, taken for an inventory, has the same hosts, groups and variables."""
    name, files = LAYOUTS[layout]
    write(tmp_path / "site", files)
    source = tmp_path / "site" / name
    environment = {**SETTINGS, "HOME": str(tmp_path)}
    command = [str(INVENTORY), "-i", str(source), "--list"]
    listed = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    path = tmp_path / "listed.json"
    path.write_text(listed.stdout)
    mine, listing = read(source), read(path)
    assert {name: each[1] for name, each in listing.items()} == {name: each[1] for name, each in mine.items()}
    for name, (groups, _) in mine.items():
        assert set(listing[name][0]) == set(groups), name


def test_listing_of_another_program_is_read(tmp_path: Path) -> None:
    """Groups may be lists, and hosts have variables alone."""
    (tmp_path / "l.json").write_text(LISTING)
    assert read(tmp_path / "l.json") == {
        "web1": [["web"], {"a": 1, "s": "x"}],
        "web2": [["db", "web", "late"], {"v": True}],
        "db1": [["db", "late"], {"v": True}],
        "solo": [["ungrouped"], {}],
        "other": [["ungrouped"], {"b": [1]}],
    }


GROUPS = some.sampled_from(["a", "b", "c", "d", "all", "ungrouped"])
HOSTS = some.sampled_from(
    [
        "h1",
        "h2",
        "h[1:3]",
        "h[01:3]",
        "h[3:1]",
        "h[a:c]",
        "h[1:4:2]",
        "h1:22",
        "h[1:2]:22",
        "h:x",
        "h[",
        "h1:",
        "e",
    ]
)
VALUES = some.one_of(
    some.sampled_from(
        [
            "1",
            "'x'",
            '"x y"',
            "[1, 2]",
            "{'a': 1}",
            "True",
            "x#y",
            "",
            "a=b",
            "1.50",
            "0x10",
            "b'x'",
            "'",
            "x'y z'",
        ]
    ),
    some.text("ab1'\"\\ #=[]{},:-", max_size=8),
)
VARIABLES = some.builds(
    "{}={}".format, some.sampled_from(["x", "y", "ansible_port", "z z", "k-1", ""]), VALUES
)
LINES = some.one_of(
    some.builds(
        "[{}{}]".format, GROUPS, some.sampled_from(["", ":vars", ":children", ":hosts", ":x", "  # c"])
    ),
    some.builds("{} {}".format, HOSTS, some.lists(VARIABLES, max_size=2).map(" ".join)),
    some.sampled_from(["a", "b", "c", "d"]),
    VARIABLES,
    some.builds("ansible_group_priority={}".format, some.integers(0, 12)),
    some.sampled_from(["", "# c", "; c", "  h5  # c", "h6 x"]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=some.lists(LINES, min_size=1, max_size=14))
def test_any_ini_file_is_read_as_ansible_reads_it_or_refused(
    ansible: Ansible, tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    """What hullcheck takes, Ansible takes too, and makes the same of it."""
    path = tmp_path_factory.mktemp("any") / "hosts"
    path.write_text("\n".join(["[a]", "first", *lines, ""]), encoding="utf-8")
    expected = ansible.read(path)
    try:
        found = read(path)
    except AnsibleError:
        return
    if not isinstance(expected, str) and found.keys() & {"a", "b", "c", "d"}:
        return  # with a host that is named as a group Ansible mixes the two up, and warns
    assert found == expected
