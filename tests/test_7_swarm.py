"""CIS Docker Benchmark v1.8.0, section 7: swarm mode.

Most of it only a manager knows: on a worker these controls are not applicable, and name managers to audit.
"""

from collections.abc import Iterable

import pytest

from hullcheck.criteria.daemon import validity_flaw
from hullcheck.facts.engine.endpoints import shown
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.services import Service, Swarm
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.times import DAY, day
from hullcheck.parsing.values import is_unspecified
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual, NotApplicable


def _addresses(listeners: Iterable[Listener]) -> str:
    return ", ".join(f"{shown(each.address, each.number)}/{each.protocol}" for each in listeners)


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
    names = ", ".join(f"{name} ({role})" for name, role in managers)
    named = f"{count} manager{'s' * (count != 1)}: {names}"
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
    leave that to a packet filter.

    Remedy: join the swarm again with `--listen-addr` and an address or interface of the network between the
    nodes."""
    listeners = swarm.control_listeners
    wide = _addresses(each for each in listeners if is_unspecified(each.address))
    assert not wide, f"on every address: {wide}"
    return _addresses(listeners)


@pytest.mark.cis("7.3", level=1)
@pytest.mark.nist("SC-8", "SC-8(1)", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(e)(1)", "164.312(e)(2)(ii)")
@pytest.mark.severity("medium")
def test_overlay_network_is_encrypted(overlay_network: Network) -> str:
    """Every overlay network encrypts what passes between nodes.

    Swarm encrypts what its managers say, but not the data of its services: who can listen between two nodes
    reads it, and who can send to them may put packets into the network. A network of another driver needs a manual
    check. A manager knows all networks.

    Remedy: make the network again with `--opt encrypted`; ingress too, by `docker network rm ingress` and
    `docker network create --ingress --driver overlay --opt encrypted ingress`.
    """
    if overlay_network.driver != "overlay":
        raise Manual(f"check that its driver {overlay_network.driver} encrypts what passes between nodes")
    own = "the swarm's own network for published ports, made " if overlay_network.ingress else ""
    assert "encrypted" in overlay_network.options, f"{own}without the option encrypted"
    return f"made with the option encrypted={overlay_network.options['encrypted']}".rstrip("=")


@pytest.mark.cis("7.4", level=1)
@pytest.mark.nist("IA-5(7)", "SC-28", sp="800-53")
@pytest.mark.nist("4.1.4", sp="800-190")
@pytest.mark.pci("8.3.2", "8.6.2")
@pytest.mark.hipaa("164.308(a)(5)(ii)(D)", "164.312(a)(2)(iv)")
@pytest.mark.guide("3.4.secrets")
@pytest.mark.severity("high")
def test_service_gets_secrets_as_secrets(swarm_service: Service) -> str:
    """No service gets a password, token or key other than as a secret of the swarm.

    All of these can be read by everyone who may inspect the service, and the environment by every process in its
    containers; a secret is encrypted at rest and seen by its service alone. The settings of now are judged. Names and
    formats of values decide, of a config its names and its text, and of a mounted file of the node its name: a secret
    that looks like none, or is in the image, is not found here.

    Remedy: `docker secret create`, then `docker service update --secret-add … --env-rm …`; many images read
    `NAME_FILE` for `NAME`. Make another secret where the old one was seen: the swarm keeps the settings before the last
    update, and those of old tasks.
    """
    configs, container = swarm_service.exposed_configs, swarm_service.container
    as_config = [f"as a config: {', '.join(configs)}"] if configs else []
    found = "; ".join((*dict.fromkeys(swarm_service.document.found), *as_config))
    assert not found, found
    if unsearched := swarm_service.unsearched_configs:
        raise Manual(f"check that its configs {', '.join(unsearched)} hold none: they were not searched")
    secrets = ", ".join(sorted(each.secret_name for each in container.secrets or ())) or "none"
    more = f", nor in {len(container.configs)} configs" if container.configs else ""
    places = f"{len(container.env or ())} variables, labels, commands and options{more}"
    return f"secrets: {secrets}; none seen in {places}"


@pytest.mark.cis("7.5", level=1)
@pytest.mark.nist("SC-12", "SC-28", "SC-28(1)", sp="800-53")
@pytest.mark.nist("4.3.2", "4.3.5", sp="800-190")
@pytest.mark.pci("8.3.2")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.guide("5.pci_dss.encrypt_at_rest")
@pytest.mark.severity("medium")
def test_managers_are_locked_after_a_start(swarm: Swarm) -> str:
    """The keys of managers are encrypted on disk, and somebody unlocks each manager after a start.

    Without autolock the key to the swarm's data and its TLS key lie beside what they protect: a stolen disk
    or backup of one manager gives away the secrets of all services.

    Remedy: `docker swarm update --autolock=true`, and keep the key that it prints where no manager is.
    """
    if swarm.node.local_node_state == "locked":
        return "this manager is locked now: its keys are encrypted, and it waits for the unlock key"
    assert swarm.cluster.spec.encryption.auto_lock_managers, "autolock is off (docker info)"
    return "autolock is on (docker info)"


@pytest.mark.cis("7.6", level=1)
@pytest.mark.nist("SC-12", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("3.7.4")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.severity("low")
def test_unlock_key_is_rotated(swarm: Swarm, policy: Policy) -> str:
    """The key that unlocks managers is changed from time to time.

    Everyone who ever unlocked a manager has seen it. The swarm keeps no date of the change: it needs a manual check,
    unless the whole swarm is younger than the period.

    Remedy: `docker swarm unlock-key --rotate`, and write down when; the period is `unlock_key` in
    `rotation_days` of the policy."""
    if not swarm.cluster.spec.encryption.auto_lock_managers:
        raise NotApplicable("autolock is off, so there is no unlock key; see 7.5")
    period = policy.rotation_days.unlock_key
    age = swarm.age_days
    if age <= period:
        return f"the swarm was made {age:.0f} days ago, and its unlock key is no older than that"
    made = f"the swarm was made {age:.0f} days ago"
    raise Manual(f"{made}: check that the unlock key was rotated in the last {period} days")


@pytest.mark.cis("7.7", level=1)
@pytest.mark.nist("IA-5", "SC-12", "SC-17", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(d)")
@pytest.mark.severity("low")
def test_node_certificates_are_renewed_in_time(swarm: Swarm, policy: Policy) -> str:
    """Certificates of nodes hold for no longer than the site allows.

    A certificate makes a machine a node. A stolen one is good until it ends, because swarm has no list of revoked ones.
    A shorter period counts for those that are made from then on. An external CA decides by itself, and needs a manual
    check.

    Remedy: `docker swarm update --cert-expiry 720h`, then `docker swarm ca --rotate` to renew at once; the
    period is `node_certificate` in `rotation_days` of the policy."""
    days, period = swarm.node_certificate_days, policy.rotation_days.node_certificate
    assert days <= period, f"certificates hold for {days:g} days; allowed are {period}"
    if swarm.cluster.spec.ca.external_cas:
        raise Manual("an external CA makes the certificates of nodes: check for how long they hold")
    return f"certificates hold for {days:g} days"


@pytest.mark.cis("7.8", level=1)
@pytest.mark.nist("IA-5", "SC-12", "SC-17", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(d)")
@pytest.mark.severity("low")
def test_swarm_ca_is_rotated(swarm: Swarm, policy: Policy) -> str:
    """The root certificate of the swarm holds, and is no older than the site allows.

    Its key is on every manager there ever was, and whoever has it makes nodes. Swarm makes it to hold for 20 years.

    Remedy: `docker swarm ca --rotate`; the period is `swarm_ca` in `rotation_days` of the policy.
    """
    certificates = swarm.root_certificates
    period = policy.rotation_days.swarm_ca
    note = "; a rotation is under way" if swarm.cluster.root_rotation_in_progress else ""
    flaw = validity_flaw(certificates, swarm.recording.known_times)
    assert not flaw, f"a root certificate {flaw}{note}"
    made = min(each.not_before for each in certificates)
    age = (swarm.recording.known_times.later - made) / DAY
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
    swarm. Addresses are compared: which interfaces have them is not looked up.

    Remedy: give the node a second interface, and join the swarm again with `--advertise-addr` on one of them
    and `--data-path-addr` on the other."""
    management, data = swarm.addresses
    assert management != data, f"management and data on {management}"
    return f"management on {management}, data on {data}"
