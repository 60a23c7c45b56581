"""Docker Hardening Guide, section 3: images, and the containers that run from them.

Measures that a control of the CIS benchmark judges have their marker there, and no control here.
"""

from collections.abc import Iterable
from typing import NoReturn

import pytest

from hullcheck.controls import for_each
from hullcheck.controls.metadata import marked
from hullcheck.criteria.host_paths import is_sensitive
from hullcheck.criteria.judgement import (
    listed,
    open_ports,
    planned_limit,
    require_known_ports,
    shown_ports,
)
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.mounts import HostMount
from hullcheck.facts.engine.firewall import CNI, OPTIONS, Firewall
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.services import Service
from hullcheck.facts.images import Image
from hullcheck.facts.images.content_names import COMPILER, MANAGER, SHELL
from hullcheck.facts.images.contents import ImageContents
from hullcheck.facts.registry import Later
from hullcheck.parsing.confinement import DOCKER_DEFAULT, plain_capability
from hullcheck.parsing.values import Reference
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

_PROGRAM_FOLDERS = """
    /bin /lib /lib64 /sbin /usr /usr/bin /usr/lib /usr/lib64 /usr/local /usr/local/bin /usr/local/lib /usr/local/sbin
    /usr/sbin
"""
_PROGRAMS = frozenset(_PROGRAM_FOLDERS.split())
_ALWAYS_ALLOWED = frozenset({"NET_BIND_SERVICE"})  # the capability that its sample adds

_leaves_tools_out = marked(
    pytest.mark.nist("CM-7", sp="800-53"),
    pytest.mark.nist("4.1.2", sp="800-190"),
    pytest.mark.pci("2.2.4"),
    pytest.mark.hipaa("164.308(a)(1)(ii)(B)"),
)


def _require_pinned(reference: Reference) -> str:
    """Return the digest that pins a reference. Docker ignores the tag next to it, but people read it."""
    assert reference.tag != "latest", f"runs {reference.name}, which names no version"
    by_id = reference.name.removeprefix("sha256:") in reference.digest
    digest = "" if by_id else reference.digest
    assert digest, f"runs {reference.name}, which names no digest"
    unnamed = "" if reference.tag else ", but no tag shows its version"
    return f"pinned by {digest}{unnamed}"


@pytest.mark.nist("CM-2", "SI-7", sp="800-53")
@pytest.mark.nist("4.1.5", "4.2.2", sp="800-190")
@pytest.mark.pci("6.5.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.1.pin_digest")
@pytest.mark.severity("medium", "Someone who takes over the registry account changes what runs at the next pull.")
def test_container_image_is_pinned(container: Container) -> str:
    """Container images are pinned by digest.

    A registry can serve another image under the same tag tomorrow; a digest names exactly one. `latest` and local image
    ids fail. A digest without a tag passes, but the reason says that it shows no version.

    Remedy: name the image as `NAME:VERSION@sha256:DIGEST` in the command or file that creates the container.
    """
    return _require_pinned(container.image)


@pytest.mark.nist("CM-2", "SI-7", sp="800-53")
@pytest.mark.nist("4.1.5", "4.2.2", sp="800-190")
@pytest.mark.pci("6.5.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.1.pin_digest")
@pytest.mark.severity("medium", "Someone who takes over the registry account changes what nodes run next.")
def test_service_image_is_pinned(swarm_service: Service) -> str:
    """Service images are pinned by digest.

    Nodes that resolve a tag themselves can run different images for one service. `docker service create` adds the
    digest unless that is switched off or the registry cannot be reached.

    Remedy: `docker service update --image NAME:VERSION@sha256:DIGEST SERVICE`.
    """
    if not swarm_service.container.image:
        raise EvidenceError("docker service inspect does not report its image")
    return _require_pinned(Reference.parse(swarm_service.container.image))


def _require_approved(image: Image, contents: ImageContents, kind: str, policy: Policy) -> str:
    """Fail if the image has tools of this kind that are not approved."""
    approved = policy.allowed_packages or ()
    found = contents.of(image.id).tools_of(kind)
    left = [path for path in found if path.rpartition("/")[2] not in approved]
    used = f" (used by {', '.join(image.used_by)})" if image.used_by else ""
    assert not left, f"holds {listed(left)}{used}"
    return f"holds only approved {kind}s, or none"


