"""Renews what hullcheck knows of releases, `hullcheck/data/releases.json`, from the network: `tox -e releases`.

Lines of the engine and the ends of distributions come from endoflife.date. Which release of a line mends what is known
(`safe`) a person writes. A person reads `git diff` before it is committed.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hullcheck.data.releases import SHIPPED, order

Json = Any
Get = Callable[[str], Json]
"""Gives the document behind an address."""

LIFE = "https://endoflife.date/api/{}.json"
ADVISORIES = "https://github.com/moby/moby/security/advisories"
FREE = {"alpine": "eol", "debian": "extendedSupport", "ubuntu": "eol"}
"""The last day of the updates that all users get, by distribution: of Debian that is the end of long-term support."""


def renewed(known: Json, get: Get, today: str) -> Json:
    """The document *known*, with what is published *today*.

    Raises:
        KeyError, ValueError: a source is not in the form that this file knows.
    """
    safe = {each["line"]: {"safe": each["safe"]} for each in known["lines"] if "safe" in each}
    lines = [{**_line(each), **safe.get(each["cycle"], {})} for each in get(LIFE.format("docker-engine"))]
    kept = [each for each in known["lines"] if each["line"] not in {line["line"] for line in lines}]
    distributions = dict(known["distributions"])
    for name, end in FREE.items():
        new = {each["cycle"]: each[end] for each in get(LIFE.format(name)) if _is_day(each.get(end))}
        distributions[name] = dict(sorted({**distributions.get(name, {}), **new}.items()))
    return {
        **known,
        "day": today,
        "sources": [*map(LIFE.format, ("docker-engine", *FREE)), ADVISORIES],
        "lines": sorted(lines + kept, key=lambda each: order(each["line"]), reverse=True),
        "distributions": distributions,
    }


def _line(cycle: Json) -> Json:
    ended = {"ended": cycle["eol"]} if _is_day(cycle["eol"]) else {}
    return {"line": cycle["cycle"], "released": cycle["releaseDate"], **ended, "latest": cycle["latest"]}


def _is_day(value: object) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)))


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


def main() -> None:
    """Write the file anew."""
    known = json.loads(SHIPPED.read_text(encoding="utf-8"))
    SHIPPED.write_text(written(renewed(known, _fetch, f"{datetime.now(UTC):%Y-%m-%d}")), encoding="utf-8")
    print(f"written: {SHIPPED}; read what is new: git diff")
    print(f"raise `safe` of each line that is maintained, by {ADVISORIES}")


if __name__ == "__main__":
    main()
