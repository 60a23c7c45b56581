"""The pytest plugin: options, markers, gathering before judging, one verdict per control and target."""

import gc
import inspect
import os
import re
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from hullcheck import __version__, frameworks, hookspecs, options, project, secrets, selection
from hullcheck.acceptance import waived_words
from hullcheck.control import SEVERITIES, control_of, framework_line
from hullcheck.gather import script_for
from hullcheck.inventory import Target
from hullcheck.judge import finding_of, judge, summary
from hullcheck.recording import Recording
from hullcheck.reporting import Reporting
from hullcheck.results import Attestation, Control, Finding, Result, Waiver
from hullcheck.session import FRAMEWORKS, AuditSession
from hullcheck.targets import RECORDED, backend_of, plain
from hullcheck.text import printable
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable, Verdict
from hullcheck.writers import html, terminal

pytest_plugins = ["hullcheck.fixtures"]

TARGET = "audit_target"
"""The fixture, asked for however indirectly, that makes a test a control."""
SESSION = pytest.StashKey[AuditSession]()
FINDINGS = pytest.StashKey[tuple[Finding, ...]]()
SETTLED = pytest.StashKey[bool]()
"""Whether a fixture has left the control to a person, and one has looked: then there is nothing more to call."""
MAPPED = pytest.StashKey[bool]()
SELECTED = pytest.StashKey[bool]()
WRONG_USE = pytest.StashKey[str]()

_RAISED: dict[Verdict, type[Exception]] = {
    Verdict.ERROR: EvidenceError,
    Verdict.NOT_APPLICABLE: NotApplicable,
    Verdict.MANUAL: Manual,
}


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that users may have in their conftest.py."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around pytest's own, so that nothing is captured yet
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """See that this is the project that the user means, before anything of another one is run."""
    project.find_again(early_config)
    yield


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_metadata(metadata: dict[str, Any]) -> None:
    """Hide what is secret among the variables of a CI server, as in the address of a repository."""
    for name, value in metadata.items():
        if isinstance(value, str):
            metadata[name] = secrets.HIDDEN if secrets.in_value(name, value) else value


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; in an audit, let pytest's own JUnit and HTML reports land in the run's folder."""
    project.require(config)
    known = _frameworks(config)
    config.stash[FRAMEWORKS] = known
    for line in known.marker_lines():
        config.addinivalue_line("markers", line)
    config.addinivalue_line(
        "markers", f"severity(level): how bad it is where the control fails: {', '.join(SEVERITIES)}"
    )
    if hasattr(config, "workerinput") or not _runs_tests(config):
        return
    config.pluginmanager.register(Reporting(config, session_of), "hullcheck-reporting")
    bundled = options.wants_bundle(config)
    if options.path(config, "reports") is None and not bundled:
        return
    folder = session_of(config).writable_folder()
    if config.getoption("xmlpath", "") is None:
        config.option.xmlpath = str(folder / "junit.xml")
    if config.getoption("htmlpath", "") is None:
        config.option.htmlpath = str(folder / "report.html")
        config.option.self_contained_html = True
    elif bundled:  # a page that needs other files beside it is no page in a bundle
        config.option.self_contained_html = True


def _frameworks(config: pytest.Config) -> frameworks.Frameworks:
    """The frameworks, and `-m` asks for nothing that they do not have."""
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
        pytest.UsageError: there is no such marker or profile, or an expression that cannot be understood.
    """
    config = session.config
    _require_markers(config)
    name = options.option(config, "profile")
    if name:
        profile = session_of(config).profile(name, _markers(config))
        config.option.markexpr = selection.both(profile, config.option.markexpr)


def _require_markers(config: pytest.Config) -> None:
    """Where pytest is strict: elsewhere a marker may be one that nobody declared."""
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


def _runs_tests(config: pytest.Config) -> bool:
    given = config.option
    return not (given.collectonly or given.markers or given.help or given.hullcheck_show_probes)


