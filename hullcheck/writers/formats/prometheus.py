"""hullcheck.prom: numbers of an audit for the textfile collector of Prometheus' node_exporter."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from hullcheck.messages import printable
from hullcheck.results import SEVERITIES, Audit
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import entries, seconds

_Labels = Mapping[str, str]
_Samples = Iterable[tuple[_Labels, int]]


def render(audit: Audit) -> str:
    """Render *audit*; a number that is 0 is there, too, so that an alert does not wait for a series to appear."""
    run = audit.run
    labels = {"shard": run.shard} if run.shard else {}
    since = audit.since
    parts = [
        _metric("info", "Version that audited.", [({"version": run.version, **labels}, 1)]),
        _metric("run_started_timestamp_seconds", "When the run began.", [(labels, seconds(run.started))]),
        _metric("run_finished_timestamp_seconds", "When the run ended.", [(labels, seconds(run.finished))]),
        _metric(
            "run_exit_status",
            "Exit status by the verdicts; 0 where nothing fails.",
            [(labels, run.exit_status)],
        ),
        _metric("results", "Controls by the verdict on a target.", _results(audit)),
        _metric("findings", "Subjects of controls by their verdict.", _findings(audit)),
        _metric("target_judged", "Whether any control passed or failed on a target.", _judged(audit)),
        _metric("waivers", "Waivers by what they did.", _states(each.state for each in audit.waivers)),
        _metric(
            "attestations",
            "Attestations by what they did.",
            _states(each.state for each in audit.attestations),
        ),
    ]
    if since is not None:
        parts.append(
            _metric("findings_new", "Failures that the run before had not.", [(labels, len(since.new))])
        )
        parts.append(
            _metric("findings_gone", "Failures that the run before had alone.", [(labels, len(since.gone))])
        )
        parts.append(_metric("findings_still", "Failures that both runs have.", [(labels, since.still)]))
    return "".join(parts)


def _metric(name: str, meaning: str, samples: _Samples) -> str:
    lines = [f"# HELP hullcheck_{name} {meaning}", f"# TYPE hullcheck_{name} gauge"]
    values = [f"hullcheck_{name}{_written(labels)} {value}" for labels, value in samples]
    return "".join(f"{each}\n" for each in (*lines, *values)) if values else ""


def _written(labels: _Labels) -> str:
    """Labels in braces; none of their texts can end them."""
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    said = ",".join(f'{name}="{printable(each).translate(escapes)}"' for name, each in labels.items())
    return f"{{{said}}}" if said else ""


def _results(audit: Audit) -> _Samples:
    return _counted(audit, ((each.target, audit.severity(each), each.verdict) for each in audit.results))


def _findings(audit: Audit) -> _Samples:
    return _counted(audit, ((each.result.target, each.severity, each.verdict) for each in entries(audit)))


def _counted(audit: Audit, found: Iterable[tuple[str, str, Verdict]]) -> Iterator[tuple[_Labels, int]]:
    counts = Counter(found)
    for target in audit.targets:
        for severity in SEVERITIES:
            for verdict in Verdict:
                labels = {"target": target.name, "severity": severity, "verdict": str(verdict)}
                yield labels, counts[target.name, severity, verdict]


def _judged(audit: Audit) -> _Samples:
    there = {each.target for each in audit.results} - {*audit.unjudged}
    return [({"target": each.name}, int(each.name in there)) for each in audit.targets]


def _states(states: Iterable[str]) -> _Samples:
    return [({"state": state}, many) for state, many in sorted(Counter(states).items())]
