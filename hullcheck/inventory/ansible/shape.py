"""Whether a file is an inventory of Ansible: told by its shape, before anything that reads one is imported."""

import re
from pathlib import Path

from hullcheck.inventory import yamlfile
from hullcheck.inventory.yamlfile import YamlError

_OWN_KEY = re.compile(r"^(?:targets|policy|profiles|controls|waivers|attestations)\s*:(?:\s|$)", re.MULTILINE)
_HEADING = re.compile(r"\[[\w.-]+(?::\w+)?\]\s*(?:#.*)?")
_NAME = r"(?:[\w-]|\[\w+:\w+(?::\d+)?\]){1,63}"
_WITH_VARIABLES = re.compile(rf"(?:{_NAME}\.)*{_NAME}(?::\d+)?(?:\s+\w+=.*)+")
_DOTTED = re.compile(rf"(?:{_NAME}\.)+{_NAME}(?::\d+)?(?:\s+\w+=.*)?")
_HOSTS = re.compile(r"\bhosts[\"']?\s*:")


def is_ansible(path: Path) -> bool:
    """Whether *path* is an inventory of Ansible, and not one of hullcheck: by its shape, not by its name."""
    if path.is_dir():
        return True
    try:
        text = yamlfile.read_text(path)
    except YamlError:
        return False  # who reads it then says why
    return kind(text, path) != ""


def kind(text: str, path: Path) -> str:
    """What *text*, the content of *path*, is: `ini`, `tree`, `plugin` or `script`; empty for anything else."""
    if text.startswith("#!"):
        return "script"
    lines = [line for line in map(str.strip, text.splitlines()) if line and line[0] not in ";#"]
    if not lines or (_OWN_KEY.search(text) and not _HEADING.fullmatch(lines[0])):
        return _tree_kind(text, path) if lines and _HOSTS.search(text) else ""
    if _HEADING.fullmatch(lines[0]) or _has_hosts(lines):
        return "ini"
    return _tree_kind(text, path)


def _has_hosts(lines: list[str]) -> bool:
    """Whether a file without a heading in its first line has hosts there; one word alone may be anything."""
    before = lines[: next((n for n, line in enumerate(lines) if _HEADING.fullmatch(line)), len(lines))]
    if len(before) < len(lines):
        return not any(line.endswith(":") or ": " in line or line == "---" for line in before)
    return any(map(_WITH_VARIABLES.fullmatch, before)) or all(map(_DOTTED.fullmatch, before))


def _tree_kind(text: str, path: Path) -> str:
    from hullcheck.inventory.ansible import documents, trees
    from hullcheck.inventory.ansible.groups import AnsibleError

    try:
        root = documents.parse(text, path)
    except AnsibleError:
        return ""
    if isinstance(root.mapping.get("plugin", documents.Node(None)).value, str):
        return "plugin"
    return "tree" if trees.is_inventory(root) else ""
