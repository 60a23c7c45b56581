"""What a container may do: what everything executed in it gets, and each of its processes."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.policy import Policy
from selftests.kit.facts.container_host import HOST, OWN, PROFILE, STATUS, ContainerHost

FEW = {"CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": "0" * 16}
ALL = "000001ffffffffff"
DROPS, ADDS = "container_drops_all_capabilities", "container_adds_approved_capabilities_alone"


def child(world: ContainerHost, **status: str) -> None:
    """Another process of the container."""
    world.status[101] = {**STATUS, "PPid": "100", **status}
    world.cgroups[101] = world.cgroups[100]


def test_main_process_that_gave_up_capabilities(world: ContainerHost) -> None:
    """5.4, the guide: what the container was given counts, with a bundle and without one."""
    world.config["CapDrop"] = None
    world.status[100] |= FEW
    assert world.judge("5.4") == ("fail", "has or can get NET_RAW")
    world.config["CapAdd"] = ["SYS_ADMIN"]
    assert world.judge(ADDS)[0] == "fail"
    world.config.update({"CapAdd": None, "CapDrop": ["ALL"]})
    assert [world.judge(number)[0] for number in ("5.4", DROPS, ADDS)] == ["pass"] * 3
    world.start_with(capabilities={"bounding": ["CAP_SYS_ADMIN"]})
    assert [world.judge(number)[0] for number in ("5.4", DROPS, ADDS)] == ["fail"] * 3


def test_process_with_more_than_the_container(world: ContainerHost) -> None:
    """5.4, 5.22, 5.26: every process counts, but not those in user namespaces of their own, where each is root."""
    world.config["SecurityOpt"] = ["no-new-privileges"]
    world.status[100]["NoNewPrivs"] = "1"
    child(world, NoNewPrivs="1")
    numbers = ("5.4", "5.22", "5.26")
    assert [world.judge(number)[0] for number in numbers] == ["pass"] * 3
    child(world, CapEff=ALL, Seccomp="0")
    assert [world.judge(number)[0] for number in numbers] == ["fail"] * 3
    assert world.judge("5.22")[1] == "no seccomp filter is in force for sleep (pid 101)"
    world.user_namespaces = {100: 5, 101: 5}
    assert [world.judge(number)[0] for number in numbers] == ["fail"] * 3
    world.user_namespaces = {100: 5, 101: 6}
    assert [world.judge(number)[0] for number in numbers] == ["pass"] * 3
    world.user_namespaces = {100: 5, 101: HOST["user"]}
    assert [world.judge(number)[0] for number in numbers] == ["fail"] * 3


def test_what_docker_exec_may_do(world: ContainerHost) -> None:
    """5.23: it gets what the container was given, though its main process gave that up."""
    world.config["SecurityOpt"] = ["no-new-privileges"]
    bound = world.status[100]["CapBnd"]
    world.status[100] |= dict.fromkeys(("CapBnd", "CapEff", "CapPrm"), "0")
    for changes, verdict in (({"CapBnd": bound}, "manual"), ({"CapBnd": ALL}, "fail")):
        child(world, PPid="1", **changes)
        assert world.judge("5.23")[0] == verdict
    world.user_namespaces = {100: 5, 101: 6}  # where everybody is root
    assert world.judge("5.23")[0] == "manual"


def test_process_of_the_host_in_a_container_of_remapped_users(world: ContainerHost) -> None:
    """5.31: one that came from outside is root of the host."""
    world.info["SecurityOptions"] += ("name=userns",)
    world.links = OWN | {"user": 9}
    child(world)
    for namespace, verdict in ((9, "pass"), (HOST["user"], "fail")):
        world.user_namespaces = {100: 9, 101: namespace}
        assert world.judge("5.31")[0] == verdict


def test_podman_has_other_defaults(world: ContainerHost) -> None:
    """5.4: what podman's containers are given where nothing is said is not what Docker's are."""
    world.config["CapDrop"] = None
    assert world.judge("5.4")[0] == "fail"
    world.info["ServerVersion"] = "5.4.2"
    assert world.judge("5.4")[0] == "pass"


# ---- seccomp


def test_filter_of_the_program_itself(world: ContainerHost) -> None:
    """5.22: a filter that the main process set protects nothing that is executed beside it."""
    world.start_with(filter=None)
    assert world.judge("5.22")[0] == "fail"
    world.bundles = []
    world.daemon.seccomp_profile = "unconfined"
    assert world.judge("5.22") == ("fail", "the daemon gives it no seccomp filter")


def test_profile_of_the_day_of_the_start(world: ContainerHost) -> None:
    """5.22: what the daemon has as its profile now is no proof for a container that was started before."""
    assert world.judge("5.22")[0] == "pass"
    world.daemon.started = (2e9, 2e9)
    assert world.judge("5.22")[0] == "error"
    world.start_with()
    assert world.judge("5.22") == ("pass", "")
    world.start_with(filter={"defaultAction": "SCMP_ACT_LOG", "syscalls": []})
    assert world.judge("5.22") == ("fail", "its seccomp profile allows what it does not list (SCMP_ACT_LOG)")


RULE = {"names": ["keyctl"], "action": "SCMP_ACT_ALLOW"}
SOCKETS = {"names": ["socket"], "action": "SCMP_ACT_ALLOW"}


@pytest.mark.parametrize(
    ("rule", "option", "verdict"),
    [
        (RULE, None, "manual"),
        (SOCKETS, None, "pass"),
        (SOCKETS, "seccomp={}", "manual"),
    ],
)
def test_profile_that_lets_more_through(
    world: ContainerHost, rule: dict[str, Any], option: str, verdict: str
) -> None:
    """5.22: more than the engine's own denies is for a person; what newer engines deny, the reason tells."""
    world.config["SecurityOpt"] = [option] if option else None
    world.start_with(filter=PROFILE | {"syscalls": [rule]})
    found, reason = world.judge("5.22")
    assert found == verdict
    assert "lets through " in reason


