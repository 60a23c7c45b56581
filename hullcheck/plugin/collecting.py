"""Collects: one test per control and target, with a marker for each id of a framework; no host is asked."""

import inspect
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import pytest

from hullcheck import frameworks
from hullcheck.controls.metadata import SEVERITIES, control_of, severity_of
from hullcheck.frameworks import selection
from hullcheck.plugin.items import CONTROL, TARGET, id_of, is_control, target_of
from hullcheck.plugin.session import FRAMEWORKS, WRONG_USE, session_of
from hullcheck.results import Control

SELECTED = pytest.StashKey[bool]()
"""Whether what was asked for could be selected."""
_LABELLED = pytest.StashKey[set[pytest.Item]]()
_LABELS = pytest.StashKey[dict[tuple[int, ...], "_Labels"]]()
"""By the function and its markers as they are written, which live as long as the tests."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per control and target; no host is asked."""
    if TARGET in metafunc.fixturenames:
        targets = session_of(metafunc.config).targets
        metafunc.parametrize(
            TARGET, targets, ids=[each.name for each in targets], indirect=True, scope="session"
        )


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Check the markers of what was collected; the report carries the faults, also from a worker.

    Where no folder for reports is set, the first control is what the inventory and the hosts are read for.
    """
    report = yield
    items = [each for each in report.result or () if isinstance(each, pytest.Item)]
    wrong = collector.config.stash.get(WRONG_USE, None)
    faults = [wrong] if wrong else [fault for item in items for fault in _label(item)]
    if faults:
        report.outcome, report.result, report.longrepr = "failed", [], "\n".join(faults)
        report.hullcheck_faults = faults  # type: ignore[attr-defined]
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Stop the run at a wrong marker, inventory or host: in the main process, for a worker could only crash.

    Raises:
        pytest.UsageError: with each fault, and where it is.
    """
    faults = getattr(report, "hullcheck_faults", None)
    if faults and "PYTEST_XDIST_WORKER" not in os.environ:
        raise pytest.UsageError("\n".join(faults))


def _label(item: pytest.Item) -> list[str]:
    """Add a marker for each framework id, for `-m 'cis(id="5.5")'`; return the faults."""
    labelled = item.config.stash.setdefault(_LABELLED, set())
    if item in labelled:  # pytest may collect a module again, for a part of it
        return []
    labelled.add(item)
    labels = _labels(item)
    for each in labels.markers:
        item.add_marker(each)
    if not labels.faults and labels.control:
        item.stash[CONTROL] = labels.control
        _make_selectable(item, labels)
    return labels.faults


@dataclass(frozen=True)
class _Labels:
    """What the markers of a test make of it.

    Attributes:
        own: the markers as they are written.
        markers: one for each id of a framework.
        words: what `-k` finds it by.
        control: what they and its docstring say, where it is one.
        faults: what is wrong with the markers.
    """

    own: list[pytest.Mark]
    markers: list[pytest.MarkDecorator]
    words: set[str]
    control: Control | None
    faults: list[str]


def _labels(item: pytest.Item) -> _Labels:
    """The labels of a test, which are made once for all targets: their markers are the same objects."""
    known = item.config.stash.setdefault(_LABELS, {})
    own = list(item.iter_markers())
    key = tuple(map(id, (getattr(item, "function", None), *own)))
    if key not in known:
        known[key] = _labels_of(item, own)
    return known[key]


def _labels_of(item: pytest.Item, own: list[pytest.Mark]) -> _Labels:
    frameworks = item.config.stash[FRAMEWORKS]
    markers, faults = [], []
    for marker in reversed(own):  # pytest has the lowest decorator first
        try:
            ids = _ids(frameworks, marker)
        except ValueError as error:
            faults.append(f"{_place(item, marker)}: {error}")
            continue
        markers += [getattr(pytest.mark, marker.name)(id=each, **marker.kwargs) for each in ids]
    named = (*own, *(each.mark for each in markers))
    numbers = [each.kwargs["id"] for each in named if each.name == "cis" and "id" in each.kwargs]
    control = control_of(item.obj, named) if is_control(item) else None  # type: ignore[attr-defined]
    return _Labels(own, markers, selection.keywords(numbers), control, faults)


def _make_selectable(item: pytest.Item, labels: _Labels) -> None:
    """Let `-m` find a control by the severity that it has on its target, and `-k` by its numbers."""
    assert isinstance(item, pytest.Function)
    item.extra_keyword_matches |= labels.words
    changed = session_of(item.config).severity_on(target_of(item), id_of(item))
    level = changed or severity_of(labels.own)
    item.add_marker(pytest.mark.severity(level=level, on_target=True))


def _ids(known: frameworks.Frameworks, marker: pytest.Mark) -> tuple[str, ...]:
    if marker.name == "severity" and (*marker.args, *marker.kwargs.values()) not in (
        (level,) for level in SEVERITIES
    ):
        wrong = ", ".join(map(repr, (*marker.args, *marker.kwargs.values())))
        raise ValueError(f"severity({wrong}) is not a severity; write one of {', '.join(SEVERITIES)}")
    if marker.name not in known.names or "id" in marker.kwargs:
        return ()
    return known.ids_of(marker.name, marker.args, marker.kwargs)


def _place(item: pytest.Item, marker: pytest.Mark) -> str:
    """File and line of the marker, or of its test where the line cannot be found."""
    path, first, _ = item.location
    lines, start = inspect.getsourcelines(getattr(item, "function", type(item)))
    for number, line in enumerate(lines, start):
        if f".{marker.name}(" in line and all(str(each) in line for each in marker.args):
            return f"{path}:{number}"
    return f"{path}:{(first or 0) + 1}"


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before -m, -k or --deselect leave anything out, and after
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Remember all controls before `-m` and `-k` deselect any."""
    _remember(config, items)
    yield
    config.stash[SELECTED] = True


def _remember(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Remember all controls: a requirement is judged only where all of its controls are."""
    functions: dict[str, pytest.Item] = {}
    for item in filter(is_control, items):
        first = functions.setdefault(item.name.partition("[")[0], item)
        if first.path != item.path:
            stop(
                config,
                [f"{item.path}: {item.name.partition('[')[0]} is in {first.path} too; run one of them"],
            )
            return
    controls = [item.stash[CONTROL] for item in functions.values()]
    if not controls:
        return
    audit_session = session_of(config)
    audit_session.ids_by_control = {each.id: each.frameworks for each in controls}
    if faults := audit_session.unknown_controls():
        stop(config, faults)


def stop(config: pytest.Config, faults: Sequence[str]) -> None:
    """Stop the run with these faults, told as those of markers are: a worker's main process hears that."""
    report = pytest.CollectReport("", "failed", "\n".join(faults), [])
    report.hullcheck_faults = faults  # type: ignore[attr-defined]
    config.hook.pytest_collectreport(report=report)
