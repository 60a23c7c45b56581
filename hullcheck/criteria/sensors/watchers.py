"""Whether a process is the tool that it seems to be, and comes back after a boot."""

from collections.abc import Iterable, Iterator

from hullcheck.criteria.judgement import Judgement
from hullcheck.facts.sensors import Sensors, Watcher
from hullcheck.facts.sensors.tools import Tool
from hullcheck.parsing.systemctl import STARTED_AT_BOOT, at_boot
from hullcheck.verdicts import Manual

_RESTARTED = ("always", "unless-stopped")


def genuine(tool: Tool, sensors: Sensors) -> tuple[list[Watcher], str]:
    """The processes of the tool that are what they seem, with those beside them in the same place; or why none is.

    Raises:
        EvidenceError: that is unknown.
        Manual: one of them may be.
    """
    found = sensors.of(tool)
    if not found:
        return [], f"no process of {tool.title}"
    doubts = [_doubt(tool, each) for each in found]
    places = {each.place for each, doubt in zip(found, doubts, strict=True) if not doubt}
    told = "; ".join(dict.fromkeys(doubts))
    if not places and any(tool.repository.fullmatch(_whole(name)) for name in _claims(found)):
        raise Manual(told)
    return [each for each in found if each.place in places], "" if places else told


def _doubt(tool: Tool, watcher: Watcher) -> str:
    """Why a process may not be the tool, or does nothing; empty where it is, and does."""
    if watcher.halted:
        return f"process {watcher.pid} ({watcher.executable}) is stopped or frozen: it sees nothing"
    if watcher.container is not None:
        if any(tool.repository.fullmatch(each) for each in watcher.origins):
            return ""
        claims = f"no known registry (it is named {', '.join(watcher.claims) or 'nothing'})"
        origin = ", ".join(watcher.origins) or claims
        return f"{watcher.place} runs {watcher.executable}, but its image is from {origin}"
    if not tool.programs.fullmatch(watcher.executable):
        return f"process {watcher.pid} is {watcher.executable}, which is not where {tool.title} is installed"
    if watcher.is_main_process:
        return ""
    return f"process {watcher.pid} ({watcher.executable}) is not that of a unit"


def _claims(watchers: Iterable[Watcher]) -> Iterator[str]:
    """The names of images that may have been loaded from an archive, so that no registry is known of them."""
    unknown = (each for each in watchers if each.container is not None and not each.origins)
    return (name for each in unknown for name in each.claims)


def _whole(name: str) -> str:
    """A name of an image without its tag, with the registry's part at its beginning."""
    plain = name[: name.rindex(":")] if ":" in name.rpartition("/")[2] else name
    return plain if plain.count("/") > 1 or "." in plain.partition("/")[0] else f"docker.io/{plain}"


def start_with_host(watcher: Watcher) -> Judgement:
    """Whether it starts with the host: by its unit, or as a container."""
    if watcher.container is None:
        state = at_boot(watcher.unit)
        return Judgement(state in STARTED_AT_BOOT, f"{watcher.place} is {state or 'not enabled'}")
    configuration = watcher.container.configuration
    policy = configuration.restart_policy.name
    restarted = bool(configuration.service_id) or policy in _RESTARTED
    return Judgement(restarted, f"{watcher.place} has the restart policy {policy}")