# ---- security modules and setuid programs


@pytest.mark.parametrize(
    ("profile", "label", "verdict"),
    [
        ("docker-default", "docker-default (enforce)", "pass"),
        ("", "docker-default (enforce)", "pass"),
        ("own", "own (enforce)", "pass"),
        ("own", "own//&web (enforce)", "pass"),
        ("own", "own//sub (enforce)", "pass"),
        ("weak", "docker-default (enforce)", "fail"),
        ("", "own (enforce)", "fail"),
    ],
)
def test_profile_that_the_main_process_chose(
    world: ContainerHost, profile: str, label: str, verdict: str
) -> None:
    """5.2: what is executed in the container gets the profile that it was given."""
    world.info["SecurityOptions"].append("name=apparmor")
    world.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    world.label = label
    world.description["AppArmorProfile"] = profile
    assert world.judge("5.2")[0] == verdict
    world.description["AppArmorProfile"] = ""
    if profile:
        world.start_with(apparmorProfile=profile)
        assert world.judge("5.2")[0] == verdict


def test_label_of_the_start(world: ContainerHost) -> None:
    """5.3: the label that the runtime was told counts."""
    label = "system_u:system_r:container_t:s0:c1,c2"
    world.kernel["/sys/fs/selinux/enforce"] = "1"
    world.description |= {"ProcessLabel": label, "MountLabel": label}
    world.label = label
    world.start_with(selinuxLabel=label)
    for flags, verdict in (("0", "pass"), ("2", "pass"), ("1", "fail"), ("3", "fail")):
        world.selinux_flags = flags  # SELINUX_AVD_FLAGS_PERMISSIVE is the first bit
        assert world.judge("5.3")[0] == verdict
    world.selinux_flags = "0"
    world.start_with(selinuxLabel="system_u:system_r:spc_t:s0")
    assert world.judge("5.3")[0] == "fail"


def test_program_that_gave_up_new_privileges_itself(world: ContainerHost) -> None:
    """5.26: what is executed in the container can gain privileges all the same."""
    world.status[100]["NoNewPrivs"] = "1"
    assert world.judge("5.26")[0] == "fail"
    world.start_with(noNewPrivileges=True)
    assert world.judge("5.26")[0] == "pass"
    world.config["SecurityOpt"] = ["no-new-privileges"]
    world.start_with(noNewPrivileges=False)
    assert world.judge("5.26")[0] == "fail"


# ---- devices

DEVICES = "/sys/fs/cgroup/devices/docker/" + "a" * 64 + "/devices.list"


def lists(world: ContainerHost, *devices: str) -> None:
    """What the control group of the container lets in (cgroup v1)."""
    world.info["CgroupVersion"] = "1"
    world.cgroups[100] = (f"5:devices:/docker/{'a' * 64}", f"0::/docker/{'a' * 64}")
    usual = ("c *:* m", "b *:* m", "c 1:3 rwm", "c 136:* rwm", "c 5:2 rwm")
    world.extra = [f"{DEVICES}:{each}" for each in (*usual, *devices)]


