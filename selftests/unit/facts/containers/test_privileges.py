"""What a container may do: what is executed in it gets that, and each of its processes counts."""

from __future__ import annotations

from selftests.kit.facts.container_host import HOST, STATUS, ContainerHost

FEW = {"CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": "0" * 16}
ALL = "000001ffffffffff"
DROPS, ADDS = "container_drops_all_capabilities", "container_adds_approved_capabilities_alone"


def child(world: ContainerHost, **status: str) -> None:
    """Another process of the container."""
    world.status[101] = {**STATUS, "PPid": "100", **status}
    world.cgroups[101] = world.cgroups[100]


def test_main_process_that_gave_up_capabilities(world: ContainerHost) -> None:
    """5.4, the guide: what the container was given counts."""
    world.config["CapDrop"] = None
    world.status[100] |= FEW
    assert world.judge("5.4") == ("fail", "has or can get NET_RAW")
    world.config["CapAdd"] = ["SYS_ADMIN"]
    assert world.judge(ADDS)[0] == "fail"
    world.config.update({"CapAdd": None, "CapDrop": ["ALL"]})
    assert [world.judge(number)[0] for number in ("5.4", DROPS, ADDS)] == ["pass"] * 3


def test_process_with_more_than_the_container(world: ContainerHost) -> None:
    """5.4, 5.22, 5.26: every process counts, but not those in user namespaces of their own, where each is root."""
    world.config["SecurityOpt"] = ["no-new-privileges"]
    world.status[100]["NoNewPrivs"] = "1"
    child(world, NoNewPrivs="1")
    numbers = ("5.4", "5.22", "5.26")
    assert [world.judge(number)[0] for number in numbers] == ["pass"] * 3
    child(world, CapEff=ALL, Seccomp="0")
    for users, verdict in (
        ({}, "fail"),
        ({100: 5, 101: 5}, "fail"),
        ({100: 5, 101: 6}, "pass"),
        ({100: 5, 101: HOST["user"]}, "fail"),
    ):
        world.user_namespaces = users
        assert [world.judge(number)[0] for number in numbers] == [verdict] * 3


def test_what_docker_exec_may_do(world: ContainerHost) -> None:
    """5.23: a command gets what the container was given, though its main process gave that up."""
    bound = world.status[100]["CapBnd"]
    world.status[100] |= FEW
    for changes, verdict in (({"CapBnd": bound}, "manual"), ({"CapBnd": ALL}, "fail")):
        child(world, PPid="1", **changes)
        assert world.judge("5.23")[0] == verdict
    world.user_namespaces = {100: 5, 101: 6}  # where everybody is root
    assert world.judge("5.23")[0] == "manual"


def test_podman_has_other_defaults(world: ContainerHost) -> None:
    """5.4, 5.22: what podman's containers are given by default is not what Docker's are."""
    world.config["CapDrop"] = None
    assert world.judge("5.4")[0] == "fail"
    world.info["ServerVersion"] = "5.4.2"
    assert [world.judge(number)[0] for number in ("5.4", "5.22")] == ["pass"] * 2


def test_profile_of_the_daemon(world: ContainerHost) -> None:
    """5.22: it counts for a container without one of its own, as does that the daemon has none."""
    world.daemon.seccomp_filter = {"defaultAction": "SCMP_ACT_LOG"}
    assert world.judge("5.22") == ("fail", "its seccomp profile allows what it does not list (SCMP_ACT_LOG)")
    world.stop()
    world.daemon.seccomp_profile = "unconfined"
    assert world.judge("5.22") == ("fail", "the daemon gives it no seccomp filter")
    world.config["SecurityOpt"] = ['seccomp={"defaultAction": "SCMP_ACT_ERRNO"}']
    assert world.judge("5.22") == ("pass", "its own profile denies what it does not list")


def test_default_of_the_day_of_creation(world: ContainerHost) -> None:
    """5.26: one that does not run has what was stored for it; without that nothing passes."""
    world.stop()
    assert world.judge("5.26")[0] == "fail"
    world.info["SecurityOptions"].append("name=no-new-privileges")
    assert world.judge("5.26")[0] == "error"
    for stored, verdict in (("true", "pass"), ("false", "fail")):
        file = f"/var/lib/docker/containers/{'a' * 64}/config.v2.json"
        world.extra = [f'{file}:"NoNewPrivileges":{stored}']
        assert world.judge("5.26")[0] == verdict
    world.config["SecurityOpt"] = ["no-new-privileges=perhaps"]
    assert world.judge("5.26")[0] == "error"
