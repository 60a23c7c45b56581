"""CIS Docker Benchmark v1.8.0, section 7: swarm mode.

On a worker most controls are not applicable, because only managers have the facts; the reason names managers to audit.
"""

from collections.abc import Iterable

import pytest

from hullcheck.criteria.daemon import validity_flaw
from hullcheck.facts.engine.endpoints import shown
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.services import Service, Swarm
from hullcheck.parsing.certificates import read
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
@pytest.mark.severity("low", "Each extra manager is one more host to protect, and an even number adds no safety.")
def test_swarm_has_no_more_managers_than_it_needs(swarm: Swarm, policy: Policy) -> str:
    """The swarm has no more managers than it needs.

    Each manager holds the keys and secrets of the whole swarm. The number has to be odd: four managers tolerate no more
    failures than three.

    Remedy: turn managers into workers with `docker node demote`, or allow more in `swarm_managers` of the policy.
    """
    managers = swarm.managers
    count = len(managers)
    names = ", ".join(f"{name} ({role})" for name, role in managers)
    named = f"{count} manager{'s' * (count != 1)}: {names}"
    assert count % 2, f"{named}; {count} managers tolerate no more failures than {count - 1}"
    assert count <= policy.swarm_managers, f"{named}; at most {policy.swarm_managers} are allowed"
    return named


@pytest.mark.cis("7.2", level=1)
@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.3.2", "4.3.5", sp="800-190")
@pytest.mark.pci("1.2.5", "1.3.1")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium", "Everyone on any network of the node can attack the ports of the swarm.")
def test_swarm_ports_are_bound_to_one_address(swarm: Swarm) -> str:
    """Swarm ports are bound to one address.

    On every address the ports are open in networks without other nodes, up to the Internet. The VXLAN port (4789/udp)
    does not count: the kernel opens it on every address, so close it with a firewall.

    Remedy: join the swarm again with `--listen-addr` and an address or interface of the network between the nodes.
    """
    listeners = swarm.control_listeners
    wide = _addresses(each for each in listeners if is_unspecified(each.address))
    assert not wide, f"listens on every address: {wide}"
    return f"listens on {_addresses(listeners)}"


