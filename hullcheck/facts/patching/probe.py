"""What a host is asked about what installs updates."""

import json
import re
from collections.abc import Iterator
from typing import Any

from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like, pick

_KNOWN = lines_like(
    "(?:changed|clock|cron|did|disabled|highstate|idle|job|log|own|salt|summary|unattended|unread|yaml):.*",
    r"origins:(?:security|other)|(?:lists|refreshed|pushed):\d+",
    "held:.*",
    "unit:Runs(?:It|Other)=yes",
    "applies:yes",
    "unit:(?:Id|LoadState|UnitFileState|ActiveState|SubState|Result|ExecMainStatus|ExecMainExitTimestampMonotonic)=.*",
    "unit:(?:RequiredBy|TriggeredBy|WantedBy)=.*",
    "unit:",
)
_SUMMARY = {
    "version": {"config": True},
    "time": {"last_run": True},
    "events": {"failure": True, "noop": True, "total": True},
    "resources": {"failed": True, "failed_to_restart": True},
    "application": {"run_mode": True},
}
_ENDS = "All upgrades installed|No packages found that can be upgraded"
_ENDS += "|Installing the upgrades failed|Apt returned an error|Cache has broken packages"
_ENDS += r"|GetArchives\(\) failed|An error occurred"
_UNATTENDED = re.compile(rf"(unattended:[\d:, -]* [A-Z]+ (?:{_ENDS})).*")


def _keep(text: str) -> str:
    return "\n".join(_kept(_KNOWN(text).split("\n")))


def _kept(lines: list[str]) -> Iterator[str]:
    """The lines, those of a summary of Puppet's as one with what is judged of it."""
    summary = list[str]()
    for line in [*lines, "end:"]:
        word, _, rest = line.partition(":")
        if word == "yaml":
            summary.append(rest)
            continue
        if summary:
            yield f"yaml:{_summary(summary)}"
            summary = []
        if word == "unattended":
            told = _UNATTENDED.match(line)
            yield told[1] if told else f"{word}:{DROPPED}"
        elif line != "end:":
            yield line


def _summary(lines: list[str]) -> str:
    """What is judged; what is no YAML stays none."""
    import yaml  # only where there is a file of Puppet's

    try:
        document = yaml.safe_load("\n".join(lines))
    except (yaml.YAMLError, ValueError, RecursionError):
        return f"{{{DROPPED}"
    kept = pick(document, _SUMMARY)
    if isinstance(kept, dict) and not isinstance(_version(kept), int):
        kept.pop("version", None)  # a site's own, which may be any text
    return json.dumps(kept, default=str)


def _version(summary: dict[str, Any]) -> Any:
    part = summary.get("version")
    return part.get("config") if isinstance(part, dict) else None


PATCHING = Probe.from_file(__file__, "patching", _keep, like=_KNOWN)