@_leaves_tools_out
@pytest.mark.guide("3.1.no_package_managers")
@pytest.mark.severity("low", "Intruders can install tools, but need another flaw to get in.")
def test_image_holds_no_package_manager(image: Image, image_contents: ImageContents, policy: Policy) -> str:
    """Images hold only approved package managers.

    A package manager lets an intruder install missing tools. Programs are recognized by name.

    Remedy: build in one stage and copy the program into an image without a package manager, or name needed ones in
    `allowed_packages` of the policy.
    """
    return _require_approved(image, image_contents, MANAGER, policy)


@_leaves_tools_out
@pytest.mark.guide("3.1.no_shells")
@pytest.mark.severity("low", "Intruders find a shell, but need another flaw to get in.")
def test_image_holds_no_shell(image: Image, image_contents: ImageContents, policy: Policy) -> str:
    """Images hold only approved shells.

    Many attacks run commands in a shell, and fail without one. Programs are recognized by name.

    Remedy: copy the program into an image without a shell (distroless, scratch), or name needed ones in
    `allowed_packages` of the policy.
    """
    return _require_approved(image, image_contents, SHELL, policy)


@_leaves_tools_out
@pytest.mark.guide("3.1.no_compilers")
@pytest.mark.severity("low", "Intruders can build attacks here, but need another flaw to get in.")
def test_image_holds_no_compiler(image: Image, image_contents: ImageContents, policy: Policy) -> str:
    """Images hold only approved compilers.

    A compiler lets an intruder build attacks on the kernel. Programs are recognized by name.

    Remedy: compile in a build stage and copy the result, or name needed ones in `allowed_packages` of the policy.
    """
    return _require_approved(image, image_contents, COMPILER, policy)


