"""The controls keep the project's conventions: each number once, at its level, explained, and without I/O."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hullcheck import frameworks
from hullcheck.controls.metadata import read_docstring
from hullcheck.results import SEVERITIES
from selftests import REPOSITORY
from selftests.kit.judging import controls, numbers

KNOWN = frameworks.load(REPOSITORY / frameworks.FILE)
CONTROLS = list(controls())
MODULES = sorted((REPOSITORY / "tests").glob("test_*.py"))

# Facts of the CIS Docker Benchmark v1.8.0: how many recommendations a section has, and which are of Level 2.
COUNTS = {"1": 20, "2": 19, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9}
LEVEL_2 = {
    *(f"1.1.{number}" for number in range(7, 19)),
    *("2.10", "2.11", "2.12", "2.13", "2.14", "2.18"),
    *(f"3.{number}" for number in range(17, 23)),
    *("4.5", "4.8", "4.11"),
    *("5.3", "5.23", "5.24", "5.30"),
}

# What a control may import: it judges facts, and neither asks a host nor reads a file.
MAY_IMPORT = {
    *("__future__", "collections", "dataclasses", "datetime", "enum", "fnmatch", "functools", "hullcheck"),
    *("ipaddress", "itertools", "math", "operator", "posixpath", "pytest", "re", "string", "types", "typing"),
}
MAY_NOT_CALL = {"open", "exec", "eval", "compile", "__import__", "input", "print", "breakpoint"}

Control = Callable[..., Any]


def markers(control: Control, name: str) -> list[pytest.Mark]:
    """The markers of this name on a control."""
    return [mark for mark in getattr(control, "pytestmark", ()) if mark.name == name]


def imports(tree: ast.AST) -> Iterator[str]:
    """Everything that the source imports, by its full name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offending(rule: Callable[[Control], bool]) -> list[str]:
    """Return the names of the controls that break a rule."""
    return [control.__name__ for control in CONTROLS if not rule(control)]


# ---- numbers


def test_numbers() -> None:
    """Each of the 118 recommendations, 31 of Level 2, has one control, and each measure of the guide has some."""
    ids = KNOWN.get("cis").ids
    assert Counter(number.partition(".")[0] for number in ids) == COUNTS
    assert (len(ids), len(LEVEL_2)) == (118, 31)
    assert set(ids) >= LEVEL_2
    found = Counter(number for control in CONTROLS for number in numbers(control))
    assert found == dict.fromkeys(ids, 1)
    guide = {number for control in CONTROLS for mark in markers(control, "guide") for number in mark.args}
    assert guide == set(KNOWN.get("guide").ids)
    names = Counter(control.__name__ for control in CONTROLS)  # the stable id, also over several modules
    assert not [name for name, count in names.items() if count > 1]


def test_controls_are_in_order() -> None:
    """A module named after a section holds that section alone, and is read in the order of the benchmark."""
    for path in MODULES:
        section = re.match(r"test_(\d+)_", path.name)
        inside = [control for control in CONTROLS if Path(inspect.getfile(control)) == path]
        found = [number for control in inside for number in numbers(control)]
        assert found == sorted(found, key=lambda number: [int(part) for part in number.split(".")]), path
        assert section is None or {number.partition(".")[0] for number in found} == {section[1]}


# ---- markers


def test_levels() -> None:
    """The level on a control's cis marker is that of the benchmark."""
    wrong = [
        number
        for control in CONTROLS
        for mark in markers(control, "cis")
        for number in mark.args
        if mark.kwargs != {"level": 2 if number in LEVEL_2 else 1}
    ]
    assert not wrong


def test_severities() -> None:
    """Each control has one of the four severities, and why in a sentence that fits on the line; few are critical."""

    def is_explained(control: Control) -> bool:
        (mark,) = markers(control, "severity")
        severity, reason = mark.args
        return severity in SEVERITIES and bool(re.fullmatch(r"[A-Z/].{20,87}\.", reason)) and not mark.kwargs

    assert not offending(is_explained)
    assert sum(markers(control, "severity")[0].args[0] == SEVERITIES[0] for control in CONTROLS) <= 12


def test_ids_exist() -> None:
    """Every id that a control names is in markers.ini."""
    for control in CONTROLS:
        for name in KNOWN.names:
            for mark in markers(control, name):
                assert KNOWN.ids_of(name, mark.args, mark.kwargs), control.__name__


