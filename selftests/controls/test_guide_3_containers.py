"""The hardening guide, section 3, on facts made by hand: each control tells good from bad by one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.policy import Policy, ResourceLimits
from selftests.kit.facts.container_host import DESCRIPTION, HOST_CONFIG, IMAGE, ContainerHost
from selftests.kit.facts.containers import containers
from selftests.kit.facts.layers import answer, facts
from selftests.kit.facts.swarms import Node, service
from selftests.kit.judging import judged

DIGEST = "sha256:" + "2" * 64
NAMED = {"Type": "volume", "Name": "data", "Source": "/v", "Destination": "/data", "RW": True}
UNNAMED = NAMED | {"Name": "3" * 64}
BOUND = NAMED | {"Type": "bind", "Name": "", "Source": "/srv/data"}
READ_ONLY = {"ReadonlyRootfs": True}
WIDE = {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}}
CHOSEN = {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "8080"}]}}
BOUNDED = {"CapEff": "0" * 16, "CapPrm": "0" * 16, "CapBnd": "0" * 16}

CASES: list[tuple[str, Mapping[str, Any], Mapping[str, Any], str]] = [
    (
        "container_image_is_pinned",
        {"Reference": f"app:1@{DIGEST}"},
        {"Reference": "app:1"},
        "runs app:1, which names no digest",
    ),
    (
        "container_image_is_pinned",
        {"Reference": f"reg:5000/app:1@{DIGEST}"},
        {"Reference": f"reg:5000/app:latest@{DIGEST}"},
        "runs reg:5000/app:latest, which names no version",
    ),
    (
        "container_image_is_pinned",
        {"Reference": f"app@{DIGEST}"},
        {"Reference": IMAGE},
        f"runs {IMAGE}, which names no digest",
    ),
    (
        "container_drops_all_capabilities",
        {"CapDrop": ["ALL"], **BOUNDED},
        {"CapDrop": ["NET_RAW"], **BOUNDED},
        "drops NET_RAW, not ALL",
    ),
    (
        "container_drops_all_capabilities",
        {"CapDrop": ["cap_all"], **BOUNDED},
        {"CapDrop": ["ALL"], **BOUNDED, "CapBnd": "0000000000000400"},
        "drops ALL, but has NET_BIND_SERVICE",
    ),
    (
        "container_drops_all_capabilities",
        {"CapDrop": ["ALL"], **BOUNDED},
        {"CapDrop": ["ALL"], **BOUNDED, "Privileged": True},
        "runs with --privileged, which drops nothing",
    ),
    (
        "container_drops_all_capabilities",
        {"CapDrop": ["ALL"], "CapAdd": ["CHOWN"], **BOUNDED},
        {"CapDrop": ["ALL"], "CapAdd": ["cap_all"], **BOUNDED},
        "drops ALL, and adds ALL again",
    ),
    (
        "container_adds_approved_capabilities_alone",
        {"CapAdd": ["NET_BIND_SERVICE"]},
        {"CapAdd": ["CAP_CHOWN"]},
        "adds CHOWN",
    ),
    (
        "container_adds_approved_capabilities_alone",
        {"CapBnd": "00000000a80425fb"},
        {"CapBnd": "00000000a82425fb"},
        "adds none that is not approved, but has SYS_ADMIN",
    ),
    (
        "container_writes_to_tmpfs_or_named_volumes",
        {**READ_ONLY, "Mounts": [NAMED], "Tmpfs": {"/tmp": ""}},
        {**READ_ONLY, "Mounts": [UNNAMED], "Tmpfs": {"/tmp": ""}},
        "can write to /data (anonymous volume)",
    ),
    (
        "container_writes_to_tmpfs_or_named_volumes",
        {**READ_ONLY, "Mounts": [BOUND | {"RW": False}]},
        {**READ_ONLY, "Mounts": [BOUND]},
        "can write to /data (/srv/data of the host)",
    ),
    (
        "container_cpu_time_is_capped",
        {"cpu.max": "50000 100000"},
        {"CpuShares": 512, "cpu.weight": "50"},
        "no cap on processor time is in force, and none is set; its CPU share is no cap",
    ),
    (
        "container_cpu_time_is_capped",
        {"cpu.max": "390000 100000"},
        {"cpu.max": "400000 100000"},
        "may use 4 processors, which is no cap: the host has 4",
    ),
    (
        "sensitive_container_listens_on_chosen_addresses",
        CHOSEN,
        WIDE,
        "is sensitive, and opens on every address: 0.0.0.0:8080/tcp (published for 80)",
    ),
    (
        "container_environment_holds_no_secret",
        {"Env": ["DB_PASSWORD_FILE=/run/secrets/db", "MODE=x"]},
        {"Env": ["DB_PASSWORD=hunter2zz", "MODE=x"]},
        "variable DB_PASSWORD: a value given to DB_PASSWORD",
    ),
    (
        "container_environment_holds_no_secret",
        {"Path": "app", "Args": ["--password-file", "/run/secrets/db"], "Labels": {"app": "x"}},
        {"Path": "app", "Args": ["--password", "hunter2zz"], "Labels": {"app": "x"}},
        "command: a value given to password",
    ),
    (
        "container_environment_holds_no_secret",
        {"Labels": {"com.docker.compose.config-hash": "0a" * 32}},
        {"Labels": {"db.password": "hunter2zz"}},
        "label db.password: a value given to db.password",
    ),
]


def of(changes: Mapping[str, Any], policy: Policy | None = None) -> ContainerHost:
    """A host whose one container differs from a plain one by this."""
    world = ContainerHost()
    world.policy = policy or Policy(sensitive_containers=("w*",))
    if changes.get("ReadonlyRootfs"):
        world.mounts = ["30 1 0:50 / / ro - overlay overlay rw"]
    world.volumes = [{"Name": "data", "Driver": "local", "Options": None}]
    world.change(changes)
    return world


@pytest.mark.parametrize(("control", "good", "bad", "why"), CASES)
def test_one_thing_makes_the_difference(
    control: str, good: Mapping[str, Any], bad: Mapping[str, Any], why: str
) -> None:
    """The control passes the one and fails the other, and says why."""
    assert of(good).judge(control)[0] == "pass"
    assert of(bad).judge(control) == ("fail", why)


def test_recording_that_tells_of_the_environment_alone() -> None:
    """Labels and command that were not searched are no proof that nothing is there."""
    world = of({})
    del world.description["Labels"]
    assert world.judge("container_environment_holds_no_secret")[0] == "error"


# ---- 3.1


def test_id_of_an_image_names_no_version() -> None:
    """A container created from an id says neither which version it runs nor where that is from."""
    world = of({"Reference": "sha256:" + "1" * 64})
    assert world.judge("container_image_is_pinned")[0] == "fail"


@pytest.mark.parametrize(
    ("image", "verdict"),
    [
        (f"app:1@{DIGEST}", "pass"),
        ("app:1", "fail"),
        (f"app@{DIGEST}", "pass"),
        (f"app:latest@{DIGEST}", "fail"),
        ("", "error"),
    ],
)
def test_image_of_a_service(image: str, verdict: str) -> None:
    """A service is judged by the reference from which its tasks are created."""
    node = Node(services=(service("web", Image=image),))
    found = judged("service_image_is_pinned", node.facts())
    assert found["web"][0] == verdict


TOOLS = {
    "image_holds_no_package_manager": ("usr/bin/apt-get", "usr/local/bin/pip3.12", "sbin/apk"),
    "image_holds_no_shell": ("bin/sh", "bin/busybox", "usr/bin/pwsh"),
    "image_holds_no_compiler": ("usr/bin/make", "usr/bin/x86_64-linux-gnu-gcc-13", "usr/local/go/bin/go"),
}


@pytest.mark.parametrize(
    ("control", "path"), [(name, path) for name, paths in TOOLS.items() for path in paths]
)
def test_tools_of_an_image(control: str, path: str) -> None:
    """A tool fails the control of its kind and no other; one that does not run, or is approved, fails none."""

    def verdicts(mode: int, policy: Policy | None = None) -> dict[str, str]:
        image = facts(answer({"a": [[("app", 0o755), (path, mode)]]}), "a", policy=policy)
        return {name: judged(name, image)["a:1"][0] for name in TOOLS}

    good = dict.fromkeys(TOOLS, "pass")
    assert verdicts(0o755) == good | {control: "fail"}
    assert verdicts(0o644) == good
    assert verdicts(0o755, Policy(allowed_packages=(path.rpartition("/")[2],))) == good


def test_image_that_was_not_read() -> None:
    """Layers that could not be read are no proof that a tool is missing."""
    for name in TOOLS:
        assert judged(name, facts("", "a"))["a:1"][0] == "error"


# ---- 3.2


def test_allowed_capability_may_be_added() -> None:
    """What the policy allows is approved, and no more."""
    policy = Policy(allowed_capabilities=("CHOWN",))
    control = "container_adds_approved_capabilities_alone"
    assert of({"CapAdd": ["CHOWN"]}, policy).judge(control)[0] == "pass"
    assert of({"CapAdd": ["CHOWN", "KILL"]}, policy).judge(control) == ("fail", "adds KILL")
    assert of({"CapAdd": ["ALL"]}, policy).judge(control)[0] == "fail"
    assert of({"Privileged": True}, policy).judge(control)[0] == "fail"


@pytest.mark.parametrize("place", ["/usr", "/bin", "/usr/local/bin"])
def test_programs_that_can_be_changed(place: str) -> None:
    """A read-only root is none where a volume lies over its programs, and one beside them does not matter."""
    control = "container_writes_to_tmpfs_or_named_volumes"
    world = of({**READ_ONLY, "Tmpfs": {place: ""}})
    said = f"can change its own programs at {place} (tmpfs): does it need that?"
    assert world.judge(control) == ("manual", said)
    assert of({**READ_ONLY, "Tmpfs": {f"{place}/data": ""}}).judge(control)[0] == "pass"


def test_engine_that_tells_no_tmpfs() -> None:
    """The engine leaves the field out where there is none."""
    world = of(READ_ONLY)
    del world.config["Tmpfs"]
    assert world.judge("container_writes_to_tmpfs_or_named_volumes") == ("pass", "can write nowhere")


def test_root_that_can_be_written_to() -> None:
    """Where the root itself can be written to, other places do not matter."""
    assert (
        of({"Mounts": [UNNAMED]}).judge("container_writes_to_tmpfs_or_named_volumes")[0] == "not applicable"
    )


def test_volume_that_is_a_folder_of_the_host() -> None:
    """A volume with a name may lie in a folder of the host, as its options say."""
    control = "container_writes_to_tmpfs_or_named_volumes"
    world = of({**READ_ONLY, "Mounts": [NAMED]})
    for options, expected in (
        ({"type": "none", "o": "bind", "device": "/srv/data"}, "fail"),
        ({"type": "nfs", "device": ":/export", "o": "addr=10.0.0.9"}, "pass"),
        ({"type": "tmpfs", "device": "tmpfs"}, "pass"),
        (None, "pass"),
    ):
        world.volumes = [{"Name": "data", "Driver": "local", "Options": options}]
        assert world.judge(control)[0] == expected
        if expected == "fail":
            assert world.judge(control)[1] == "can write to /data (/srv/data of the host)"
    world.volumes = []
    assert world.judge(control) == ("error", "docker inspect does not report the volume data")


def test_allowed_folder_of_the_host() -> None:
    """A folder of the host that the policy allows may be written to."""
    policy = Policy(allowed_mounts=("/srv",))
    found = of({**READ_ONLY, "Mounts": [BOUND]}, policy).judge("container_writes_to_tmpfs_or_named_volumes")
    assert found == ("pass", "/data (/srv/data of the host)")


# ---- 3.3


def test_cap_that_is_not_in_force() -> None:
    """A cap that was asked for and that no control group holds is none; the policy may ask for less."""
    control = "container_cpu_time_is_capped"
    why = "no cap on processor time is in force, though one is set"
    assert of({"NanoCpus": 1_000_000_000}).judge(control) == ("fail", why)
    policy = Policy(resource_limits=ResourceLimits(cpus=1.5))
    assert of({"cpu.max": "200000 100000"}, policy).judge(control)[0] == "fail"
    assert of({"cpu.max": "150000 100000"}, policy).judge(control)[0] == "pass"
    stopped = of({"NanoCpus": 1_000_000_000})
    stopped.stop()
    assert stopped.judge(control)[0] == "pass"


# ---- 3.4


@pytest.mark.parametrize(
    ("listed", "verdict"),
    [(None, "manual"), ((), "not applicable"), (("db",), "not applicable"), (("we?",), "fail")],
)
def test_who_is_sensitive(listed: tuple[str, ...] | None, verdict: str) -> None:
    """Only the site knows; a port on a chosen address is right for all."""
    control = "sensitive_container_listens_on_chosen_addresses"
    policy = Policy(sensitive_containers=listed)
    assert of(WIDE, policy).judge(control)[0] == verdict
    assert of(CHOSEN, policy).judge(control)[0] == "pass"
    for address in ("::0", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"):  # as it was asked for, and kept
        wide = {"Ports": {"80/tcp": [{"HostIp": address, "HostPort": "8080"}]}}
        assert of(wide, policy).judge(control)[0] == verdict, address


def test_environment_that_was_not_told() -> None:
    """Without an answer there is no pass."""
    world = ContainerHost()
    world.description["Env"] = None
    assert world.judge("container_environment_holds_no_secret")[0] == "pass"
    del world.description["Env"]
    assert world.judge("container_environment_holds_no_secret")[0] == "error"


def test_no_value_of_a_variable_is_kept() -> None:
    """What is recorded of a container holds neither values of variables nor options of log drivers."""
    options = {"splunk-token": "tok-hunter2", "max-size": "1m"}
    world = of(
        {
            "Env": ["PASSWORD=hunter2", "OTHER=harmless-hunter2"],
            "LogConfig": {"Type": "splunk", "Config": options},
        }
    )
    for nonsense in ("hunter2", ["hunter2"], None):
        config = HOST_CONFIG | {"LogConfig": {"Type": "x", "Config": nonsense}}
        assert "hunter2" not in containers(DESCRIPTION | {"HostConfig": config, "Env": nonsense})
    said = world.facts.recording.text(CONTAINERS)
    assert "PASSWORD" in said
    assert '"max-size":"1m"' in said
    assert "hunter2" not in said
    assert "harmless" not in said