@pytest.mark.cis("7.3", level=1)
@pytest.mark.nist("SC-8", "SC-8(1)", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(e)(1)", "164.312(e)(2)(ii)")
@pytest.mark.severity("medium", "Someone between two nodes reads and forges what services send each other.")
def test_overlay_network_is_encrypted(overlay_network: Network) -> str:
    """Overlay networks are encrypted.

    Swarm encrypts its management traffic but not the data of services: anyone between two nodes can read it and inject
    packets. A multi-node network with another driver needs a manual check. Audit a manager to judge all networks.

    Remedy: create the network again with `--opt encrypted`; ingress too, with `docker network rm ingress` and `docker
    network create --ingress --driver overlay --opt encrypted ingress`.
    """
    if overlay_network.driver != "overlay":
        raise Manual(f"check that its driver {overlay_network.driver} encrypts the traffic between nodes")
    use = ", and carries published ports" if overlay_network.ingress else ""
    assert "encrypted" in overlay_network.options, f"is not encrypted{use}"
    return f"has the option encrypted={overlay_network.options['encrypted']}".rstrip("=")


@pytest.mark.cis("7.4", level=1)
@pytest.mark.nist("IA-5(7)", "SC-28", sp="800-53")
@pytest.mark.nist("4.1.4", sp="800-190")
@pytest.mark.pci("8.3.2", "8.6.2")
@pytest.mark.hipaa("164.308(a)(5)(ii)(D)", "164.312(a)(2)(iv)")
@pytest.mark.guide("3.4.secrets")
@pytest.mark.severity("high", "Everyone who may inspect the service, and each of its processes, reads the secret.")
def test_service_gets_secrets_as_secrets(swarm_service: Service) -> str:
    """Services get passwords, tokens and keys as Docker secrets.

    Anyone who may inspect the service can read its settings, and each of its processes the environment; a secret is
    encrypted at rest and only its service sees it. Only current settings are judged, by names and formats of values,
    the text of configs, and the names of mounted files.

    Remedy: `docker secret create`, then `docker service update --secret-add … --env-rm …`; many images read `NAME_FILE`
    for `NAME`. Change a secret that others may have seen: the swarm keeps earlier settings.
    """
    configs, container = swarm_service.exposed_configs, swarm_service.container
    as_config = [f"as a config: {', '.join(configs)}"] if configs else []
    found = "; ".join((*dict.fromkeys(swarm_service.document.found), *as_config))
    assert not found, found
    if unsearched := swarm_service.unsearched_configs:
        raise Manual(f"check that its configs {', '.join(unsearched)} hold no secret: they were not searched")
    secrets = ", ".join(sorted(each.secret_name for each in container.secrets or ())) or "none"
    more = f", nor in {len(container.configs)} configs" if container.configs else ""
    places = f"{len(container.env or ())} variables, labels, commands and options{more}"
    return f"secrets: {secrets}; none found in {places}"


@pytest.mark.cis("7.5", level=1)
@pytest.mark.nist("SC-12", "SC-28", "SC-28(1)", sp="800-53")
@pytest.mark.nist("4.3.2", "4.3.5", sp="800-190")
@pytest.mark.pci("8.3.2")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.guide("5.pci_dss.encrypt_at_rest")
@pytest.mark.severity("medium", "A stolen disk or backup of one manager gives away all secrets of the swarm.")
def test_managers_are_locked_after_a_start(swarm: Swarm) -> str:
    """Swarm managers are locked after a restart (autolock).

    Without autolock the keys are stored next to the swarm data that they protect: a stolen disk or backup of one
    manager gives away the secrets of all services.

    Remedy: `docker swarm update --autolock=true`, and keep the printed key away from the managers.
    """
    if swarm.node.local_node_state == "locked":
        return "this manager is locked: its keys are encrypted"
    assert swarm.cluster.spec.encryption.auto_lock_managers, "autolock is off (docker info)"
    return "autolock is on (docker info)"


@pytest.mark.cis("7.6", level=1)
@pytest.mark.nist("SC-12", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("3.7.4")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.severity("low", "A former administrator's key still works, but only with a disk of a manager.")
def test_unlock_key_is_rotated(swarm: Swarm, policy: Policy) -> str:
    """The unlock key of the swarm is rotated.

    Everyone who ever unlocked a manager knows it. The swarm does not record rotations, so this needs a manual check
    unless the whole swarm is younger than the period.

    Remedy: `docker swarm unlock-key --rotate`; the period is `unlock_key` in `rotation_days` of the policy.
    """
    if not swarm.cluster.spec.encryption.auto_lock_managers:
        raise NotApplicable("autolock is off, so there is no unlock key; see 7.5")
    period = policy.rotation_days.unlock_key
    age = swarm.age_days
    if age <= period:
        return f"the swarm is {age:.0f} days old, and its unlock key is no older"
    raise Manual(f"the swarm is {age:.0f} days old: check that its unlock key was rotated in the last {period} days")


@pytest.mark.cis("7.7", level=1)
@pytest.mark.nist("IA-5", "SC-12", "SC-17", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(d)")
@pytest.mark.severity("low", "A stolen node certificate works longer; stealing it takes root on a node.")
def test_node_certificates_are_renewed_in_time(swarm: Swarm, policy: Policy) -> str:
    """Swarm node certificates have a short lifetime.

    A stolen certificate lets another machine join as the node until it expires, because swarm has no revocation list. A
    shorter period applies only to new certificates. With an external CA the period needs a manual check.

    Remedy: `docker swarm update --cert-expiry 720h`, then `docker swarm ca --rotate` to renew at once; the period is
    `node_certificate` in `rotation_days` of the policy.
    """
    days, period = swarm.node_certificate_days, policy.rotation_days.node_certificate
    assert days <= period, f"certificates are valid for {days:g} days; at most {period} are allowed"
    if swarm.cluster.spec.ca.external_cas:
        raise Manual("an external CA issues the node certificates: check how long they are valid")
    return f"certificates are valid for {days:g} days"


@pytest.mark.cis("7.8", level=1)
@pytest.mark.nist("IA-5", "SC-12", "SC-17", sp="800-53")
@pytest.mark.nist("4.3.5", sp="800-190")
@pytest.mark.pci("4.2.1")
@pytest.mark.hipaa("164.312(d)")
@pytest.mark.severity("low", "A stolen CA key can create nodes for years; stealing it takes root on a manager.")
def test_swarm_ca_is_rotated(swarm: Swarm, policy: Policy) -> str:
    """The root CA of the swarm is valid and rotated.

    Every current and former manager has its key, which can create nodes. Swarm makes it valid for 20 years.

    Remedy: `docker swarm ca --rotate`; the period is `swarm_ca` in `rotation_days` of the policy.
    """
    certificates = read(swarm.cluster.tls.trust_root)
    period = policy.rotation_days.swarm_ca
    note = "; a rotation is in progress" if swarm.cluster.root_rotation_in_progress else ""
    flaw = validity_flaw(certificates, swarm.recording.known_times)
    assert not flaw, f"a root certificate {flaw}{note}"
    made = min(each.not_before for each in certificates)
    age = (swarm.recording.known_times.later - made) / DAY
    assert age <= period, f"was made on {day(made)}, {age:.0f} days ago; at most {period} are allowed{note}"
    return f"was made on {day(made)}{note}"


@pytest.mark.cis("7.9", level=1)
@pytest.mark.nist("SC-2", "SC-7", sp="800-53")
@pytest.mark.nist("4.3.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("low", "A flood of service data can disturb the managers; it gives nobody access.")
def test_data_traffic_has_its_own_interface(swarm: Swarm) -> str:
    """Swarm management and data traffic use different interfaces.

    On one network, a container that breaks out of its overlay network or floods it reaches the swarm management. Only
    addresses are compared, not their interfaces.

    Remedy: add a second interface to the node, and join the swarm again with `--advertise-addr` on one and
    `--data-path-addr` on the other.
    """
    management, data = swarm.addresses
    assert management != data, f"management and data both use {management}"
    return f"management on {management}, data on {data}"
