"""Drafts the policy that would accept what was found on a target."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import yaml

from hullcheck.criteria.file_access import controllers
from hullcheck.criteria.host_paths import is_of_a_service, is_sensitive
from hullcheck.criteria.judgement import listed, shown_port
from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.messages import printable
from hullcheck.parsing.confinement import DOCKER_DEFAULT
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.verdicts import EvidenceError, NotApplicable

_HEAD = """\
# A draft: the policy that would accept what hullcheck found in run {run}. Every line allows something that the
# controls would question, and its comment says what. Delete each line that nobody needs: a policy that allows what is
# there finds nothing. docs/inventory.md explains the keys.
# These keys take a reason in words, or a record, that only a person can give:
#   rootful_reason, ip_forward_reason, os_hardening, image_verification, patched_by, scan_reports
"""
_KEPT_HERE = ("json-file", "local", "none")
"""Log drivers that keep logs on the host, whatever a policy allows."""
_Found = Iterator[tuple[str, object, str]]
"""A key of the policy, a value, and what it accepts."""


def text(run: str, known: Mapping[str, Facts]) -> str:
    """Return the draft for the targets of a *run*, as a part of an inventory in YAML."""
    lines = [*_HEAD.format(run=printable(run)).splitlines(), "policy:", "  targets:"]
    for target, facts in known.items():
        values, unread = _collected(facts)
        lines.append(f"    {_scalar(target)}:{'' if values else ' {}'}")
        lines += (f"      {line}" for key, found in values.items() for line in _key(key, found))
        lines += (f"      # not drafted: {printable(each)}" for each in unread)
    return "".join(f"{line}\n" for line in lines)


def _collected(facts: Facts) -> tuple[dict[str, dict[object, list[str]]], list[str]]:
    """Return by key each value with all that it accepts, and what could not be read."""
    values: dict[str, dict[object, list[str]]] = {}
    unread: list[str] = []
    for look in _LOOKS:
        try:
            for key, value, accepted in look(facts):
                values.setdefault(key, {}).setdefault(value, []).append(accepted)
        except EvidenceError as error:
            unread.append(str(error))
        except NotApplicable:
            continue
    if paths := values.get("allowed_mounts"):  # what a mount shows is allowed with it
        values["allowed_mounts"] = {
            path: accepted
            for path, accepted in paths.items()
            if not any(each != path and is_below(str(path), str(each)) for each in paths)
        }
    return values, list(dict.fromkeys(unread))


def _key(key: str, found: Mapping[object, Sequence[str]]) -> list[str]:
    if set(found) == {True}:
        return [f"{key}: true  # {_accepted(found[True])}"]
    return [f"{key}:", *(f"  - {_scalar(value)}  # {_accepted(each)}" for value, each in found.items())]


def _accepted(words: Sequence[str]) -> str:
    return printable(listed(list(dict.fromkeys(words)), 6)).replace("\n", " ")


def _scalar(value: object) -> str:
    """Return *value* as YAML reads it back: quoted where it has to be."""
    dumped: str = yaml.safe_dump(value, default_flow_style=True, width=10**9, allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("\n...")


# ---- what is looked at; each gives values in the order of their keys in docs/inventory.md


def _users(facts: Facts) -> _Found:
    for _, socket in facts.get("api_socket"):
        for name, way in controllers(socket, facts.get("accounts")).items():
            yield "trusted_users", name, way


def _software(facts: Facts) -> _Found:
    software = facts.get("software")
    yield "minimal_distributions", software.identifier, f"the distribution of the host, {software.name}"
    for kind in ("compiler", "browser"):
        for each in software.of_kind(kind, ()):
            yield "allowed_host_programs", each.rpartition("/")[2].removeprefix("package "), f"{kind} {each}"


def _services(facts: Facts) -> _Found:
    services = facts.get("host_services")
    for unit in services.units.wanted:
        yield "allowed_host_services", unit, "a unit that is enabled or runs"
    for each in services.listeners:
        yield "allowed_host_services", each.name, f"listens: {each.name} ({each.protocol} {each.port})"


def _daemon(facts: Facts) -> _Found:
    daemon = facts.get("daemon")
    for address, port in daemon.remote_api.endpoints if daemon.remote_api.offered else ():
        shown = f"[{address}]" if ":" in address else address
        yield "api_listeners", f"{shown}:{port}", "the daemon takes commands there"
    parent = daemon.setting("cgroup-parent").value
    if parent and not daemon.engine.is_default_cgroup(parent):
        yield "cgroup_parents", parent, "cgroup-parent of the daemon"
    for each in daemon.setting("authorization-plugins").value or ():
        yield "authorization_plugins", each, "an active plugin; its rules have to be reviewed"
    driver = daemon.setting("log-driver").value
    if driver not in _KEPT_HERE:
        yield "log_drivers", driver, "the driver of the daemon; is the other end the central store?"


def _swarm(facts: Facts) -> _Found:
    if facts.get("engine").info.swarm.local_node_state != "inactive":
        yield "swarm", True, "swarm mode is on"


def _images(facts: Facts) -> _Found:
    for name, image in facts.get("image"):
        for origin in image.origins:
            yield "allowed_registries", origin, f"image {name}"


def _image_contents(facts: Facts) -> _Found:
    contents = facts.get("image_contents")
    for name, image in facts.get("image"):
        held = contents.of(image.id)
        for package in sorted({*held.packages, *held.tool_names}):
            yield "allowed_packages", package, f"image {name}"
        for path, _ in (*held.special, *held.capable):
            yield "allowed_setuid_files", path, f"image {name}"


def _containers(look: Callable[[Container, Facts], _Found]) -> Callable[[Facts], _Found]:
    def every(facts: Facts) -> _Found:
        for name, container in facts.get("container"):
            for key, value, what in look(container, facts):
                yield key, value, f"container {name}{what}"

    return every


def _capabilities(container: Container, _: Facts) -> _Found:
    if container.host_config.privileged:
        return
    for each in sorted(container.privileges.capabilities - (DOCKER_DEFAULT - {"NET_RAW"})):
        yield "allowed_capabilities", each, ""


def _mounts(container: Container, _: Facts) -> _Found:
    root, seen = container.docker_root, container.mounts
    folders = seen.writable if seen.root_is_read_only else ()  # else it can write to its own root, too
    for mount in (*seen.configured, *seen.visible, *folders):
        for path in sorted(mount.paths):
            if mount in folders or is_sensitive(mount, path, root) or is_of_a_service(mount, path, root):
                yield "allowed_mounts", path, f" at {mount.destination}"


def _configuration(container: Container, _: Facts) -> _Found:
    yield "current_images", container.image.name, " runs it"
    yield from (("allowed_devices", each, "") for each in container.devices)
    yield from (("allowed_ulimits", each.partition("=")[0], f" has {each}") for each in container.ulimits)
    if not container.in_default_cgroup:
        yield "cgroup_parents", container.host_config.cgroup_parent, ""


def _ports(container: Container, _: Facts) -> _Found:
    for port in (*container.ports.published, *container.ports.open):
        if port.number:
            value = port.number if port.protocol == "tcp" else f"{port.number}/{port.protocol}"
            yield "allowed_ports", value, f": {shown_port(port)}"


_LOOKS: tuple[Callable[[Facts], _Found], ...] = (
    *(_users, _software, _services, _images, _image_contents, _daemon, _swarm),
    *map(_containers, (_capabilities, _mounts, _configuration, _ports)),
)
