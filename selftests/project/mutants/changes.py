"""The small changes of a module, made by cosmic-ray."""

import difflib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

_UNTOUCHED = re.compile(
    r"core/(RemoveDecorator|ReplaceBinaryOperator_(BitOr|Mod|Div)_.*|Replace.*_(Is|IsNot|LtE|GtE)"
    r"|Replace.*_(Is_Eq|IsNot_NotEq))"
)
"""Not counted: types written with |, and comparisons that are the same by another sign."""

_SIGNATURES = ("parameters", "lambdef")
"""Where `*` stands for no multiplication: what follows is given by name."""


@dataclass(frozen=True)
class Change:
    """One small change of a module.

    Attributes:
        path: the module, from the repository.
        line: where, from 1.
        operator: what cosmic-ray calls the change.
        occurrence: which of its places in the module, from 0.
    """

    path: str
    line: int
    operator: str
    occurrence: int

    @property
    def before(self) -> str:
        """The text of the module."""
        return Path(self.path).read_text()

    @cached_property
    def after(self) -> str:
        """The changed text; empty where cosmic-ray cannot change it, as the names in `except (A, B)`."""
        try:
            return mutate_code(self.before, get_operator(self.operator)(), self.occurrence) or ""
        except AttributeError:
            return ""

    def __str__(self) -> str:
        """The lines before and after."""
        texts = (text.splitlines() for text in (self.before, self.after))
        lines = list(difflib.unified_diff(*texts, n=0, lineterm=""))[3:]
        return "\n".join([f"{self.path}:{self.line}", *lines])


def changes(module: str, share: float) -> Iterator[Change]:
    """The changes of a module or a folder of them, below the current folder.

    Args:
        share: of more than one, this share from 0 to 1 is taken at random.
    """
    files = sorted(Path(module).rglob("*.py")) if Path(module).is_dir() else [Path(module)]
    found = [change for file in files for change in _of_file(str(file))]
    taken = random.sample(found, max(1, round(len(found) * share))) if found else []
    return (each for each in sorted(taken, key=lambda each: (each.path, each.line)) if each.after)


def _of_file(path: str) -> Iterator[Change]:
    text = Path(path).read_text()
    lines, nodes = text.splitlines(), list(ast_nodes(get_ast(text)))
    for name in operator_names():
        operator = get_operator(name)
        if _UNTOUCHED.fullmatch(name) or operator.arguments():
            continue
        places = ((node, start) for node in nodes for start, _ in operator().mutation_positions(node))
        for occurrence, (node, (line, _)) in enumerate(places):
            of_signature = node.parent is not None and node.parent.type in _SIGNATURES
            if not of_signature and not lines[line - 1].startswith("@"):  # markers of a control
                yield Change(path, line, name, occurrence)
