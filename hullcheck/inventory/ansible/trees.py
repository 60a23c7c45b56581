"""Ansible's YAML inventories, and the JSON that `ansible-inventory --list` prints."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from hullcheck.inventory.ansible import patterns
from hullcheck.inventory.ansible.documents import Node
from hullcheck.inventory.ansible.groups import AnsibleError, Site, Variable

PARTS = ("hosts", "children", "vars")
META = "_meta"


def is_inventory(root: Node) -> bool:
    """Whether *root* is one of the two: what it names are groups."""
    if META in root.mapping:
        return True
    groups = root.mapping.values()
    parts = [name for each in groups for name in each.mapping]
    return any(name in PARTS for name in parts) and not _connects(root)


def _connects(root: Node) -> bool:
    """Whether it has targets of an inventory of hullcheck; one of them may be named `hosts`."""
    targets = root.mapping.get("targets", Node(None)).mapping.values()
    return any("connect" in each.mapping for each in targets)


def read(root: Node, path: Path, site: Site) -> None:
    """Read the content of *path* into *site*.

    Raises:
        AnsibleError: it is not as Ansible has it; with the line, and without what is written there.
    """
    if META in root.mapping:
        _Listing(path, site).read(root)
    else:
        tree = _Tree(path, site)
        for name, group in root.mapping.items():
            tree.group(name, group)


class _Reader:
    def __init__(self, path: Path, site: Site) -> None:
        self.path, self.site = path, site

    def fault(self, node: Node, what: str) -> AnsibleError:
        return AnsibleError(f"{self.path}:{node.line or 1}: {what}")

    def variables(self, group: str, node: Node) -> None:
        for name, variable in self.mapping(node, "vars").variables(self.path).items():
            self.site.set_variable(group, name, variable)

    def mapping(self, node: Node, name: str) -> Node:
        """*node* as a mapping; a text alone stands for a name with nothing behind it."""
        if isinstance(node.value, str):
            return Node({node.value: Node(None, node.line)}, node.line)
        if node.value is not None and not isinstance(node.value, dict):
            raise self.fault(node, f"{name} is no mapping; write one, as Ansible has it")
        return node


class _Tree(_Reader):
    """Groups in groups."""

    def group(self, name: str, node: Node) -> None:
        if node.value is not None and not isinstance(node.value, dict):
            self.site.notes.append(f"{self.path}:{node.line}: not a group, and passed over")
            return
        if not name:
            raise self.fault(node, "a group without a name")
        self.site.group(name)
        for part, content in node.mapping.items():
            match part:
                case "vars":
                    self.variables(name, content)
                case "children":
                    for child, each in self.mapping(content, part).mapping.items():
                        self.group(child, each)
                        self.site.group(child)
                        self.site.group(name).children[child] = None
                case "hosts":
                    for pattern, each in self.mapping(content, part).mapping.items():
                        self._hosts(name, pattern, each)
                case _:
                    place = f"{self.path}:{content.line}"
                    self.site.notes.append(
                        f"{place}: passed over: a group has {', '.join(PARTS)} and nothing else"
                    )

    def _hosts(self, group: str, pattern: str, node: Node) -> None:
        try:
            names, port = patterns.expand(pattern)
        except ValueError as error:
            raise self.fault(node, str(error)) from None
        if not all(names):
            raise self.fault(node, "the name of a host is expected")
        if node.value is not None and not isinstance(node.value, dict):
            raise self.fault(node, "the variables of a host are no mapping")
        new = [name for name in names if name not in self.site.hosts]
        self.site.add_hosts(group, names, {})
        if port is not None:
            self.site.add_hosts(group, new, {"ansible_port": Variable(port, self.path, node.line)})
        self.site.add_hosts(group, names, node.variables(self.path))


class _Listing(_Reader):
    """Groups side by side, and the variables of all hosts in one place."""

    def read(self, root: Node) -> None:
        for name, group in root.mapping.items():
            if name != META:
                self._group(name, group)
        known = root.mapping[META].mapping.get("hostvars", Node(None))
        for name, variables in self.mapping(known, "hostvars").mapping.items():
            if name not in self.site.hosts:
                self.site.add_hosts("ungrouped", [name], {})
            self.site.hosts[name].own.update(variables.variables(self.path))

    def _group(self, name: str, node: Node) -> None:
        parts = {"hosts": node} if isinstance(node.value, list) else node.mapping
        self.site.add_hosts(name, list(self._names(parts, "hosts")), {})
        for child in self._names(parts, "children"):
            self.site.group(child)
            self.site.group(name).children[child] = None
        self.variables(name, parts.get("vars", Node(None)))

    def _names(self, parts: Mapping[str, Node], part: str) -> Iterable[str]:
        node = parts.get(part, Node([]))
        names = node.plain
        if not isinstance(names, list) or not all(isinstance(each, str) and each for each in names):
            raise self.fault(node, f"{part} is no list of names, as `ansible-inventory --list` has it")
        return names
