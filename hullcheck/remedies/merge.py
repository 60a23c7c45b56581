"""Merges settings into a daemon.json: python3 merge.py SETTINGS FILE. Order and other settings stay.

This file also goes to hosts as it is: it imports nothing of hullcheck, and any python3 runs it.
"""

import json
import sys
from typing import Any, Dict  # noqa: UP035 # of a host's python3, which may be old


def merged(document: "Dict[str, Any]", put: "Dict[str, Any]", without: "Any") -> "Dict[str, Any]":  # noqa: UP006
    """The settings *document* with those of *put*, an object joined with the one there, and none of *without*."""
    found = {name: each for name, each in document.items() if name not in without}
    for name, value in put.items():
        before = found.get(name)
        found[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return found


def written(document: "Dict[str, Any]") -> str:  # noqa: UP006
    """The text of a daemon.json."""
    return json.dumps(document, indent=2) + "\n"


def main(settings: str, path: str) -> str:
    """The text of the file *path* with the settings of another one.

    Raises:
        SystemExit: it is not what the engine reads.
    """
    with open(settings, encoding="utf-8") as opened:
        more = json.load(opened)
    with open(path, encoding="utf-8-sig") as opened:
        text = opened.read()
    document = json.loads(text, object_pairs_hook=_once) if text.strip() else {}
    if not isinstance(document, dict):
        raise SystemExit(f"{path}: not an object")
    return written(merged(document, more["put"], more["without"]))


def _once(pairs: "Any") -> "Dict[str, Any]":  # noqa: UP006
    """An object; one that has a key twice is left to a person."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SystemExit("daemon.json has a setting twice")
    return found


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2]), end="")
