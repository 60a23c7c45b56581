"""Inventory: YAML without surprises, every fault with its line, and the policy of each target."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck.inventory import InventoryError, Target, load, yamlfile
from hullcheck.inventory.yamlfile import YamlError
from hullcheck.policy import Policy, PortRange
from hullcheck.results import run_files
from selftests import REPOSITORY

ONE = 'targets:\n  web1: {connect: "local://"}\n'

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes site.yml, and is where it is."""
    monkeypatch.chdir(tmp_path)

    def write_file(text: str) -> Path:
        Path("site.yml").write_text(text, encoding="utf-8")
        return Path("site.yml")

    return write_file


@pytest.fixture
def faults(write: Write) -> Callable[[str], list[str]]:
    """What is said of an inventory with this text."""

    def faults_of(text: str) -> list[str]:
        with pytest.raises(InventoryError) as caught:
            load(write(text))
        assert str(caught.value) == "\n".join(caught.value.faults)
        return list(caught.value.faults)

    return faults_of


TITLE = "a mapping with the keys targets, policy, profiles, controls, waivers and attestations"
Faults = Callable[[str], list[str]]

# ---- YAML


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *(("5.10", "5.10"), ("5", 5), ("007", "007"), ("'5'", "5"), ("2030-01-31", "2030-01-31")),
        *(("true", True), ("'true'", "true"), ("yes", "yes"), ("", None), ("|\n  5\n", "5\n")),
    ],
)
def test_scalars_mean_what_is_written(write: Write, written: str, read: object) -> None:
    """Only plain whole numbers, true and false are more than text; nothing at all is None."""
    data = yamlfile.load(write(f"key: {written}")).data["key"]
    assert (data, type(data)) == (read, type(read))


DEEP = "[" * 60 + "]" * 60


@pytest.mark.parametrize(
    ("text", "line", "where", "message"),
    [
        ("geheim: &x 1\nb: *x\n", 2, "b: ", "an alias (*) repeats another value; write the value out"),
        ("geheim:\n  <<: {b: 1}\n", 2, "geheim: ", "a merge key (<<); write the values out"),
        ("? [1]\n: 2\n", 1, "", "a key is not a text"),
        ("a: 1\n\x07b: 2\n", 2, "", "holds the control character U+0007; take it out"),
        (f"b: 1\na: {DEEP}", 2, "a: ", "nested deeper than 50 levels"),
        ("a:\n- b: 1\n  c: 2\n  b: 3\n", 4, "a[0].b: ", "is there already, in line 2; write it once"),
        ("a:\n- !x y\n", 2, "a[0]: ", "has the tag !x; take the tag away"),
    ],
)
def test_surprising_yaml_is_refused_with_its_line(write: Write, text: str, line: int, where: str, message: str) -> None:
    """What would change a value unseen is refused in one line; a file that is no inventory is not quoted."""
    with pytest.raises(YamlError) as caught:
        yamlfile.load(write(f"{text}\ntargets: {{}}\n"))
    assert str(caught.value) == f"site.yml:{line}: {where}{message}"
    with pytest.raises(YamlError) as caught:
        yamlfile.load(write(text))
    hidden = {"is there": "a key is there", "has the tag !x": "a value has a tag"}
    for shown, other in hidden.items():
        message = message.replace(shown, other)
    assert str(caught.value) == f"site.yml:{line}: {message}"


@pytest.mark.parametrize(("text", "line"), [("a: [1,\nb: 2\n", 3), ("a: 1\n--- \nb: 2\n", 2), ("[" * 5000, 1)])
def test_broken_yaml_is_one_line(write: Write, text: str, line: int) -> None:
    """What is not YAML, or more than one document, is told in one line with file and line."""
    with pytest.raises(YamlError, match=rf"^site\.yml:{line}: not YAML: [^\n]+$"):
        yamlfile.load(write(text))


def test_other_encoding_is_refused_with_its_line(write: Write) -> None:
    """A file in another encoding than UTF-8 is refused, and a byte order mark is not."""
    path = write("")
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(YamlError, match=r"^site\.yml:2: not UTF-8; save the file as UTF-8$"):
        yamlfile.load(path)
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert yamlfile.load(path).data == {"a": 1}


# ---- right inventories


