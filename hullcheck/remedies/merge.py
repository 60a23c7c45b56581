"""Merge settings into a daemon.json: python3 merge.py SETTINGS FILE [NAME...]. Those of NAME are taken out.

This file is copied to hosts, where any python3 runs it: it imports nothing of hullcheck.
"""

import json
import sys
from typing import Any, Dict  # noqa: UP035 # of a host's python3, which may be old


def merged(document: "Dict[str, Any]", put: "Dict[str, Any]", without: "Any") -> "Dict[str, Any]":  # noqa: UP006
    """Return *document* with the settings of *put*, an object joined with the one there, and none of *without*."""
    found = {name: each for name, each in document.items() if name not in without}
    for name, value in put.items():
        before = found.get(name)
        found[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return found


def written(document: "Any") -> str:
    """Return the text of a daemon.json."""
    return json.dumps(document, indent=2) + "\n"


def main(settings: str, path: str, *without: str) -> str:
    """Return the text of the file *path* with these settings."""
    with open(settings, encoding="utf-8") as opened:
        put = json.load(opened)
    with open(path, encoding="utf-8") as opened:
        text = opened.read()
    document = json.loads(text) if text.strip() else {}
    if not isinstance(document, dict):
        raise SystemExit(f"{path}: not an object")
    return written(merged(document, put, without))


if __name__ == "__main__":
    print(main(*sys.argv[1:]), end="")