def test_device_that_was_let_in_after_the_start(world: ContainerHost) -> None:
    """5.18: what the control group says now counts, and not only what the engine knows."""
    assert world.judge("5.18")[1].startswith("by what the engine gave it; what its control group was told")
    lists(world)
    assert world.judge("5.18") == ("pass", "")
    lists(world, "b 8:0 rwm")
    assert world.judge("5.18") == ("fail", "its control group lets in, since its start, b 8:0 rwm")
    lists(world, "a *:* rwm")
    assert world.judge("5.18")[0] == "fail"
    lists(world, "b 8:1 m")
    assert world.judge("5.18")[0] == "pass"
    world.extra = []
    assert world.judge("5.18") == ("error", "the devices that its control group lets in could not be read")
    world.info["CgroupVersion"] = "2"  # hierarchies of v1 may be there all the same
    assert world.judge("5.18")[0] == "pass"
    world.info["CgroupVersion"] = "1"
    world.info["CgroupDriver"] = "none"  # rootless: it is in the group of its user
    assert world.judge("5.18")[0] == "pass"
    world.info["CgroupDriver"] = "cgroupfs"
    world.stop()
    assert world.judge("5.18")[0] == "pass"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("c 1:3", "pass"),
        ("c 88:0", "pass"),  # hexadecimal: a terminal
        ("c a:c8", "pass"),
        ("b 8:0", "manual"),
        ("c a:e5", "manual"),
        ("b 1:3", "manual"),
    ],
)
def test_node_of_a_device_where_the_kernel_lists_none(world: ContainerHost, node: str, expected: str) -> None:
    """5.18: whether a container may open a node that it was not given its control group says, which v2 hides."""
    world.extra = [f"100/dev:{node}"]
    assert world.judge("5.18")[0] == expected
    world.config["Devices"] = [{"PathOnHost": "/dev/sda"}]
    world.policy = Policy(allowed_devices=("/dev/sda",))
    world.start_with(devices=[{"allow": True, "type": "b", "major": 8, "minor": 0, "access": "rwm"}])
    assert world.judge("5.18")[0] == ("pass" if node == "b 8:0" else expected)
    lists(world)
    world.extra.append(f"100/dev:{node}")
    assert world.judge("5.18")[0] == "pass"  # v1 says that it is not let in


def test_devices_of_the_start(world: ContainerHost) -> None:
    """5.18: with what the runtime was told, devices that the site allows are told from those that came later."""
    world.config["Devices"] = [
        {"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rwm"}
    ]
    world.policy = Policy(allowed_devices=("/dev/fuse",))
    told = [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"},
    ]
    lists(world, "c 10:229 rw", "b 8:0 r")
    assert world.judge("5.18")[0] == "pass"
    world.start_with(devices=told)
    assert world.judge("5.18") == ("fail", "its control group lets in, since its start, b 8:0 r")
    lists(world, "c 10:229 rw")
    assert world.judge("5.18")[0] == "pass"
    lists(world, "c 10:229 rwm")
    assert world.judge("5.18")[0] == "pass"  # to make a node of any device is allowed to all
    world.start_with(devices=[{"allow": True}])
    lists(world, "b 8:0 rwm")
    assert world.judge("5.18")[0] == "pass"


@pytest.mark.parametrize("program", ["", "/usr/sbin/runc", "/memfd:runc_cloned:/proc/self/exe (deleted)"])
def test_runtime_that_starts_a_program(world: ContainerHost, program: str) -> None:
    """runc has every right until it becomes what it was told to start, as for a health check."""
    child(world, Name="runc:[2:INIT]", CapEff="000001ffffffffff", Seccomp="0")
    world.programs = {101: program} if program else {}
    assert world.judge("5.22")[0] == world.judge("5.4")[0] == "pass"


@pytest.mark.parametrize(("name", "program"), [("runc:[2:INIT]", "/bin/sh"), ("runc", ""), ("runc:[x]", "")])
def test_program_that_is_called_like_the_runtime(world: ContainerHost, name: str, program: str) -> None:
    """A name alone hides nothing."""
    child(world, Name=name, Seccomp="0")
    world.programs = {101: program} if program else {}
    assert world.judge("5.22")[0] == "fail"


