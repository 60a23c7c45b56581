"""Renews what hullcheck knows of releases, `hullcheck/data/releases.json`, from the network: `tox -e releases`.

Lines of the engine and the ends of distributions come from endoflife.date; vulnerabilities of high and critical
severity from the security advisories of each component on GitHub. What the file has already of a vulnerability stays:
its ranges may be better than those of the advisory. A person reads `git diff` before it is committed.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from hullcheck.data.releases import SHIPPED, order

Json = Any
Get = Callable[[str], Json]
"""Gives the document behind an address."""

LIFE = "https://endoflife.date/api/{}.json"
ADVISORIES = "https://api.github.com/repos/{}/security-advisories?state=published&per_page=100"
COMPONENTS = {
    "engine": "moby/moby",
    "containerd": "containerd/containerd",
    "runc": "opencontainers/runc",
    "cli": "docker/cli",
    "compose": "docker/compose",
    "buildx": "docker/buildx",
}
FREE = {"alpine": "eol", "debian": "extendedSupport", "ubuntu": "eol"}
"""The last day of the updates that all users get, by distribution: of Debian that is the end of long-term support."""


def renewed(known: Json, get: Get, today: str) -> tuple[Json, list[str]]:
    """The document *known*, with what is published *today*; and what a person has to write, a line each.

    Raises:
        KeyError, ValueError: a source is not in the form that this file knows.
    """
    lines = [_line(each) for each in get(LIFE.format("docker-engine"))]
    kept = [each for each in known["lines"] if each["line"] not in {line["line"] for line in lines}]
    distributions = dict(known["distributions"])
    for name, end in FREE.items():
        new = {each["cycle"]: each[end] for each in get(LIFE.format(name)) if _is_day(each.get(end))}
        distributions[name] = dict(sorted({**distributions.get(name, {}), **new}.items()))
    have = {(each["id"], each["component"]) for each in known["vulnerabilities"]}
    found, unread = list[Json](), list[str]()
    for component, repository in COMPONENTS.items():
        for advisory in get(ADVISORIES.format(repository)):
            if advisory["severity"] in ("high", "critical") and (advisory["cve_id"], component) not in have:
                _add(advisory, component, found, unread)
    return {
        **known,
        "day": today,
        "sources": [
            *map(LIFE.format, ("docker-engine", *FREE)),
            *map(ADVISORIES.format, COMPONENTS.values()),
        ],
        "lines": sorted(lines + kept, key=lambda each: order(each["line"]), reverse=True),
        "distributions": distributions,
        "vulnerabilities": found + known["vulnerabilities"],
    }, unread


def _line(cycle: Json) -> Json:
    ended = {"ended": cycle["eol"]} if _is_day(cycle["eol"]) else {}
    return {"line": cycle["cycle"], "released": cycle["releaseDate"], **ended, "latest": cycle["latest"]}


def _is_day(value: object) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)))


def _add(advisory: Json, component: str, found: list[Json], unread: list[str]) -> None:
    """Add an advisory to what was *found*, or to what a person has to read."""
    where = f"{advisory['cve_id'] or advisory['ghsa_id']} of {component}"
    ranges = [each for vulnerable in advisory["vulnerabilities"] for each in _ranges(vulnerable)]
    if not advisory["cve_id"] or not ranges or None in ranges:
        texts = [each["vulnerable_version_range"] for each in advisory["vulnerabilities"]]
        unread.append(f"{where}: {advisory['summary']}: {texts}: {advisory['html_url']}")
        return
    document = {"id": advisory["cve_id"], "component": component, "severity": advisory["severity"]}
    unique = {json.dumps(each): each for each in ranges}
    found.append(
        {**document, "affected": sorted(unique.values(), key=lambda each: order(each["introduced"]))}
    )


def _ranges(vulnerable: Json) -> Iterator[Json]:
    """The ranges of versions that one entry of an advisory names; None for one that is written in another way."""
    patched = [each.strip(" v") for each in (vulnerable["patched_versions"] or "").split(",") if each.strip()]
    for text in re.split(r"\s*\|\|\s*|\s*;\s*", vulnerable["vulnerable_version_range"] or ""):
        words = re.fullmatch(r"(?:>=\s*v?([\w.-]+)\s*,\s*)?(<=?)\s*v?([\w.-]+)", text.strip())
        if not words:
            yield None
            continue
        start, sign, end = words.groups(default="0")
        later = sorted((each for each in patched if order(each) > order(end)), key=order)
        if sign == "<=" and not later:
            yield None
        else:
            yield {"introduced": start, "fixed": end if sign == "<" else later[0]}


def written(document: Json) -> str:
    """The text of the file: an entry of a list in a line, so that a difference can be read."""
    parts = list[str]()
    for key, value in document.items():
        if isinstance(value, list):
            entries = ",\n".join(f"    {json.dumps(each)}" for each in value)
            parts.append(f'  "{key}": [\n{entries}\n  ]')
        elif isinstance(value, dict):
            entries = ",\n".join(f'    "{name}": {json.dumps(each)}' for name, each in value.items())
            parts.append(f'  "{key}": {{\n{entries}\n  }}')
        else:
            parts.append(f'  "{key}": {json.dumps(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _fetch(address: str) -> Json:
    request = urllib.request.Request(address, headers={"User-Agent": "hullcheck"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def main() -> int:
    """Write the file anew; 1 where something is left for a person."""
    known = json.loads(SHIPPED.read_text(encoding="utf-8"))
    document, unread = renewed(known, _fetch, f"{datetime.now(UTC):%Y-%m-%d}")
    SHIPPED.write_text(written(document), encoding="utf-8")
    print(f"written: {SHIPPED}; read what is new: git diff")
    print(*(f"to be written by hand: {each}" for each in unread), sep="\n")
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main())
