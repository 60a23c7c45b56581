"""Collects one test for each control and target, with a marker for each id of a framework; contacts no host."""

import inspect
import json
import os
import re
from collections.abc import Generator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, to_builtins

from hullcheck import __version__, frameworks, secrets
from hullcheck.controls.catalog import Listed, listed
from hullcheck.controls.metadata import control_of, numbers_of, of_baseline, with_ids
from hullcheck.facts import registry
from hullcheck.frameworks import selection
from hullcheck.inventory import Target
from hullcheck.inventory.acceptance import names_of
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.plugin import options
from hullcheck.plugin.session import FRAMEWORKS, SESSION, WRONG_USE, session_of
from hullcheck.results import SEVERITIES, Control
from hullcheck.writers.terminal import screen

TARGET = "audit_target"  # the fixture, asked for however indirectly, that makes a test a control
CONTROL = pytest.StashKey[Control]()  # what the markers and docstring of a control say, made once for all targets
SELECTED = pytest.StashKey[bool]()  # whether the selection could be understood
_LABELLED = pytest.StashKey[bool]()
_LABELS = pytest.StashKey[dict[tuple[int, ...], "_Labels"]]()  # by the ids of the function and its markers


def is_control(item: pytest.Item) -> bool:
    """Return whether *item* judges a target."""
    return TARGET in getattr(item, "fixturenames", ())


def target_of(item: pytest.Function) -> Target:
    """Return the target that the control *item* judges."""
    target = item.callspec.params[TARGET]
    assert isinstance(target, Target)
    return target


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    known = _frameworks(config)
    config.stash[FRAMEWORKS] = known
    for line in known.marker_lines():
        config.addinivalue_line("markers", line)
    config.addinivalue_line(
        "markers",
        f"{frameworks.BASELINE}: the controls to start with: CIS level 1 without what only some sites can have;"
        " markers.ini says which those are",
    )
    config.addinivalue_line("markers", "compose: the controls that a Compose file can decide")
    config.addinivalue_line(
        "markers",
        f"severity(level, reason): how bad it is if the control fails, {', '.join(SEVERITIES)}, and why; select by"
        " -m 'severity(level=\"critical\")', or --severity high for high and worse",
    )


def _frameworks(config: pytest.Config) -> frameworks.Frameworks:
    """Return the frameworks; `-m` may only name markers and ids that they have."""
    with options.wrong_use(WrongUse):
        known = frameworks.load(frameworks.find(config.rootpath))
    with options.wrong_use(ValueError, before="-m: "):
        selection.check(config.option.markexpr, known)
    return known


