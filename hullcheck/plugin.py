"""The pytest plugin: options, markers, gathering before judging, one verdict per control and target."""

from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from hullcheck import __version__, facts, frameworks, options
from hullcheck.control import SEVERITIES, control_of, framework_line
from hullcheck.gather import script_for
from hullcheck.judge import judge, summary
from hullcheck.recording import Recording
from hullcheck.results import Control, Finding, Result
from hullcheck.reporting import Reporting
from hullcheck.session import AuditSession
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable, Verdict
from hullcheck.writers import html, terminal

pytest_plugins = ["hullcheck.fixtures"]

TARGET = "audit_target"
"""The fixture, asked for however indirectly, that makes a test a control."""
SESSION = pytest.StashKey[AuditSession]()
FRAMEWORKS = pytest.StashKey[frameworks.Frameworks]()
FINDINGS = pytest.StashKey[tuple[Finding, ...]]()

_OUTCOMES: dict[type[BaseException], Verdict] = {
    EvidenceError: Verdict.ERROR,
    NotApplicable: Verdict.NOT_APPLICABLE,
    Manual: Verdict.MANUAL,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; in an audit, let pytest's own JUnit and HTML reports land in the run's folder."""
    try:
        known = frameworks.load(_markers_file(config))
    except frameworks.FrameworkError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[FRAMEWORKS] = known
    for line in known.marker_lines():
        config.addinivalue_line("markers", line)
    config.addinivalue_line(
        "markers", f"severity(level): how bad it is where the control fails: {', '.join(SEVERITIES)}"
    )
    if hasattr(config, "workerinput") or not _runs_tests(config):
        return
    config.pluginmanager.register(Reporting(config, session_of), "hullcheck-reporting")
    if not config.getini("hullcheck_reports"):
        return
    folder = session_of(config).folder
    if not config.option.xmlpath:
        config.option.xmlpath = str(folder / "junit.xml")
    if config.getoption("htmlpath", "") is None:
        config.option.htmlpath = str(folder / "report.html")
        config.option.self_contained_html = True


def _markers_file(config: pytest.Config) -> Path:
    """The project's own markers.ini, or the one that is installed with hullcheck."""
    package = Path(__file__).parent
    places = (config.rootpath / frameworks.FILE, package / frameworks.FILE, package.parent / frameworks.FILE)
    return next((place for place in places if place.is_file()), places[0])


def _runs_tests(config: pytest.Config) -> bool:
    given = config.option
    return not (given.collectonly or given.markers or given.help or given.hullcheck_show_probes)


def session_of(config: pytest.Config) -> AuditSession:
    """The audit of this process, made when it is first asked for.

    Raises:
        pytest.UsageError: the inventory or the hosts cannot be used.
    """
    if SESSION not in config.stash:
        config.stash[SESSION] = AuditSession(config)
    return config.stash[SESSION]


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """`--show-probes` prints the script of each target and ends."""
    if not config.option.hullcheck_show_probes:
        return None
    timeout = options.seconds(config, "probe_timeout")
    for target in session_of(config).targets:
        print(f"# ---- {target.name} ({target.connect})")
        print(script_for(target, facts.PROBES, timeout))
    return 0


def pytest_report_header(config: pytest.Config) -> list[str]:
    known = config.stash[FRAMEWORKS]
    lines = [f"hullcheck {__version__}: {known.get('cis').name}"]
    if SESSION in config.stash:
        lines.append("targets: " + terminal.target_line(session_of(config).targets))
    return lines


# ---- collection


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per control and target; no host is asked."""
    if TARGET in metafunc.fixturenames:
        targets = session_of(metafunc.config).targets
        metafunc.parametrize(TARGET, targets, ids=[each.name for each in targets], indirect=True, scope="session")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Check every framework id, and add one marker for each that pytest's `-m 'cis(id="5.5")'` can match.

    Raises:
        pytest.UsageError: an id is not in markers.ini; with file and line.
    """
    known = item.config.stash[FRAMEWORKS]
    for marker in list(item.iter_markers()):
        if marker.name not in known.names or "id" in marker.kwargs:
            continue
        try:
            ids = known.ids_of(marker.name, marker.args, marker.kwargs)
        except ValueError as error:
            path, line, _ = item.location
            raise pytest.UsageError(f"{path}:{(line or 0) + 1}: {error}") from None
        for each in ids:
            item.add_marker(getattr(pytest.mark, marker.name)(id=each, **marker.kwargs))


def is_control(item: pytest.Item) -> bool:
    """Whether *item* judges a target."""
    return TARGET in getattr(item, "fixturenames", ())


# ---- gathering: in the main process, after collection, before any test


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput") or not _runs_tests(config):
        return
    controls = sum(map(is_control, session.items))
    if controls:
        _gather(config, controls)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["hullcheck_folder"] = str(session_of(node.config).folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """The first worker to know its tests tells whether there is anything to gather; all wait for it."""
    audit = session_of(node.config)
    names = tuple(f"[{target.name}]" for target in audit.targets)
    controls = sum(each.endswith(names) for each in ids)
    if controls and not audit.gathered:
        _gather(node.config, controls)


def _gather(config: pytest.Config, controls: int) -> None:
    audit = session_of(config)
    html.limit(config, controls)
    progress = terminal.Progress(config.pluginmanager.get_plugin("terminalreporter"), len(audit.targets))

    def done(recording: Recording) -> None:
        progress.step(recording.target, recording.failure)

    audit.gather(done)
    progress.close(audit.gather_seconds)


# ---- judging


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a control once per subject and end with the worst verdict."""
    if not is_control(pyfuncitem):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    target = pyfuncitem.callspec.params[TARGET]  # type: ignore[attr-defined]  # generate_tests made it
    findings = judge(pyfuncitem.obj, arguments, target.name)
    pyfuncitem.stash[FINDINGS] = findings
    verdict, reason = summary(findings)
    if verdict is Verdict.FAIL:
        pytest.fail(terminal.offenders(findings), pytrace=False)
    for outcome, its_verdict in _OUTCOMES.items():
        if verdict is its_verdict:
            raise outcome(reason)
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give each verdict its outcome in pytest, and let the report carry the result."""
    report = yield
    if not is_control(item) or (call.when != "call" and call.excinfo is None) or call.when == "teardown":
        return report
    target = item.callspec.params[TARGET]  # type: ignore[attr-defined]
    findings = item.stash.get(FINDINGS, None) or (_finding_of(call, target.name),)
    verdict, reason = summary(findings)
    _shape(report, item, verdict, reason)
    control = control_of(item.obj, item.iter_markers())  # type: ignore[attr-defined]
    evidence = facts.evidence_of(item._fixtureinfo.argnames)  # type: ignore[attr-defined]
    result = Result(control.id, target.name, verdict, reason, findings, evidence)
    report.hullcheck = {"control": asdict(control), "result": result.to_json()}
    item.user_properties += _properties(control, result)
    return report


def _properties(control: Control, result: Result) -> list[tuple[str, object]]:
    """What JUnit readers get beside the outcome; pytest takes it from the report of the teardown."""
    return [
        ("control", control.id),
        ("target", result.target),
        ("verdict", str(result.verdict)),
        ("severity", control.severity),
        ("frameworks", framework_line(control)),
    ]


def _finding_of(call: pytest.CallInfo[None], target: str) -> Finding:
    """The finding on a target whose facts could not be had."""
    assert call.excinfo is not None
    error = call.excinfo.value
    verdict = _OUTCOMES.get(type(error), Verdict.ERROR)
    known = type(error) in _OUTCOMES
    return Finding("target", target, verdict, str(error) if known else f"{type(error).__name__}: {error}")


def _shape(report: pytest.TestReport, item: pytest.Item, verdict: Verdict, reason: str) -> None:
    if verdict is Verdict.ERROR:
        report.when, report.outcome, report.longrepr = "setup", "failed", f"error: {reason}"
    elif verdict in (Verdict.NOT_APPLICABLE, Verdict.MANUAL):
        path, line, _ = item.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {verdict}: {reason}")
