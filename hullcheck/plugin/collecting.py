"""Collects: one test per control and target, with a marker for each id of a framework; no host is asked."""

import inspect
import os
from collections.abc import Generator, Sequence

import pytest

from hullcheck import frameworks
from hullcheck.controls.metadata import SEVERITIES, control_of, severity_of
from hullcheck.frameworks import selection
from hullcheck.plugin.items import TARGET, id_of, is_control, target_of
from hullcheck.plugin.session import FRAMEWORKS, WRONG_USE, session_of

SELECTED = pytest.StashKey[bool]()
"""Whether what was asked for could be selected."""
_LABELLED = pytest.StashKey[set[pytest.Item]]()


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
    known = item.config.stash[FRAMEWORKS]
    faults = []
    for marker in reversed(list(item.iter_markers())):  # pytest has the lowest decorator first
        try:
            ids = _ids(known, marker)
        except ValueError as error:
            faults.append(f"{_place(item, marker)}: {error}")
            continue
        for each in ids:
            item.add_marker(getattr(pytest.mark, marker.name)(id=each, **marker.kwargs))
    if not faults and is_control(item):
        _make_selectable(item)
    return faults


def _make_selectable(item: pytest.Item) -> None:
    """Let `-m` find a control by the severity that it has on its target, and `-k` by its numbers."""
    assert isinstance(item, pytest.Function)
    numbers = [each.kwargs["id"] for each in item.iter_markers("cis") if "id" in each.kwargs]
    item.extra_keyword_matches |= selection.keywords(numbers)
    own = severity_of(item.iter_markers())
    changed = session_of(item.config).severity_on(target_of(item), id_of(item))
    item.add_marker(pytest.mark.severity(level=changed or own, on_target=True))


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
    controls = [control_of(item.obj, item.iter_markers()) for item in functions.values()]  # type: ignore[attr-defined]
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