def test_targets_are_read_in_their_order(write: Write) -> None:
    """Name, connection, groups and engine of each target come from the file."""
    inventory = load(
        write(
            "targets:\n"
            '  web2: {connect: "ssh://audit@web2?sudo=true", groups: [prod, eu],'
            ' docker_host: "unix:///run/user/1000/docker.sock"}\n'
            '  10.0.0.1: {connect: "docker://web"}\n'
        )
    )
    assert inventory.path == Path("site.yml")
    assert inventory.targets == (
        Target("web2", "ssh://audit@web2?sudo=true", ("prod", "eu"), "unix:///run/user/1000/docker.sock"),
        Target("10.0.0.1", "docker://web"),
    )


def test_inventories_of_the_project(write: Write) -> None:
    """They can be used as they are; the policy in the comments of the local one works too."""
    assert load(REPOSITORY / "inventories/fleet.example.yml").targets
    text = (REPOSITORY / "inventories" / "local.yml").read_text(encoding="utf-8")
    inventory = load(write(text))
    assert inventory.targets == (Target("local", "local://"),)
    assert inventory.policy_for(inventory.targets[0]) == Policy()
    head, comment = text.split("#\n# policy:")
    uncommented = "policy:" + "\n".join(line.removeprefix("# ") for line in comment.splitlines())
    policy = load(write(head + "\n" + uncommented)).policy_for(inventory.targets[0])
    assert policy.trusted_users == ("alice",)
    assert policy.allowed_ports == (PortRange(443, 443), PortRange(8000, 8100), PortRange(53, 53, "udp"))


# ---- wrong inventories


def test_unknown_key_is_named_with_its_line(faults: Faults) -> None:
    """A misspelt key is told with its line, the key that was meant and those that there are."""
    assert faults("targets:\n  web1:\n    connect: local://\n    conect: local://\n") == [
        "site.yml:4: targets.web1.conect: unknown key; did you mean 'connect'? known keys: connect, docker_host, groups"
    ]
    assert faults(ONE + "zzz: 1\n") == [
        "site.yml:3: zzz: unknown key; known: attestations, controls, policy, profiles, targets, waivers"
    ]


@pytest.mark.parametrize(
    ("connect", "fault"),
    [
        ("web1", "'web1' names no backend; write for example 'ssh://web1'"),
        ("ssh://", "names no host; write ssh://NAME"),
        ("recorded://", "names no path; write recorded://PATH"),
        (
            "docker://--privileged",
            "a name that begins with '-' would be an option of docker; write the target's id or another name",
        ),
        ("ssh://web1?sdo=true", "unknown key 'sdo' after the '?'; did you mean 'sudo'?"),
        ("ssh://web1?sudo=1", "sudo=1: write sudo=true or sudo=false"),
        ("shh://web1", "unknown backend 'shh'; did you mean 'ssh'?"),
        ("me:hidden@web1", "'me:***@web1' names no backend; write for example 'ssh://me:***@web1'"),
    ],
)
def test_connection_without_backend_or_host_is_refused(faults: Faults, connect: str, fault: str) -> None:
    """A connection has a backend and a host; only local needs no host. What follows is known to testinfra."""
    assert faults(f"targets:\n  web1: {{connect: {connect!r}}}\n") == [f"site.yml:2: targets.web1.connect: {fault}"]


def test_inventory_of_no_target_is_refused(faults: Faults) -> None:
    """No targets, an empty mapping and an empty key are faults: an audit of nothing is never green."""
    wanted = "at least one target, as 'name: {connect: \"ssh://user@host\"}'"
    for text in ("", "# only a comment\n", "- a\n", "web1\n"):
        assert faults(text) == [f"site.yml:1: holds no inventory: write {TITLE}"]
    for text in ("waivers: {}\n", "policy: {}\n"):
        assert faults(text) == [f"site.yml:1: targets: is missing; write {wanted}"]
    assert faults("policy: {}\ntargets: {}\n") == [f"site.yml:2: targets: is empty; write {wanted}"]
    assert faults("targets:\n") == [
        f"site.yml:1: targets: nothing is not {wanted}; write a value, or take the key away"
    ]


