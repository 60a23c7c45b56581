"""hullcheck.prom: numbers of an audit for the textfile collector of Prometheus' node_exporter."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from hullcheck.messages import printable
from hullcheck.results import SEVERITIES, Audit
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import entries, seconds

_Samples = Iterable[tuple[Mapping[str, str], object]]


def render(audit: Audit) -> str:
    """Render *audit*; a number that is 0 is there, too, so that an alert does not wait for a series to appear."""
    run, since = audit.run, audit.since
    labels = {"shard": run.shard} if run.shard else {}
    results = ((each.target, audit.severity(each), each.verdict) for each in audit.results)
    findings = ((each.target, each.severity, each.verdict) for each in entries(audit))
    judged = {each.target for each in audit.results} - {*audit.unjudged}
    metrics: dict[str, tuple[str, _Samples]] = {
        "info": ("Version that audited.", [({"version": run.version, **labels}, 1)]),
        "run_started_timestamp_seconds": ("When the run began.", [(labels, seconds(run.started))]),
        "run_finished_timestamp_seconds": ("When the run ended.", [(labels, seconds(run.finished))]),
        "run_exit_status": (
            "Exit status by the verdicts; 0 where nothing fails.",
            [(labels, run.exit_status)],
        ),
        "results": ("Controls by the verdict on a target.", _counted(audit, results)),
        "findings": ("Subjects of controls by their verdict.", _counted(audit, findings)),
        "target_judged": (
            "Whether any control passed or failed on a target.",
            [({"target": each.name}, int(each.name in judged)) for each in audit.targets],
        ),
        "score_percent": (
            "Controls of a profile that passed, of those that were judged.",
            [
                ({"target": each.name, "profile": profile}, score.percent)
                for each in audit.targets
                for profile, score in each.scores.items()
            ],
        ),
        "waivers": ("Waivers by what they did.", _states(each.state for each in audit.waivers)),
        "attestations": (
            "Attestations by what they did.",
            _states(each.state for each in audit.attestations),
        ),
    }
    if since is not None:
        metrics |= {
            "findings_new": ("Failures that the run before had not.", [(labels, len(since.new))]),
            "findings_gone": ("Failures that the run before had alone.", [(labels, len(since.gone))]),
            "findings_still": ("Failures that both runs have.", [(labels, since.still)]),
        }
    return "".join(metric(name, *each) for name, each in metrics.items())


def metric(name: str, meaning: str, samples: _Samples) -> str:
    """Return the lines of a metric; none without samples."""
    lines = [f"# HELP hullcheck_{name} {meaning}", f"# TYPE hullcheck_{name} gauge"]
    values = [f"hullcheck_{name}{_written(labels)} {value}" for labels, value in samples]
    return "".join(f"{each}\n" for each in (*lines, *values)) if values else ""


def _written(labels: Mapping[str, str]) -> str:
    """Return labels in braces; none of their texts can end them."""
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    said = ",".join(f'{name}="{printable(each).translate(escapes)}"' for name, each in labels.items())
    return f"{{{said}}}" if said else ""


def _counted(audit: Audit, found: Iterable[tuple[str, str, Verdict]]) -> Iterator[tuple[Mapping[str, str], int]]:
    counts = Counter(found)
    for target in audit.targets:
        for severity in SEVERITIES:
            for verdict in Verdict:
                labels = {"target": target.name, "severity": severity, "verdict": str(verdict)}
                yield labels, counts[target.name, severity, verdict]


def _states(states: Iterable[str]) -> _Samples:
    return [({"state": state}, many) for state, many in sorted(Counter(states).items())]