def test_controls_are_mapped() -> None:
    """A control of the benchmark or the guide is evidence in every other framework, in both publications of NIST."""
    others = {(each.marker, each.edition) for each in KNOWN.all if each.marker not in ("cis", "guide")}

    def is_mapped(control: Control) -> bool:
        marks = [mark for mark in getattr(control, "pytestmark", ()) if mark.args]
        found = {(mark.name, mark.kwargs.get("sp", "")) for mark in marks}
        return others <= found and bool({"cis", "guide"} & {name for name, _ in found})

    assert not offending(is_mapped)


def test_markers_are_in_order() -> None:
    """Markers stand in the order of markers.ini, and the severity last."""
    order = {name: place for place, name in enumerate((*KNOWN.names, "severity"))}

    def is_in_order(control: Control) -> bool:
        above_first = [mark.name for mark in reversed(getattr(control, "pytestmark", ()))]
        places = [order[name] for name in above_first if name in order]
        return places == sorted(places)

    assert not offending(is_in_order)


# ---- words


def test_docstrings_explain() -> None:
    """A control's docstring has a short title, a reason, and at its end a remedy."""

    def explains(control: Control) -> bool:
        text = inspect.getdoc(control) or ""
        title, rationale, remedy = read_docstring(text)
        last = re.split(r"\n\s*\n", text.strip())[-1]
        long_enough = len(rationale) >= 30 and len(remedy) >= 20
        return title.endswith(".") and len(title) <= 70 and long_enough and last.startswith("Remedy:")

    assert not offending(explains)


def test_controls_are_named_after_the_demand() -> None:
    """A name that says what has to be true reads well in a list of what passed."""
    verbs = re.compile(r"_(should|must|check|ensure|verify)_")
    assert not offending(
        lambda each: bool(re.fullmatch(r"test_[a-z0-9_]+", each.__name__)) and not verbs.search(each.__name__)
    )


def test_modules_say_what_they_are_for() -> None:
    """Every module begins with a docstring that ends as a sentence does."""
    for folder in ("hullcheck", "tests", "selftests", "bench"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
            assert text, f"{path} has no docstring"
            assert text.rstrip()[-1] in ".?!:)}`", f"{path}: {text.splitlines()[-1]}"


# ---- size


DATA = {"", ".gz", ".json", ".toml", ".tsv", ".yml"}


@pytest.mark.parametrize(("top", "longest"), [("hullcheck", 600), ("selftests", 700)])
def test_folders_and_files_stay_small(top: str, longest: int) -> None:
    """No folder has more than 38 files of code, and no file of code more lines than these."""
    code = [
        path for path in (REPOSITORY / top).rglob("*.*") if path.suffix not in DATA and "__pycache__" not in path.parts
    ]
    crowded = {str(folder): count for folder, count in Counter(path.parent for path in code).items() if count > 38}
    assert not crowded
    lines = {str(path): path.read_text(encoding="utf-8").count("\n") for path in code}
    assert not {path: count for path, count in lines.items() if count > longest}


# ---- no I/O


def test_controls_do_no_io() -> None:
    """A control gets facts by name: it imports and calls nothing that could ask a host or read a file.

    The message of an assertion is the reason of the verdict. `assert facts.engine` has none: the fact raises if there
    is nothing to judge.
    """
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        assert {name.partition(".")[0] for name in imports(tree)} <= MAY_IMPORT, path
        calls = [node.func for node in nodes if isinstance(node, ast.Call)]
        assert not {each.id for each in calls if isinstance(each, ast.Name)} & MAY_NOT_CALL, path
        bare = [node for node in nodes if isinstance(node, ast.Assert) and node.msg is None]
        silent = [node.lineno for node in bare if not isinstance(node.test, ast.Attribute)]
        assert not silent, f"{path.name}: line {silent[0]} does not say what was found"


def test_controls_return_what_was_seen() -> None:
    """A control that passes says what was seen, one that never passes raises, and none asks testinfra's `host`."""
    assert not offending(lambda each: inspect.signature(each).return_annotation in (str, NoReturn))
    assert not offending(lambda each: "host" not in inspect.signature(each).parameters)


def test_plugin_starts_light() -> None:
    """The modules that every run imports do not import what only some runs need."""
    for name in ("hullcheck.plugin", "hullcheck.plugin.session", "hullcheck.gather"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        top_level = ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body
        for statement in top_level:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                found = {each.partition(".")[0] for each in imports(statement)}
                assert not found & {"docker", "paramiko", "requests", "testinfra", "yaml"}, name