def test_devices_that_a_runtime_adds(world: ContainerHost) -> None:
    """5.18: what nobody asked for, a runtime of the site's own may have written to what the engine told it."""
    world.start_with(devices=[{"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}])
    assert world.judge("5.18")[0] == "pass"
    world.start_with(devices=[{"allow": True, "type": "b", "major": 8, "minor": 0, "access": "rwm"}])
    assert world.judge("5.18") == ("fail", "is given, by its runtime and unasked, b 8:0 rwm")


@pytest.mark.parametrize(
    ("kind", "numbers"), [("net", "5.10"), ("ipc", "5.17"), ("uts", "5.21"), ("mnt", "5.6 5.32")]
)
def test_process_in_a_namespace_of_the_host(world: ContainerHost, kind: str, numbers: str) -> None:
    """5.6, 5.10, 5.17, 5.21, 5.32: nsenter(1) leads one process there, and the others stay."""
    child(world, Name="miner")
    for inode, verdict in ((77, "pass"), (HOST[kind], "fail")):
        world.extra = [f"lrwxrwxrwx 1 0 0 0 Nov 1 10:00 101/ns/{kind} -> {kind}:[{inode}]"]
        assert {world.judge(number)[0] for number in numbers.split()} == {verdict}
    world.cgroups[101] = ("0::/docker/" + "b" * 64,)  # another's
    assert {world.judge(number)[0] for number in numbers.split()} == {"pass"}


@pytest.mark.parametrize(
    ("runtime", "program", "verdict"),
    [
        ("runc", {}, "pass"),
        ("io.containerd.runc.v2", {}, "pass"),
        ("fast", {"path": "/usr/bin/crun"}, "pass"),
        ("kata", {"runtimeType": "io.containerd.kata.v2"}, "pass"),
        ("nvidia", {"path": "nvidia-container-runtime"}, "manual"),
        ("gone", {}, "manual"),
        ("crun", {"status": None}, "manual"),
        ("site", {"path": "/opt/runc"}, "pass"),
    ],
)
def test_runtime_of_a_container_that_does_not_run(
    world: ContainerHost, runtime: str, program: dict[str, str], verdict: str
) -> None:
    """5.6, 5.18: one of the site's own may give it more, and what runs shows what it got."""
    world.config["Runtime"] = runtime
    world.info["Runtimes"] = {"runc": {"path": "runc"}} | ({runtime: program} if program else {})
    assert [world.judge(number)[0] for number in ("5.6", "5.18")] == ["pass"] * 2
    world.stop()
    assert [world.judge(number)[0] for number in ("5.6", "5.18")] == [verdict] * 2
    world.info["ServerVersion"] = "5.4.2"
    assert world.judge("5.18")[0] == "pass"


def test_runtime_that_is_a_script(world: ContainerHost) -> None:
    """5.6, 5.18: it may change what it is told, whatever it is called."""
    world.config["Runtime"] = "site"
    world.info["Runtimes"] = {"site": {"path": "/opt/runc"}}
    world.stop()
    assert world.judge("5.18")[0] == "pass"
    world.extra = ["script:/opt/runc"]
    assert [world.judge(number)[0] for number in ("5.6", "5.18")] == ["manual"] * 2


@pytest.mark.parametrize(
    ("program", "verdict"), [("runc", "pass"), ("nvidia-container-runtime", "pass"), ("wrap", "manual")]
)
def test_runtime_that_may_take_walls_away(world: ContainerHost, program: str, verdict: str) -> None:
    """5.4, 5.22, 5.32: one of the site's own is asked about; one that is known to give devices gives no more."""
    world.config.update({"Runtime": "own", "CapDrop": ["ALL"]})
    world.info["Runtimes"] = {"own": {"path": f"/usr/bin/{program}"}}
    world.stop()
    assert [world.judge(number)[0] for number in ("5.4", "5.22", "5.32")] == [verdict] * 3


RUNC = {"default_action": 2, "architectures": None, "syscalls": []}


def test_filter_in_force_by_the_state_of_runc(world: ContainerHost) -> None:
    """5.22: it counts, and not what the engine asked for; where no state tells, a strange runtime is asked about."""
    world.start_with(state=RUNC)
    assert world.judge("5.22")[0] == "pass"
    world.start_with(state=RUNC | {"default_action": 4})
    assert world.judge("5.22") == (
        "fail",
        "its seccomp profile allows what it does not list (SCMP_ACT_ALLOW)",
    )
    world.config["Runtime"] = "own"
    world.info["Runtimes"] = {"own": {"path": "/usr/bin/wrap"}}
    world.start_with(state=RUNC)
    assert world.judge("5.22")[0] == "pass"
    world.start_with()
    assert world.judge("5.22")[0] == "manual"
    world.info["Runtimes"] = {"own": {"path": "/usr/bin/runc"}}
    assert world.judge("5.22")[0] == "pass"


@pytest.mark.parametrize(
    ("device", "verdict"), [("/dev/fuse", "pass"), ("vendor.com/gpu=all", "manual"), ("nvidia:gpu", "pass")]
)
def test_device_that_may_bring_mounts(world: ContainerHost, device: str, verdict: str) -> None:
    """5.6, 5.17, 5.32: one of CDI may, which is seen once the container runs; so 5.20 has something to judge."""
    request = {"Driver": "cdi", "DeviceIDs": [device]} if "=" in device else {"Capabilities": [[device]]}
    path = [{"PathOnHost": device}] if device.startswith("/") else []
    world.config.update({"Devices": path, "DeviceRequests": [] if path else [request]})
    assert [world.judge(number)[0] for number in ("5.6", "5.17", "5.32")] == ["pass"] * 3
    world.stop()
    assert [world.judge(number)[0] for number in ("5.6", "5.17", "5.32")] == [verdict] * 3
    assert world.judge("5.20")[0] == ("manual" if verdict == "manual" else "not applicable")
