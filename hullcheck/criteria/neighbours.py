"""What else runs containers on a target, in words."""

from hullcheck.facts.engine.neighbours import Neighbour
from hullcheck.verdicts import unread

_MOST = 3  # numbers of processes


def shown(neighbour: Neighbour) -> str:
    """Return what it is, for "not judged: ..."."""
    pids = ", ".join(map(str, neighbour.pids[:_MOST]))
    match neighbour.kind:
        case "dockerd":
            return f"dockerd as process {pids} (give it a target of its own, with docker_host)"
        case "process":
            return f"{neighbour.name} (process {pids})"
        case "namespace":
            return f"the namespace {neighbour.name} of containerd ({neighbour.count} running)"
        case "plugin":
            return f"the plugin {neighbour.name}"
        case _:
            return unread(neighbour.name)