@pytest.hookimpl(tryfirst=True)  # when all markers are declared; before xdist starts workers, which come here too
def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse undeclared markers before gathering, and let `--profile` and `-m` select together."""
    config = session.config
    for word in config.option.file_or_dir:
        if "://" in word:
            raise pytest.UsageError(f"{word} is a target, and no file or folder of tests: --hosts={word}")
    _hide_secrets(config)
    _select_by_default(config)
    _require_markers(config)
    name, level = options.option(config, "profile"), options.option(config, "severity")
    if name:
        profile = session_of(config).profile(name, _markers(config))
        config.option.markexpr = selection.both(profile, config.option.markexpr)
    if level:
        config.option.markexpr = selection.both(_at_least(level), config.option.markexpr)
    keyword = selection.numbered(config.option.keyword, config.stash[FRAMEWORKS])
    named, skipped = config.getoption("hullcheck_controls", ()), options.several(config, "skip")
    config.option.keyword = selection.narrowed(keyword, named, skipped)


def _select_by_default(config: pytest.Config) -> None:
    """Let `hullcheck audit` select the benchmark where nothing else is asked for; on Compose files the guide, too."""
    if config.getoption("hullcheck_default", False):
        audit = session_of(config)
        if audit.of_files:
            config.option.markexpr = "(cis or guide) and compose" if config.option.markexpr == "cis" else "compose"
        config.option.hullcheck_default = config.option.markexpr
        audit.arguments += ("-m", config.option.markexpr)


def _is_by_default_of_files(config: pytest.Config) -> bool:
    return bool(config.getoption("hullcheck_default", False)) and session_of(config).of_files


def _hide_secrets(config: pytest.Config) -> None:
    """Hide secrets in what pytest-metadata knows of a CI server, such as the address of a repository."""
    from pytest_metadata.plugin import metadata_key  # type: ignore[import-untyped]

    metadata: dict[str, object] = config.stash.get(metadata_key, {})
    for name, value in metadata.items():
        if isinstance(value, str) and secrets.in_value(name, value):
            metadata[name] = secrets.HIDDEN


def _at_least(level: str) -> str:
    if level not in SEVERITIES:
        raise pytest.UsageError(f"--severity {level}: {did_you_mean(level, SEVERITIES)}")
    levels = SEVERITIES[: SEVERITIES.index(level) + 1]
    return " or ".join(f'severity(level="{each}")' for each in levels)


def _require_markers(config: pytest.Config) -> None:
    """Refuse undeclared markers if pytest is strict."""
    strict = config.getini("strict_markers")
    if not config.option.markexpr or not (config.getini("strict") if strict is None else strict):
        return
    with options.wrong_use(ValueError, before="-m: "):
        selection.check_names(config.option.markexpr, _markers(config))


def _markers(config: pytest.Config) -> list[str]:
    lines: list[str] = config.getini("markers")
    return [re.split(r"[:(]", line, maxsplit=1)[0].strip() for line in lines]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Name the targets and the frameworks."""
    known, expression = config.stash[FRAMEWORKS], config.option.markexpr
    lines = [f"hullcheck {__version__}: {known.all[0].name}"]
    if SESSION in config.stash:
        audit = session_of(config)
        lines.append("targets: " + screen.named([each.name for each in audit.targets]))
        if audit.shard:
            lines.append(f"shard {audit.shard}: of {len(audit.all_targets)} targets in all")
    if expression in known.names and known.editions(expression)[0].relation != "judges":
        example = next(iter(known.editions(expression)[0].ids))
        lines.append(
            f"-m {expression} selects every control that supports any requirement; one requirement:"
            f" -m '{expression}(id=\"{example}\")'; all of them: hullcheck report --by {expression}"
        )
    if options.option(config, "profile"):
        lines.append(f"profile {options.option(config, 'profile')}: -m {expression!r}")
    return lines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize controls by target; in a worker that judges whole hosts, by its own."""
    if TARGET in metafunc.fixturenames:
        audit = session_of(metafunc.config)
        first, step = audit.worker.get("hullcheck_part", (0, 1))
        targets = audit.targets[first::step]
        if _is_by_default_of_files(metafunc.config) and not registry.in_file(metafunc.function):
            targets = targets[:1]  # for all of them, as -m leaves it out
        metafunc.parametrize(TARGET, targets, ids=[each.name for each in targets], indirect=True, scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Check the markers of what was collected; the report carries the faults, also from a worker."""
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
    """Stop the run at a wrong marker, inventory or host: in the main process, for a worker could only crash."""
    faults = getattr(report, "hullcheck_faults", None)
    if faults and "PYTEST_XDIST_WORKER" not in os.environ:
        raise pytest.UsageError("\n".join(faults))


class _Labels(Struct, frozen=True):
    """What the markers of a test make of it."""

    own: list[pytest.Mark]  # the markers as they are written
    markers: list[pytest.Mark]  # one for each id of a framework
    words: set[str]  # what `-k` finds it by
    control: Control | None  # what they and its docstring say, if it is one
    faults: list[str]  # what is wrong with the markers


def _label(item: pytest.Item) -> list[str]:
    """Add a marker for each framework id, for `-m 'cis(id="5.5")'`; return the faults."""
    if _LABELLED in item.stash:  # pytest looks at a file again for each of its tests that is named
        return []
    item.stash[_LABELLED] = True
    known = item.config.stash.setdefault(_LABELS, {})
    own = list(item.iter_markers())
    key = tuple(map(id, (getattr(item, "function", None), *own)))
    if key not in known:  # for all targets markers are the same objects
        known[key] = _labels_of(item, own)
    labels = known[key]
    markers = labels.markers
    if not labels.faults and labels.control:
        assert isinstance(item, pytest.Function)
        item.stash[CONTROL] = labels.control
        item.extra_keyword_matches = labels.words  # one set for all targets: fleets have many tests
        level = session_of(item.config).severity_on(target_of(item), labels.control.id)
        markers = [*markers, _severity(level or labels.control.severity)]
    item.own_markers += markers  # quicker than item.add_marker
    return labels.faults