def session_of(config: pytest.Config) -> AuditSession:
    """The audit of this process, made when it is first asked for.

    Raises:
        pytest.UsageError: the inventory or the hosts cannot be used.
    """
    if SESSION not in config.stash:
        try:
            config.stash[SESSION] = AuditSession(config)
        except pytest.UsageError as error:
            config.stash[WRONG_USE] = str(error)
            raise
    return config.stash[SESSION]


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """`--show-probes` prints the script of each target and ends."""
    if not config.option.hullcheck_show_probes:
        return None
    timeout = options.seconds(config, "probe_timeout")
    for target in session_of(config).targets:
        print(f"# ---- {target.name} ({plain(target.connect)})")
        if backend_of(target.connect) == RECORDED:
            print("# judged from a recording: nothing is run")
        else:
            print(script_for(target, session_of(config).probes, timeout))
    return 0


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is judged, and where."""
    known = config.stash[FRAMEWORKS]
    lines = [f"hullcheck {__version__}: {known.all[0].name}"]
    if SESSION in config.stash:
        lines.append("targets: " + terminal.target_line(session_of(config).targets))
    if options.option(config, "profile"):
        lines.append(f"profile {options.option(config, 'profile')}: -m {config.option.markexpr!r}")
    return lines


# ---- collection


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
    """Check the markers of what was collected; the report carries the faults, maybe out of a worker.

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
    """Add a marker for each framework id, which `-m 'cis(id="5.5")'` can match; give what is wrong."""
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
    return faults


def _ids(known: frameworks.Frameworks, marker: pytest.Mark) -> tuple[str, ...]:
    if marker.name == "severity" and marker.args not in ((level,) for level in SEVERITIES):
        wrong = ", ".join(map(repr, marker.args))
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


def is_control(item: pytest.Item) -> bool:
    """Whether *item* judges a target."""
    return TARGET in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before -m, -k or --deselect leave anything out, and after
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Remember which controls there are, and that what was asked for could be selected."""
    _remember(config, items)
    yield
    config.stash[SELECTED] = True


def _remember(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A requirement is judged only where all of its controls are."""
    functions = {item.name.partition("[")[0]: item for item in items if is_control(item)}
    controls = [control_of(item.obj, item.iter_markers()) for item in functions.values()]  # type: ignore[attr-defined]
    if not controls:
        return
    audit_session = session_of(config)
    audit_session.mapped = {each.id: each.frameworks for each in controls}
    if faults := audit_session.unknown_controls():
        _stop(config, faults)


def _stop(config: pytest.Config, faults: Sequence[str]) -> None:
    """Stop the run with these faults, told as those of markers are: a worker's main process hears that."""
    report = pytest.CollectReport("", "failed", "\n".join(faults), [])
    report.hullcheck_faults = faults  # type: ignore[attr-defined]
    config.hook.pytest_collectreport(report=report)


# ---- gathering: in the main process, after collection, before any test


@pytest.hookimpl(tryfirst=True)  # before xdist lets the main process know that a worker is done
def pytest_collection_finish(session: pytest.Session) -> None:
    """Gather, or let the main process do it, if there is a control to judge."""
    config = session.config
    controls = sum(map(is_control, session.items))
    if not (
        controls and _runs_tests(config) and SELECTED in config.stash
    ):  # pytest comes here after errors, too
        return
    worker = getattr(config, "workerinput", None)
    if worker is None:
        _gather(config, controls)
        return
    try:
        session_of(config).ask_to_gather(worker["workerid"], controls)
    except pytest.UsageError as error:
        _stop(config, [str(error)])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each worker where the recordings will be."""
    node.workerinput["hullcheck_folder"] = str(session_of(node.config).folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """The first worker to know its tests tells whether there is anything to gather; all wait for it."""
    audit = session_of(node.config)
    controls = audit.asked_to_gather(node.gateway.id)
    if controls and not audit.gathered:
        _gather(node.config, controls)


def _gather(config: pytest.Config, controls: int) -> None:
    audit = session_of(config)
    html.limit(config, controls)
    gc.freeze()  # pytest, plugins and tests stay to the end: no collection of what is judged looks through them
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
    if pyfuncitem.stash.get(SETTLED, False):
        pyfuncitem.stash[SETTLED] = False
        return True
    pyfuncitem.stash[FINDINGS] = ()  # of an earlier run of the same test, if there was one
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    target = _target_of(pyfuncitem)
    findings = _accepted(pyfuncitem, judge(pyfuncitem.obj, arguments, target.name))
    pyfuncitem.stash[FINDINGS] = findings
    verdict, reason = summary(findings)
    if verdict is Verdict.FAIL:
        # not by pytest.fail(): that is a frame which pytest hides, and it would say so below each reason
        raise pytest.fail.Exception(terminal.offenders(findings), pytrace=False)
    if verdict in _RAISED:
        raise _RAISED[verdict](reason)
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give each verdict its outcome in pytest, and let the report carry the result."""
    ended = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
    if not (ended and is_control(item)):
        return (yield)
    assert isinstance(item, pytest.Function)
    result = _result(item, call)
    if call.when == "setup" and result.verdict in (Verdict.ATTESTED, Verdict.WAIVED):
        item.stash[SETTLED] = True
        call.excinfo = None  # go on to the call, which has nothing more to ask
        return (yield)
    _drop_traceback(call)
    report = yield
    _shape(report, item, result.verdict, result.reason)
    control = control_of(item.obj, item.iter_markers())
    accepting = [each.to_json() for told in _accepting(item, result) for each in told]
    carried = {"control": dict(vars(control)), "result": result.to_json(), "accepting": accepting}
    if MAPPED not in item.config.stash:  # the first report of a process says what it collected
        item.config.stash[MAPPED] = True
        carried["mapped"] = {key: dict(each) for key, each in session_of(item.config).mapped.items()}
    report.hullcheck = carried  # type: ignore[attr-defined]
    item.user_properties += _properties(control, result) + _accepting_properties(*_accepting(item, result))
    return report