@pytest.mark.nist("AC-6", "CM-7", sp="800-53")
@pytest.mark.nist("4.1.2", "4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("3.2.cap_drop_all", "5.hipaa.least_privilege")
@pytest.mark.severity("medium", "Unneeded capabilities such as NET_RAW help an intruder to attack other containers.")
def test_container_drops_all_capabilities(container: Container) -> str:
    """Containers drop all capabilities and add single ones by name.

    Docker gives each container fourteen capabilities, and few programs need one of them.

    Remedy: run the container with `--cap-drop ALL`, without `--privileged`, and with `--cap-add` for each needed one.
    """
    assert not container.host_config.privileged, "runs with --privileged, which drops nothing"
    dropped = sorted(map(plain_capability, container.host_config.cap_drop or ()))
    assert "ALL" in dropped, f"drops {', '.join(dropped) or 'no capability'} instead of ALL"
    added = set(map(plain_capability, container.host_config.cap_add or ()))
    extra = sorted(container.privileges.capabilities - added)
    assert "ALL" not in added, "drops ALL, and adds ALL again"
    assert not extra, f"drops ALL, but has {', '.join(extra)}"
    return f"CapDrop={', '.join(dropped)}, CapAdd={', '.join(sorted(added)) or 'none'}"


@pytest.mark.nist("AC-6", "CM-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("3.2.cap_add_minimal", "5.hipaa.least_privilege")
@pytest.mark.severity("high", "An added SYS_ADMIN or SYS_MODULE leads from the container to root on the host.")
def test_container_adds_approved_capabilities_alone(container: Container, policy: Policy) -> str:
    """Containers add only approved capabilities.

    Some capabilities are needed, others were added to make an error go away: only a list distinguishes them.
    NET_BIND_SERVICE is always allowed.

    Remedy: run it without `--cap-add` and `--privileged`, or name needed ones in `allowed_capabilities` of the policy.
    """
    approved = _ALWAYS_ALLOWED | set(policy.allowed_capabilities)
    assert not container.host_config.privileged, "runs with --privileged, which adds every capability"
    added = sorted(set(map(plain_capability, container.host_config.cap_add or ())) - approved)
    assert not added, f"adds {', '.join(added)}"
    extra = sorted(container.privileges.capabilities - DOCKER_DEFAULT - approved)
    assert not extra, f"adds only approved capabilities, but has {', '.join(extra)}"
    return f"CapAdd={', '.join(container.host_config.cap_add or ()) or 'none'}"


@pytest.mark.nist("AC-6", "CM-5", sp="800-53")
@pytest.mark.nist("4.4.4", "4.5.5", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.2.tmpfs", "5.hipaa.least_privilege")
@pytest.mark.severity("low", "Files that an intruder leaves there outlive the container.")
def test_container_writes_to_tmpfs_or_named_volumes(container: Container, policy: Policy) -> str:
    """Read-only containers write only to tmpfs and named volumes.

    What an intruder writes to a host directory or an anonymous volume (`-v /tmp`) outlives the container. `--ipc host`
    gives write access to the host's shared memory. Other host directories and mounts over /usr need a manual check.

    Remedy: use `--tmpfs` for scratch space and named volumes for data; name a needed host directory in `allowed_mounts`
    of the policy, also as a pattern: `/opt/stacks/*`.
    """
    if not container.mounts.root_is_read_only:
        raise NotApplicable("the root file system is not read-only: see 5.13")
    memory = HostMount("/dev/shm", frozenset({"/dev/shm"}), "bind")
    mounts = [*container.mounts.writable, *([memory] if container.runtime.shares_host("ipc") else [])]
    mounts.sort(key=lambda each: each.destination)
    lasting = (each for each in mounts if each.kind not in ("tmpfs", "volume"))
    other = [each for each in lasting if not any(map(policy.allows_mount, each.paths))]
    real = {each.destination: each.paths for each in container.mounts.configured}

    def is_wrong(mount: HostMount) -> bool:
        paths = mount.paths | real.get(mount.destination, frozenset())
        return not paths or any(is_sensitive(mount, path, container.docker_root) for path in paths)

    wrong = list(filter(is_wrong, other))
    assert not wrong, f"can write to {_shown_mounts(wrong)}"
    if doubtful := other or [each for each in mounts if each.destination in _PROGRAMS]:
        raise Manual(f"can write to {_shown_mounts(doubtful)}: check that it needs to, or name it in `allowed_mounts`")
    container.require_created("which volumes its image makes by itself")
    return _shown_mounts(mounts) or "can write nowhere"


def _shown_mounts(mounts: Iterable[HostMount]) -> str:
    kinds = [(each.destination, "".join(f"{x} of the host" for x in each.paths) or each.kind) for each in mounts]
    return ", ".join(f"{place} ({kind})" for place, kind in kinds)


@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.3.cpus")
@pytest.mark.severity("low", "A busy container slows down the others, but the kernel still gives each its turn.")
def test_container_cpu_time_is_capped(container: Container, engine: Later[Engine], policy: Policy) -> str:
    """Containers have a CPU limit.

    A CPU share only counts while others are busy: alone on the host, a container with a small share takes everything.

    Remedy: run the container with `--cpus` (or `--cpu-quota`), on a host whose control groups enforce it.
    """
    wanted, held = container.cpus, container.limits.cpus
    share = "; a CPU share is not a limit" if container.has_cpu_share else ""
    unset = "though one is set" if wanted is not None else "and none is set"
    assert held is not None, f"no CPU limit is in force, {unset}{share}"
    most = policy.resource_limits.cpus
    assert most is None or held <= most, f"may use {held:g} processors; the policy allows {most:g}"
    if container.planned:
        return planned_limit(f"{held:g} processors", most)
    total = engine.get().info.ncpu
    assert held < total, f"may use {held:g} processors, but the host has only {total}"
    source = "" if wanted is not None else " by its control groups, though none is set"
    return f"limited to {held:g} processors{source}"


@pytest.mark.nist("AC-4", "SC-7", "SC-7(5)", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.3.1", "1.3.2")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("3.4.firewall_rules", "3.4.firewall_rules.iptables", "3.4.firewall_rules.cni")
@pytest.mark.severity("medium", "Everyone who reaches a published port can attack it, and stolen data can go anywhere.")
@for_each("option", OPTIONS)
def test_firewall_limits_container_traffic(option: str, firewall: Firewall) -> NoReturn:
    """Firewall rules limit container traffic.

    Docker lets everyone reach a published port, and every container reach the outside. The control fails without rules
    in the chain DOCKER-USER or another nftables table. Whether your rules drop the right traffic needs a manual check.
    They do not apply to containers in the host's network, or with an outside address of their own.

    Remedy: drop new connections from other networks, and accept replies: a rule without the states cuts off all
    containers. With `eth0` leading outside and 10.0.0.0/8 as your network: `iptables -I DOCKER-USER -i eth0 ! -s
    10.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP`; for bridges with IPv6 also: `ip6tables -I
    DOCKER-USER -i eth0 ! -s fd00::/8 -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP`. Docker's nftables backend
    has no DOCKER-USER, so create a table: `nft add table ip site`, `nft add chain ip site forward '{ type filter hook
    forward priority filter; policy accept; }'` and `nft add rule ip site forward iifname eth0 ip saddr != 10.0.0.0/8 ct
    state new,invalid drop`; for IPv6 the same with `ip6` and your prefix. Load the rules at boot.
    """
    if option == CNI:
        if not firewall.cni_files:
            raise NotApplicable("Docker Engine does not use CNI, and nothing is configured in /etc/cni/net.d")
        check = f"check that a network policy is enforced: /etc/cni/net.d has {listed(firewall.cni_files)}"
    else:
        chains = [
            f"nft {each.family} {each.table} {each.name} ({count} rules, policy {each.policy or None})"
            for each, count in firewall.chains
        ]
        rules = (*firewall.user_rules, *chains)
        assert rules, "DOCKER-USER has no rule beyond RETURN, and no other table of nftables filters forwarded packets"
        check = f"check that these rules drop new connections from other networks: {listed(rules)}"
    raise Manual(check)


@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.3.1", "1.4.2")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("3.4.no_wildcard_bind")
@pytest.mark.severity("high", "A database or admin page is open to every network, up to the Internet.")
def test_sensitive_container_listens_on_chosen_addresses(container: Container, policy: Policy) -> str:
    """Sensitive containers listen only on chosen addresses.

    A database or admin page for one network is otherwise open in all networks of the host, up to the Internet. The
    policy names the sensitive containers.

    Remedy: publish it as `--publish ADDRESS:PORT:PORT`; name sensitive ones in `sensitive_containers` of the policy.
    """
    sensitive = policy.is_sensitive(container.name)
    wide = open_ports(container, lambda port: port.on_every_address)
    assert not (wide and sensitive), f"is sensitive, and opens on every address: {wide}"
    if wide and sensitive is None:
        raise Manual(
            f"opens on every address: {wide}; check whether it is sensitive, then name sensitive containers in"
            " `sensitive_containers` of the policy"
        )
    if wide:
        raise NotApplicable("is not in sensitive_containers of the policy")
    if sensitive is False:
        return f"opens {shown_ports(container.ports.open) or 'no port'}"
    return require_known_ports(container)


@pytest.mark.nist("IA-5(7)", "SC-28", sp="800-53")
@pytest.mark.nist("4.1.4", sp="800-190")
@pytest.mark.pci("8.3.2", "8.6.2")
@pytest.mark.hipaa("164.308(a)(5)(ii)(D)", "164.312(a)(2)(iv)")
@pytest.mark.guide("3.4.secrets")
@pytest.mark.severity("high", "Everyone who may inspect the container, and each process in it, reads the secret.")
def test_container_environment_holds_no_secret(container: Container) -> str:
    """Container environment, labels and command hold no secrets.

    Anyone who may inspect the container can read them, each process inherits the environment, and the process list
    shows the command. Names and formats of values decide, so other secrets are not found.

    Remedy: use a Docker secret, or a mounted file for the program alone; many images read `NAME_FILE` for `NAME`.
    """
    found = [(f"{each.place} {each.name}".strip(), each.kind) for each in container.inspect.secrets]
    assert not found, "; ".join(f"{place}: {kind}" for place, kind in found)
    container.require_created("whether its image sets a secret (the file has none that looks like one)")
    return "no variable, label or word of its command looks like a secret"