@pytest.mark.parametrize("name", ["-web", "..", "a/b", "wéb"])
def test_name_that_is_no_directory_is_refused(faults: Faults, name: str) -> None:
    """A name becomes a directory, so it holds nothing that could lead elsewhere."""
    (fault,) = faults(f'targets:\n  {name}: {{connect: "local://"}}\n')
    assert fault.startswith("site.yml:2: targets.")
    assert "is not the name of a target: letters, digits" in fault


def test_everything_wrong_is_told_at_once(faults: Faults) -> None:
    """A number for text, text for a list and the like are told with their lines and with what to write."""
    found = faults(
        "targets:\n"
        "  a: {connect: 5}\n"
        "  b: {connect: 'local://', groups: prod}\n"
        "  c: {connect: 'local://', groups: [1]}\n"
        "  d: {connect: 'local://', groups: [x, x]}\n"
        "  e: {connect: 'local://', docker_host: /run/docker.sock}\n"
        "  f: ssh://web1\n"
        "  g: {groups: []}\n"
        "policy: [x]\n"
    )
    assert [fault.split(": ", 2)[:2] for fault in found] == [
        ["site.yml:2", "targets.a.connect"],
        ["site.yml:3", "targets.b.groups"],
        ["site.yml:4", "targets.c.groups[0]"],
        ["site.yml:5", "targets.d.groups"],
        ["site.yml:6", "targets.e.docker_host"],
        ["site.yml:7", "targets.f"],
        ["site.yml:8", "targets.g.connect"],
        ["site.yml:9", "policy"],
    ]
    assert found[1].endswith("'prod' is not a list of names of groups; write [prod]")
    assert found[2].endswith("1 is not the name of a group; put it in quotes")
    assert "is missing; write how to reach the target" in found[6]


def test_policy_of_nobody_is_refused(faults: Faults) -> None:
    """A policy for a group or a target that there is not would never hold, so it is a fault."""
    found = faults(
        "targets:\n"
        "  web1: {connect: 'local://', groups: [prod]}\n"
        "policy:\n"
        "  groups:\n"
        "    pord: {}\n"
        "  targets:\n"
        "    web2: {}\n"
    )
    assert found == [
        "site.yml:5: policy.groups.pord: no target is in this group; did you mean 'prod'?",
        "site.yml:7: policy.targets.web2: there is no target of this name; did you mean 'web1'?",
    ]


# ---- the policy of a target

LAYERS = """
targets:
  web1: {connect: "local://", groups: [prod, eu]}
  web2: {connect: "local://", groups: [eu, prod]}
  db1: {connect: "local://"}
policy:
  all: {trusted_users: [all], log_drivers: [all], resource_limits: {memory: 1g, pids: 5}}
  groups:
    prod: {trusted_users: [prod], allowed_registries: [prod]}
    eu: {trusted_users: [eu]}
  targets:
    web1: {log_drivers: [web1], resource_limits: {memory: 2g}}
"""


def test_policy_is_laid_over_in_order(write: Write) -> None:
    """All comes first, then the groups as the target lists them, then the target, also for a namesake of --hosts."""
    layers = load(write(LAYERS))
    web1, web2, db1 = (layers.policy_for(target) for target in layers.targets)
    assert [policy.trusted_users for policy in (web1, web2, db1)] == [("eu",), ("prod",), ("all",)]
    assert [policy.log_drivers for policy in (web1, web2, db1)] == [("web1",), ("all",), ("all",)]
    assert [policy.allowed_registries for policy in (web1, web2, db1)] == [("prod",), ("prod",), None]
    assert layers.policy_for(Target("web1", "ssh://root@web1")) == web1
    assert layers.policy_for(Target("new", "ssh://new")) == db1
    assert layers.policy_for(Target("new", "ssh://new", ("prod",))).trusted_users == ("prod",)


# ---- schema and start


def test_no_target_is_named_like_a_file_of_a_run() -> None:
    """The schema, which has to be whole for editors, names the files that a run writes."""
    schema = json.loads((yamlfile.SCHEMAS / "inventory.json").read_text(encoding="utf-8"))
    names = "|".join(map(re.escape, run_files.NAMES)).replace(r"\-", "-")
    pattern = schema["properties"]["targets"]["propertyNames"]["pattern"]
    assert pattern == f"^(?!({names})$)[A-Za-z0-9][A-Za-z0-9._-]*$"