def _result(item: pytest.Function, call: pytest.CallInfo[None]) -> Result:
    target = _target_of(item)
    if call.when == "setup" or not item.stash[FINDINGS]:
        item.stash[FINDINGS] = _accepted(item, (_finding_of(call, target.name),))
    findings = item.stash[FINDINGS]
    verdict, reason = summary(findings)
    evidence = _evidence(item._fixtureinfo.argnames, session_of(item.config), target)
    result = Result(_id(item), target.name, verdict, reason, findings, evidence)
    return session_of(item.config).tailored(result, target)


def _id(item: pytest.Function) -> str:
    return str(item.obj.__name__).removeprefix("test_")


def _accepted(item: pytest.Function, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return session_of(item.config).accepted(_id(item), _target_of(item), findings)


def _accepting(item: pytest.Function, result: Result) -> tuple[list[Waiver], list[Attestation]]:
    """The waivers and attestations that decided findings."""
    return session_of(item.config).acceptance.of(result)


def _drop_traceback(call: pytest.CallInfo[None]) -> None:
    """Let pytest write no traceback of a verdict: nobody sees it, and it costs more than all the judging."""
    if call.excinfo is not None:
        quiet = pytest.fail.Exception(str(call.excinfo.value), pytrace=False)
        last = call.excinfo.tb
        while last.tb_next is not None:
            last = last.tb_next
        call.excinfo = pytest.ExceptionInfo.from_exc_info((type(quiet), quiet, last))


def _evidence(arguments: Sequence[str], audit: AuditSession, target: Target) -> tuple[str, ...]:
    """The probes behind *arguments*, of those that the target answered."""
    known = audit.facts_of(target)
    names = audit.evidence_of(arguments, known.kind)
    return tuple(name for name in names if name in known.recording.answers)


def _target_of(item: pytest.Function) -> Target:
    target = item.callspec.params[TARGET]
    assert isinstance(target, Target)
    return target


def _properties(control: Control, result: Result) -> list[tuple[str, object]]:
    """What JUnit readers get beside the outcome; pytest takes it from the report of the teardown."""
    return [
        ("control", control.id),
        ("target", result.target),
        ("verdict", str(result.verdict)),
        ("severity", result.severity or control.severity),
        ("frameworks", framework_line(control)),
    ]


def _accepting_properties(waivers: list[Waiver], attestations: list[Attestation]) -> list[tuple[str, object]]:
    """Properties that are there only where something was waived or attested."""
    waived = [f"{each.place}: {waived_words(each)}: {each.reason}" for each in waivers]
    attested = [f"{each.person} on {each.date}: {each.statement}" for each in attestations]
    words = (("waiver", waived), ("attested", attested))
    return [(name, printable("; ".join(texts))) for name, texts in words if texts]


def _finding_of(call: pytest.CallInfo[None], target: str) -> Finding:
    """The finding on a target whose facts could not be had; an assertion in a fixture judges nothing."""
    assert call.excinfo is not None
    raised = call.excinfo.value
    if isinstance(raised, (AssertionError, pytest.fail.Exception)):
        raised = EvidenceError(f"a fixture failed: {raised}")
    return finding_of(raised, "target", target)


def _shape(report: pytest.TestReport, item: pytest.Item, verdict: Verdict, reason: str) -> None:
    if verdict is Verdict.ERROR:
        report.when, report.outcome, report.longrepr = "setup", "failed", f"error: {reason}"
    elif verdict is Verdict.FAIL:
        report.when = "call"  # also where a fixture has left it to a person, who found that it fails
    elif verdict is Verdict.WAIVED:
        report.outcome, report.wasxfail = "skipped", reason
    elif verdict in (Verdict.NOT_APPLICABLE, Verdict.MANUAL):
        path, line, _ = item.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {verdict}: {reason}")
