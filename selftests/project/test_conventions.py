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
from hullcheck.controls.metadata import SEVERITIES, read_docstring
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

each_control = pytest.mark.parametrize("control", CONTROLS, ids=[each.__name__ for each in CONTROLS])
each_module = pytest.mark.parametrize("path", MODULES, ids=[path.stem for path in MODULES])

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


# ---- numbers


def test_level_table_is_whole() -> None:
    """The facts above add up to the benchmark: 118 recommendations, 87 of Level 1 and 31 of Level 2."""
    ids = KNOWN.get("cis").ids
    assert Counter(number.partition(".")[0] for number in ids) == COUNTS
    assert (len(ids), len(LEVEL_2)) == (118, 31)
    assert set(ids) >= LEVEL_2


def test_each_number_has_at_most_one_control() -> None:
    """A recommendation is judged in one place."""
    found = Counter(number for control in CONTROLS for number in numbers(control))
    assert not [number for number, count in found.items() if count > 1]


def test_control_ids_are_unique() -> None:
    """The name of a test is the stable id of its control, also over several modules."""
    found = Counter(control.__name__ for control in CONTROLS)
    assert not [name for name, count in found.items() if count > 1]


def test_every_recommendation_has_its_control() -> None:
    """No recommendation of the benchmark is without a control."""
    found = {number for control in CONTROLS for number in numbers(control)}
    assert found == set(KNOWN.get("cis").ids)
    assert len(found) == 118


def test_every_measure_of_the_guide_has_a_control() -> None:
    """No measure of the hardening guide, and no way to do one, is without a control that speaks for it."""
    found = {number for control in CONTROLS for mark in markers(control, "guide") for number in mark.args}
    assert found == set(KNOWN.get("guide").ids)


@each_module
def test_controls_are_in_order(path: Path) -> None:
    """A module named after a section holds that section alone, and is read in the order of the benchmark."""
    section = re.match(r"test_(\d+)_", path.name)
    inside = [control for control in CONTROLS if Path(inspect.getfile(control)) == path]
    found = [number for control in inside for number in numbers(control)]
    assert found == sorted(found, key=lambda number: [int(part) for part in number.split(".")])
    assert section is None or {number.partition(".")[0] for number in found} == {section[1]}


# ---- markers


@each_control
def test_control_has_its_level(control: Control) -> None:
    """The level on a control's cis marker is that of the benchmark."""
    for mark in markers(control, "cis"):
        for number in mark.args:
            assert mark.kwargs == {"level": 2 if number in LEVEL_2 else 1}


@each_control
def test_control_has_one_severity(control: Control) -> None:
    """How bad it is where a control fails is said, in one of the four words."""
    (mark,) = markers(control, "severity")
    assert mark.args in [(severity,) for severity in SEVERITIES]
    assert not mark.kwargs


@each_control
def test_ids_exist(control: Control) -> None:
    """Every id that a control names is in markers.ini."""
    for name in KNOWN.names:
        for mark in markers(control, name):
            assert KNOWN.ids_of(name, mark.args, mark.kwargs)


@each_control
def test_control_is_mapped(control: Control) -> None:
    """A control of the benchmark or the guide is evidence in every other framework, in both publications of NIST."""
    marks = [mark for mark in getattr(control, "pytestmark", ()) if mark.args]
    found = {(mark.name, mark.kwargs.get("sp", "")) for mark in marks}
    assert {"cis", "guide"} & {name for name, _ in found}
    others = {(each.marker, each.edition) for each in KNOWN.all if each.marker not in ("cis", "guide")}
    assert others <= found


@each_control
def test_markers_are_in_order(control: Control) -> None:
    """Markers stand in the order of markers.ini, and the severity last."""
    order = {name: place for place, name in enumerate((*KNOWN.names, "severity"))}
    above_first = [mark.name for mark in reversed(getattr(control, "pytestmark", ()))]
    places = [order[name] for name in above_first if name in order]
    assert places == sorted(places)


# ---- words


@each_control
def test_docstring_explains(control: Control) -> None:
    """A control's docstring has a title of one sentence, a reason, and at its end a remedy."""
    text = inspect.getdoc(control) or ""
    title, rationale, remedy = read_docstring(text)
    assert title.endswith(".")
    assert len(title) <= 120
    assert len(rationale) >= 30
    assert len(remedy) >= 20
    assert re.split(r"\n\s*\n", text.strip())[-1].startswith("Remedy:")


@each_control
def test_control_is_named_after_the_demand(control: Control) -> None:
    """A name that says what has to be true reads well in a list of what passed."""
    assert re.fullmatch(r"test_[a-z0-9_]+", control.__name__)
    assert not re.search(r"_(should|must|check|ensure|verify)_", control.__name__)


@pytest.mark.parametrize("folder", ["hullcheck", "tests", "selftests", "bench"])
def test_modules_say_what_they_are_for(folder: str) -> None:
    """Every module begins with a docstring that ends as a sentence does."""
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
        path
        for path in (REPOSITORY / top).rglob("*.*")
        if path.suffix not in DATA and "__pycache__" not in path.parts
    ]
    crowded = {
        str(folder): count for folder, count in Counter(path.parent for path in code).items() if count > 38
    }
    assert not crowded
    lines = {str(path): path.read_text(encoding="utf-8").count("\n") for path in code}
    assert not {path: count for path, count in lines.items() if count > longest}


@pytest.mark.parametrize("folder", ["parsing"])
def test_modules_have_a_self_test_of_their_name(folder: str) -> None:
    """Each module with a function has a self-test in the same place."""
    for path in sorted((REPOSITORY / "hullcheck" / folder).rglob("*.py")):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if path.name != "__init__.py" and any(isinstance(node, ast.FunctionDef) for node in nodes):
            test = path.relative_to(REPOSITORY / "hullcheck").with_name(f"test_{path.name}")
            assert (REPOSITORY / "selftests/unit" / test).is_file(), f"{path} has no self-test of its own"


# ---- no I/O


@each_module
def test_controls_import_no_io(path: Path) -> None:
    """A control gets facts by name; it imports nothing with which a host or a file could be asked."""
    for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        assert name.partition(".")[0] in MAY_IMPORT, f"{path.name} imports {name}"


@each_module
def test_controls_call_no_io(path: Path) -> None:
    """Nor does it call what Python has built in for that."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    assert not {each.id for each in calls if isinstance(each, ast.Name)} & MAY_NOT_CALL


@each_module
def test_assertions_say_what_was_found(path: Path) -> None:
    """The message of an assertion is the reason of the verdict: nothing else is shown.

    `assert facts.engine` asserts nothing: the fact raises where there is nothing to judge.
    """
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    found = [node for node in nodes if isinstance(node, ast.Assert) and node.msg is None]
    silent = [node.lineno for node in found if not isinstance(node.test, ast.Attribute)]
    assert not silent, f"{path.name}: line {silent[0]}"


def test_controls_return_what_was_seen() -> None:
    """A control that passes says what was seen; one that never passes raises."""
    returned = {each.__name__: inspect.signature(each).return_annotation for each in CONTROLS}
    assert [name for name, kind in returned.items() if kind not in (str, NoReturn)] == []


@each_control
def test_controls_ask_for_no_host(control: Control) -> None:
    """testinfra's `host` fixture would ask the target while it is judged."""
    assert "host" not in inspect.signature(control).parameters


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
