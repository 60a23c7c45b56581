"""CIS Docker Benchmark v1.8.0, section 7: swarm mode.

Most of it only a manager knows: on a worker these controls are not applicable, and name managers to audit.
"""

from collections.abc import Iterable

import pytest

from hullcheck.criteria.certificates import validity_flaw
from hullcheck.facts.daemon.sockets import address
from hullcheck.facts.engine.networks import Encryption, Network
from hullcheck.facts.registry import Later
from hullcheck.facts.swarm import Swarm, on_every_address
from hullcheck.facts.swarm.given import SwarmService
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.times import DAY, day
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual, NotApplicable

# Certificates begin an hour early, so that the clocks of nodes may differ.
_EARLY_DAYS = 1 / 24


def _addresses(listeners: Iterable[Listener]) -> str:
    return ", ".join(f"{address(each)}/{each.protocol}" for each in listeners)


@pytest.mark.cis("7.1", level=1)
@pytest.mark.nist("AC-6", "CM-6", sp="800-53")
@pytest.mark.nist("4.3.1", "4.3.5", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low")
def test_swarm_has_no_more_managers_than_it_needs(swarm: Swarm, policy: Policy) -> str:
    """The number of managers is odd, and no larger than the site's tolerance of losses needs.

    Each manager holds the keys and secrets of the whole swarm. An even number bears the loss of no more
    managers than one fewer.

    Remedy: turn managers into workers with `docker node demote`, or allow more in `swarm_managers` of the
    policy."""
    managers = swarm.managers
    count = len(managers)
    named = f"{count} manager{'s' * (count != 1)}: {', '.join(managers)}"
    assert count % 2, f"{named}; an even number bears the loss of no more than {count - 1} would"
    assert count <= policy.swarm_managers, f"{named}; allowed are {policy.swarm_managers}"
    return named


@pytest.mark.cis("7.2", level=1)
@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.3.2", "4.3.5", sp="800-190")
@pytest.mark.pci("1.2.5", "1.3.1")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium")
def test_swarm_ports_are_bound_to_one_address(swarm: Swarm) -> str:
    """The node listens to its swarm on a chosen address, and not on every address that it has.

    On every address these ports are open on networks as well that no other node is in, up to the Internet.
    The port of overlay networks (VXLAN, 4789/udp) belongs to the kernel, which opens it on every address:
    that is shown, and left to a packet filter.

    Remedy: join the swarm again with `--listen-addr` and an address or interface of the network between the
    nodes."""
    listeners = swarm.control_listeners
    wide = _addresses(filter(on_every_address, listeners))
    data = _addresses(filter(on_every_address, swarm.data_listeners))
    note = f"; overlay networks: {data}, on every address by the kernel" if data else ""
    assert not wide, f"on every address: {wide}{note}"
    return f"{_addresses(listeners)}{note}: see to a packet filter" if data else _addresses(listeners)


@pytest.mark.cis("7.3", level=1)
@pytest.mark.nist("SC-8", "SC-8(1)", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(e)(1)", "164.312(e)(2)(ii)")
@pytest.mark.severity("medium")
def test_overlay_network_is_encrypted(
    overlay_network: Network, swarm: Swarm, encryption: Later[Encryption]
) -> str | None:
    """Every overlay network encrypts what passes between nodes.

    Swarm encrypts what its managers say, but not the data of its services: who can listen between two nodes
    reads it, and who can send to them may put packets into the network. The engine has it done by rules of the packet
    filter, on each node with tasks in the network: where another program took these away, it does nothing. A network
    over several nodes that another driver made is for a person to judge. On a worker, the networks with this option
    in which it has tasks are judged; a manager knows the others.

    Remedy: make the network again with `--opt encrypted`; ingress too, by `docker network rm ingress` and
    `docker network create --ingress --driver overlay --opt encrypted ingress`. Where rules are gone, start the daemon
    again, and load the rules of the site without a flush of the others.
    """
    if overlay_network.driver != "overlay":
        raise Manual(f"its driver is {overlay_network.driver}: does that encrypt what passes between nodes?")
    own = "the swarm's own network for published ports, made " if overlay_network.ingress else ""
    assert "encrypted" in overlay_network.options, f"{own}without the option encrypted"
    lost = encryption.get().lacks(overlay_network, swarm.daemon.pid) if overlay_network.peers > 1 else ""
    assert not lost, f"made with the option encrypted, but {lost}"
    value = overlay_network.options["encrypted"]
    return (
        f"encrypted={value} counts as yes: to the engine the option's presence is enough" if value else None
    )


@pytest.mark.cis("7.4", level=1)
@pytest.mark.nist("IA-5(7)", "SC-28", sp="800-53")
@pytest.mark.nist("4.1.4", sp="800-190")
@pytest.mark.pci("8.3.2", "8.6.2")
@pytest.mark.hipaa("164.308(a)(5)(ii)(D)", "164.312(a)(2)(iv)")
@pytest.mark.guide("3.4.secrets")
@pytest.mark.severity("high")
def test_service_gets_secrets_as_secrets(swarm_service: SwarmService) -> str:
    """No service gets a password, token or key other than as a secret of the swarm.

    All of these can be read by everyone who may inspect the service, and the environment by every process in its
    containers; a secret is encrypted at rest and seen by its service alone. The swarm keeps the settings before
    the last update too, shows them and rolls back to them. Names and formats of values decide, of a config
    its names and its text, and of a mounted file of the node its name: a secret that looks like none, or is in the
    image, is not found here. Tasks keep the settings with which they were made, also those that ended.

    Remedy: `docker secret create`, then `docker service update --secret-add … --env-rm …`; many images read
    `NAME_FILE` for `NAME`. A second update (`--force`) makes the swarm forget the settings with the secret, but for
    old tasks: make another secret, or set `--task-history-limit` of the swarm to 0, which forgets these as well.
    """
    configs = swarm_service.exposed_configs
    as_config = [f"as a config: {', '.join(configs)}"] if configs else []
    found = "; ".join((*dict.fromkeys(swarm_service.exposed), *as_config))
    assert not found, found
    if swarm_service.unsearched_configs:
        raise Manual(
            f"a person has to search its configs {', '.join(swarm_service.unsearched_configs)}: do they hold any?"
        )
    secrets = ", ".join(sorted(swarm_service.secrets)) or "none"
    more = f", nor in {len(swarm_service.configs)} configs" if swarm_service.configs else ""
    places = f"{swarm_service.variables} variables, labels, commands and options{more}"
    return f"secrets: {secrets}; none seen in {places}"


@pytest.mark.cis("7.5", level=1)
@pytest.mark.nist("SC-12", "SC-28", "SC-28(1)", sp="800-53")
@pytest.mark.nist("4.3.2", "4.3.5", sp="800-190")
@pytest.mark.pci("8.3.2")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.guide("5.pci_dss.encrypt_at_rest")
@pytest.mark.severity("medium")
def test_managers_are_locked_after_a_start(swarm: Swarm) -> str:
    """The keys of managers are encrypted on disk, and a person unlocks each manager after a start.

    Without autolock the key to the swarm's data and its TLS key lie beside what they protect: a stolen disk
    or backup of one manager gives away the secrets of all services. So does one with the unlock key in a file.
    Small files in /etc, /root, /home, /opt and /usr/local are searched for one, and for what unlocks a manager.

    Remedy: `docker swarm update --autolock=true`, and keep the key that it prints where no manager is.
    """
    if swarm.locked:
        return "this manager is locked now: its keys are encrypted, and it waits for the unlock key"
    assert swarm.locks_managers, "autolock is off (docker info)"
    if files := swarm.unlocking:
        raise Manual(f"autolock is on (docker info), but does the key lie here? See {', '.join(files)}")
    return "autolock is on (docker info)"


@pytest.mark.cis("7.6", level=1)
@pytest.mark.nist("SC-12", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("3.7.4")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.severity("low")
def test_unlock_key_is_rotated(swarm: Swarm, policy: Policy) -> str:
    """The key that unlocks managers is changed from time to time.

    Everyone who ever unlocked a manager has seen it. The swarm keeps no date of the change, so a person has
    to say when it was, unless the whole swarm is younger than the period.

    Remedy: `docker swarm unlock-key --rotate`, and write down when; the period is `unlock_key` in
    `rotation_days` of the policy."""
    if not swarm.locks_managers:
        raise NotApplicable("autolock is off, so there is no unlock key; see 7.5")
    period = policy.rotation_days.unlock_key
    age = swarm.age_days
    if age <= period:
        return f"the swarm was made {age:.0f} days ago, and its unlock key is no older than that"
    raise Manual(
        f"the swarm was made {age:.0f} days ago: was the unlock key rotated in the last {period} days?"
    )


@pytest.mark.cis("7.7", level=1)
@pytest.mark.nist("IA-5", "SC-12", "SC-17", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(d)")
@pytest.mark.severity("low")
def test_node_certificates_are_renewed_in_time(swarm: Swarm, policy: Policy) -> str:
    """Certificates of nodes hold for no longer than the site allows, and this node's is no older and holds now.

    A certificate is what makes a machine a node. A stolen one is good until it ends, because swarm has no
    list of certificates that were called back. A shorter period counts for those that are made from then on: the
    one that a node has goes on for as long as it was made for, and fails once it is older than the site allows.
    The first node of a swarm has one for 90 days whatever `--cert-expiry` said. With an external CA the period counts
    for none: that CA decides, which a person has to look at.

    Remedy: `docker swarm update --cert-expiry 720h`, then `docker swarm ca --rotate` to renew at once; the
    period is `node_certificate` in `rotation_days` of the policy."""
    days, period = swarm.node_certificate_days, policy.rotation_days.node_certificate
    assert days <= period, f"certificates hold for {days:g} days; allowed are {period}"
    own = swarm.node_certificate
    flaw = validity_flaw((own,), swarm.times)
    assert not flaw, f"this node's certificate {flaw}"
    lifetime = (own.not_after - own.not_before) / DAY
    age = (swarm.times.later - own.not_before) / DAY - _EARLY_DAYS
    assert age <= period, f"this node's certificate is {age:.0f} days old; allowed are {period}"
    until = f"certificates hold for {days:g} days; this node's until {day(own.not_after)}"
    if lifetime - _EARLY_DAYS > period:
        until += f", as it was made to hold for {lifetime:.0f} days: renew it before"
    if swarm.asks_external_ca:
        raise Manual(f"{until}, but an external CA makes them: for how long do its certificates hold?")
    return until


@pytest.mark.cis("7.8", level=1)
@pytest.mark.nist("IA-5", "SC-12", "SC-17", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(d)")
@pytest.mark.severity("low")
def test_swarm_ca_is_rotated(swarm: Swarm, policy: Policy) -> str:
    """The root certificate of the swarm holds, and is no older than the site allows.

    Its key is on every manager there ever was, and whoever has it makes nodes. Swarm makes it to hold for 20
    years.

    Remedy: `docker swarm ca --rotate`; the period is `swarm_ca` in `rotation_days` of the policy.
    """
    certificates = swarm.root_certificates
    period = policy.rotation_days.swarm_ca
    note = "; a rotation is under way" if swarm.root_is_being_rotated else ""
    flaw = validity_flaw(certificates, swarm.times)
    assert not flaw, f"a root certificate {flaw}{note}"
    made = min(each.not_before for each in certificates)
    age = (swarm.times.later - made) / DAY
    assert age <= period, f"made on {day(made)}, {age:.0f} days ago; allowed are {period}{note}"
    return f"made on {day(made)}{note}"


@pytest.mark.cis("7.9", level=1)
@pytest.mark.nist("SC-2", "SC-7", sp="800-53")
@pytest.mark.nist("4.3.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("low")
def test_data_traffic_has_its_own_interface(swarm: Swarm) -> str:
    """Data of services and management of the swarm use different network interfaces.

    On one network a container that breaks out of its overlay network, or floods it, meets what manages the
    swarm. An interface of macvlan or ipvlan is in the network of the one that it is upon.

    Remedy: give the node a second interface, and join the swarm again with `--advertise-addr` on one of them
    and `--data-path-addr` on the other."""
    planes = swarm.planes
    assert planes.apart, str(planes)
    return str(planes)
