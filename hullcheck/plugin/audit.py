"""Markers and selection of an audit; the modules below collect, gather, judge and report."""

import re

import pytest
from pytest_metadata.plugin import metadata_key  # type: ignore[import-untyped]

from hullcheck import __version__, frameworks, secrets
from hullcheck.controls.metadata import SEVERITIES
from hullcheck.frameworks import selection
from hullcheck.messages import did_you_mean, printable
from hullcheck.plugin import options
from hullcheck.plugin.reporting import Reporting
from hullcheck.plugin.session import FRAMEWORKS, SESSION, session_of
from hullcheck.results import run_files
from hullcheck.writers import terminal


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; in an audit, let pytest's own JUnit and HTML reports land in the run's folder."""
    known = _frameworks(config)
    config.stash[FRAMEWORKS] = known
    for line in known.marker_lines():
        config.addinivalue_line("markers", line)
    config.addinivalue_line(
        "markers",
        f"severity(level): how bad it is where the control fails: {', '.join(SEVERITIES)}; select by"
        " -m 'severity(level=\"critical\")', or --severity high for high and worse",
    )
    if hasattr(config, "workerinput") or not options.runs_tests(config):
        return
    config.pluginmanager.register(Reporting(config), "hullcheck-reporting")
    bundled = options.wants_bundle(config)
    if options.path(config, "reports") is None and not bundled:
        return
    folder = session_of(config).writable_folder()
    if config.getoption("xmlpath", "") is None:
        config.option.xmlpath = str(folder / run_files.JUNIT)
    if config.getoption("htmlpath", "") is None:
        config.option.htmlpath = str(folder / run_files.REPORT)
        config.option.self_contained_html = True


def _frameworks(config: pytest.Config) -> frameworks.Frameworks:
    """The frameworks; `-m` may ask only for markers and ids that they have."""
    try:
        known = frameworks.load(frameworks.find(config.rootpath))
    except frameworks.FrameworkError as error:
        raise pytest.UsageError(str(error)) from None
    try:
        selection.check(config.option.markexpr, known)
    except ValueError as error:
        raise pytest.UsageError(f"-m: {error}") from None
    return known


@pytest.hookimpl(
    tryfirst=True
)  # when all markers are declared; before xdist starts workers, which come here too
def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse markers that nobody declared, before a host is asked, and let `--profile` and `-m` select together.

    Raises:
        pytest.UsageError: there is no such marker or profile, an expression that cannot be understood, or a target
            where pytest takes a file.
    """
    config = session.config
    for word in config.option.file_or_dir:
        if "://" in word:
            raise pytest.UsageError(f"{word} is a target, and no file or folder of tests: --hosts={word}")
    _hide_secrets(config)
    _require_markers(config)
    name = options.option(config, "profile")
    if name:
        profile = session_of(config).profile(name, _markers(config))
        config.option.markexpr = selection.both(profile, config.option.markexpr)
    level = options.option(config, "severity")
    if level:
        config.option.markexpr = selection.both(_at_least(level), config.option.markexpr)
    config.option.keyword = selection.numbered(config.option.keyword, config.stash[FRAMEWORKS])


def _hide_secrets(config: pytest.Config) -> None:
    """Hide secrets in what pytest-metadata tells of a CI server, such as the address of a repository."""
    metadata: dict[str, object] = config.stash.get(metadata_key, {})
    for name, value in metadata.items():
        if isinstance(value, str) and secrets.in_value(name, value):
            metadata[name] = secrets.HIDDEN


def _at_least(level: str) -> str:
    """The selection of what is as bad as *level*, and worse.

    Raises:
        pytest.UsageError: it is no severity.
    """
    if level not in SEVERITIES:
        raise pytest.UsageError(f"--severity {level}: {did_you_mean(level, SEVERITIES)}")
    levels = SEVERITIES[: SEVERITIES.index(level) + 1]
    return " or ".join(f'severity(level="{each}")' for each in levels)


def _require_markers(config: pytest.Config) -> None:
    """Refuse undeclared markers where pytest is strict."""
    strict = config.getini("strict_markers")
    if not config.option.markexpr or not (config.getini("strict") if strict is None else strict):
        return
    try:
        selection.check_names(config.option.markexpr, _markers(config))
    except ValueError as error:
        raise pytest.UsageError(f"-m: {error}") from None


def _markers(config: pytest.Config) -> list[str]:
    """The names of all markers that are declared."""
    lines: list[str] = config.getini("markers")
    return [re.split(r"[:(]", line, maxsplit=1)[0].strip() for line in lines]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Name the targets and the frameworks."""
    known = config.stash[FRAMEWORKS]
    lines = [f"hullcheck {__version__}: {known.all[0].name}"]
    if SESSION in config.stash:
        audit_session = session_of(config)
        lines.append("targets: " + terminal.target_line(audit_session.targets))
        if audit_session.shard:
            lines.append(f"shard {audit_session.shard}: of {len(audit_session.all_targets)} targets in all")
        lines += [printable(f"inventory: {each}") for each in audit_session.inventory.notes]
    lines += _of_any_requirement(config.option.markexpr, known)
    if options.option(config, "profile"):
        lines.append(f"profile {options.option(config, 'profile')}: -m {config.option.markexpr!r}")
    return lines


def _of_any_requirement(expression: str, known: frameworks.Frameworks) -> list[str]:
    """What a whole framework stands for, where its controls support requirements and judge none of them wholly."""
    if expression not in known.names or known.editions(expression)[0].relation == "judges":
        return []
    example = next(iter(known.editions(expression)[0].ids))
    return [
        f"-m {expression} selects every control that supports any requirement; one requirement:"
        f" -m '{expression}(id=\"{example}\")'; all of them: hullcheck report --by {expression}"
    ]
