"""What the controls say of the recorded hosts, and the table of what they are expected to say."""

import inspect
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hullcheck import facts
from hullcheck.controls.judge import finding_of, judge
from hullcheck.facts import Facts
from hullcheck.facts.registry import later_in
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.results import Finding
from selftests.corpus.description import Description, descriptions
from selftests.kit.judging import controls, is_of, numbers

TABLE = Path(__file__).with_name("expected.tsv")
RECORDINGS = Path(__file__).with_name("recordings")
BUILT = Path(__file__).with_name("built.json")
"""The digests of the descriptions from which the hosts were built that were recorded."""
HEADER = "control\thost\tverdict\tsubjects\twhy\n"
ORDINARY = ("documentation", "guide", "stacks")
"""The hosts of ordinary administrators: the table says of each of their failures and manual checks why it stands."""
MANY = 6
"""From how many subjects on those of the most frequent verdict are counted in the table."""
REST = re.compile(r"\(the other \d+\)")
TASK = re.compile(r"(?<=\.\d)\.[a-z0-9]{25}$")
"""The end of the name that a swarm gives a container, which is another one each time."""

# What these judge has no namespace: it is of the machine on which the host was recorded.
OF_THE_PROCESSOR = ("kernel_flaws_are_mitigated", "kernel_vulnerabilities_are_tracked")
OF_THE_KERNEL = (
    "address_space_is_randomized",
    "kernel_settings_survive_a_reboot",
    "newest_installed_kernel_runs",
    "privileged_programs_leave_no_core_dumps",
)

Control = Callable[..., Any]
Place = tuple[str, str, str]
"""The number (or id) of a control, a host, and a subject, which is empty for the host itself."""
Verdicts = dict[Place, str]


def recording_of(host: str) -> Recording:
    """Load what a host answered."""
    return Recording.load(RECORDINGS / f"{host}.json.gz", facts.PROBES)


def verdicts() -> tuple[Verdicts, dict[Place, str]]:
    """Judge all recordings, and return the verdicts and their reasons."""
    found, reasons = {}, {}
    for host in descriptions().values():
        for place, each in findings_on(host, recording_of(host.name)).items():
            found[place], reasons[place] = str(each.verdict), each.reason
    return found, reasons


def findings_on(host: Description, recording: Recording) -> dict[Place, Finding]:
    """Judge what a host answered, under its policy."""
    target = Facts(recording, Policy.from_mapping(host.policy))
    found: dict[Place, Finding] = {}
    for control in filter(partial(_is_asked, host), controls()):
        for each in findings(control, target):
            place = key_of(control), host.name, "" if each.kind == "target" else TASK.sub("", each.subject)
            assert place not in found, f"two findings for {place}"
            found[place] = each
    return found


def written(found: Verdicts) -> str:
    """Return the table: a line for each control, host and verdict, with the subjects that have it.

    Where many subjects share a verdict they are counted, and those with another verdict are named.
    """
    known = whys()
    lines = [
        "\t".join([control, host, verdict, names, known.get((control, family(host), verdict), "")]).rstrip()
        for (control, host), subjects in _subjects(found).items()
        for verdict, names in _named(subjects).items()
    ]
    return HEADER + "".join(f"{line}\n" for line in lines)


def expected(found: Verdicts) -> Verdicts:
    """Read the table; those of *found* that it counts get their verdict."""
    rows = _rows()
    known = {
        (control, host, name): verdict
        for control, host, verdict, names, _ in rows
        if not REST.fullmatch(names)
        for name in names.split(", ")
    }
    counted = {(control, host): verdict for control, host, verdict, names, _ in rows if REST.fullmatch(names)}
    rest = {place: counted[place[:2]] for place in found if place not in known and place[:2] in counted}
    return known | rest


def whys() -> dict[Place, str]:
    """Read why verdicts stand, by control, host of any engine, and verdict; the first line counts."""
    return {(control, family(host), verdict): why for control, host, verdict, _, why in reversed(_rows()) if why}


def family(host: str) -> str:
    """Return the name of a host without its engine: `guide` for guide-26.1."""
    return host.rpartition("-")[0]


def _rows() -> list[list[str]]:
    lines = TABLE.read_text().split("\n", 1)[1].splitlines()
    return [[*line.split("\t"), "", ""][:5] for line in lines]


def _subjects(found: Verdicts) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Return the subjects by verdict, for each control and host in the order of the table."""
    subjects: dict[tuple[str, str], dict[str, list[str]]] = {}
    for control, host, name in sorted(found, key=lambda place: (_order(place[0]), place[1:])):
        verdicts = subjects.setdefault((control, host), {})
        verdicts.setdefault(found[control, host, name], []).append(name)
    return subjects


def _named(subjects: dict[str, list[str]]) -> dict[str, str]:
    """Return the names of the subjects with each verdict, or the count where they are many, and the most."""
    most = max(subjects, key=lambda verdict: len(subjects[verdict]))
    return {
        verdict: f"(the other {len(names)})" if verdict == most and len(names) >= MANY else ", ".join(names)
        for verdict, names in sorted(subjects.items())
    }


def _is_asked(host: Description, control: Control) -> bool:
    key = key_of(control)
    if key in OF_THE_PROCESSOR or (key in OF_THE_KERNEL and not host.kernel):
        return False
    return not host.asks or any(is_of(control, each) for each in host.asks.split())


def findings(control: Control, target: Facts) -> tuple[Finding, ...]:
    """Judge as an audit does: where a fact raises a verdict, it is that of the target."""
    name = target.recording.target
    try:
        arguments = {each: target.given(each, later_in(control)) for each in inspect.signature(control).parameters}
        return judge(control, arguments, name)
    except Exception as raised:  # as in the plugin: a fact may raise a verdict
        return (finding_of(raised, "target", name),)


def key_of(control: Control) -> str:
    """Return the number of a control, or its id if it has none."""
    return next(iter(numbers(control)), control.__name__.removeprefix("test_"))


def _order(key: str) -> tuple[list[int], str]:
    """Sort CIS numbers as numbers, and ids behind them."""
    if key.replace(".", "").isdigit():
        return [int(part) for part in key.split(".")], ""
    return [99], key