@cache
def _severity(level: str) -> pytest.Mark:
    return pytest.mark.severity(level=level, on_target=True).mark


def _labels_of(item: pytest.Item, own: list[pytest.Mark]) -> _Labels:
    known = item.config.stash[FRAMEWORKS]
    markers, faults = [], []
    for marker in reversed(own):  # pytest has the lowest decorator first
        try:
            markers += with_ids(known, marker)
        except ValueError as error:
            faults.append(f"{_place(item, marker)}: {error}")
    markers += of_baseline(known, (*own, *markers))
    if is_control(item) and registry.in_file(item.obj):  # type: ignore[attr-defined]
        markers.append(pytest.mark.compose.mark)
    control = control_of(item.obj, (*own, *markers)) if is_control(item) else None  # type: ignore[attr-defined]
    names = names_of(control.id, control.frameworks) if control else ()
    return _Labels(
        own,
        markers,
        selection.keywords(numbers_of((*own, *markers))) | set(map(selection.exact, names)),
        control,
        faults,
    )


def _place(item: pytest.Item, marker: pytest.Mark) -> str:
    """Return file and line of the marker, or of its test if the line cannot be found."""
    path, first, _ = item.location
    lines, start = inspect.getsourcelines(getattr(item, "function", type(item)))
    for number, line in enumerate(lines, start):
        if f".{marker.name}(" in line and all(str(each) in line for each in marker.args):
            return f"{path}:{number}"
    return f"{path}:{(first or 0) + 1}"


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before -m, -k or --deselect leave anything out, and after
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Remember all controls before `-m` and `-k` deselect any: a requirement is judged by all of its controls."""
    _remember(config, items)
    if config.option.hullcheck_listing is not None:
        _list(config, items)
    yield
    config.stash[SELECTED] = True


def _remember(config: pytest.Config, items: list[pytest.Item]) -> None:
    functions: dict[str, pytest.Item] = {}
    for item in filter(is_control, items):
        name = item.name.partition("[")[0]
        first = functions.setdefault(name, item)
        if first.path != item.path:
            stop(config, [f"{item.path}: {name} is in {first.path} too; run one of them"])
            return
    controls = [item.stash[CONTROL] for item in functions.values()]
    if not controls:
        return
    audit = session_of(config)
    audit.ids_by_control = {each.id: each.frameworks for each in controls}
    if _is_by_default_of_files(config):
        named = set(map(selection.exact, config.getoption("hullcheck_controls", ())))
        others = [each for each in functions.values() if not any(each.iter_markers("compose"))]
        audit.left_to_hosts = sum(not named or not named.isdisjoint(each.extra_keyword_matches) for each in others)
    words = {word for item in functions.values() for word in item.extra_keyword_matches}
    if faults := (*audit.unknown_controls(words),):
        stop(config, faults)


def stop(config: pytest.Config, faults: Sequence[str]) -> None:
    """Stop the run with these faults, as with those of markers, which the main process of a worker gets."""
    report = pytest.CollectReport("", "failed", "\n".join(faults), [])
    report.hullcheck_faults = faults  # type: ignore[attr-defined]
    config.hook.pytest_collectreport(report=report)


def _list(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write the controls, and what could not be collected, for `hullcheck.controls.catalog`."""
    found = {(each.file, each.control.id): each for item in items if (each := _described(item))}
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    faults = []
    for report in reporter.stats.get("error", ()):
        lines = report.longreprtext.strip().splitlines() or ["cannot be collected"]
        faults.append(f"{report.nodeid}: {lines[-1].removeprefix('E').strip()}")
    document = {"controls": to_builtins(list(found.values())), "faults": faults}
    Path(config.option.hullcheck_listing).write_text(json.dumps(document), encoding="utf-8")


def _described(item: pytest.Item) -> Listed | None:
    """Return a control with its place, as it is written; None for another test."""
    if not (is_control(item) and isinstance(item, pytest.Function)):
        return None
    return listed(item.obj, item.stash[CONTROL], item.path, (item.location[1] or 0) + 1)
