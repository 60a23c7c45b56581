"""The probe for tools that watch what containers do, and what of its answer is kept.

A process is found by the path of its program, which is the kernel's word, and never by its name. After
`process:PID` follow what it was started with, what it holds open, its connections and its unit. Of Falco also its
configuration, its files of rules, and its counters: of the endpoint that it really listens on two readings, a second
apart, and of a file the last two lines.
"""

import json
import re
from typing import Any

from hullcheck.facts.sensors import falco_rules
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.documents import COUNT
from hullcheck.parsing.proc import net
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import json_object, pick

_SWITCHED = {"rule": True, "tag": True}
_CONFIG = {
    "priority": True,
    "watch_config_files": True,
    "base_syscalls": {"custom_set": True, "repair": True},
    "config_files": {"strategy": True},
    "rules_file": True,
    "rules_files": True,
    "rules": {"enable": _SWITCHED, "disable": _SWITCHED},
    "engine": {"kind": True},
    "metrics": {"enabled": True, "interval": True, "output_file": True},
    "webserver": {"enabled": True, "listen_port": True, "prometheus_metrics_enabled": True},
    "syslog_output": {"enabled": True},
    "file_output": {"enabled": True},
    "stdout_output": {"enabled": True},
    "program_output": {"enabled": True},
    "http_output": {"enabled": True, "url": True},
    "grpc_output": {"enabled": True},
}
_UNIT = dict.fromkeys(
    ("Id", "MainPID", "ActiveState", "UnitFileState", "RequiredBy", "TriggeredBy", "WantedBy"), True
)
_SNAPSHOT = {
    "output_fields": {
        **dict.fromkeys(("evt.time", "scap.n_evts", "scap.n_drops", "falco.start_ts", "falco.num_evts"), True)
    }
}
_OPTION = re.compile(r"(?:-o|--option)(?:=|\n)?(\w+)\.(\w+)=(.*)")
_PRIORITY = re.compile(r"(?:-o|--option)(?:=|\n)?priority=(\w+)")
_RULES = re.compile(r"^(?:-r|--rules)(?:=|\n)?(/.*)", re.MULTILINE)
_METRIC = re.compile(r"(falcosecurity_\w+)(?:\{(.*)\})? (\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
_LABEL = re.compile(r'\b(\w+)="([^"]*)"')
_TOTALS = {
    "falcosecurity_scap_n_evts_total": "Events",
    "falcosecurity_scap_n_drops_total": "Drops",
    "falcosecurity_falco_rules_matches_total": "Matches",
}
_TICKS = 100  # USER_HZ, the unit of /proc/PID/stat, on every architecture that Docker runs on
_KINDS = re.compile(r"(anon_inode:|/dev/)(\[?[\w-]+\]?)")


def _keep(text: str) -> str:
    head, *blocks = re.split(r"^process:", text, flags=re.MULTILINE)
    document = {
        "AsRoot": Words(head).of_root,
        "Installed": re.findall(r"^installed:(.*)$", head, re.MULTILINE),
        "Processes": [_process(block) for block in blocks],
    }
    return json.dumps(document, separators=(",", ":"))


def _process(block: str) -> dict[str, Any]:
    pid, _, rest = block.partition("\n")
    words = Words(rest)
    held = words.all("fd")
    arguments = "\n".join(words.all("argument"))
    by_option = _by_option(arguments) if words.files else {}
    rules = [each.split(":", 2) for each in words.all("rules")]
    return {
        "Pid": int(pid),
        "Age": _age(words.all("age")),
        "SeesFiles": bool(held),
        "Halted": "halted" in words,
        "Changed": _was_changed(words),
        "Holds": sorted({each for each in held if _KINDS.fullmatch(each)}),
        "Network": dict(zip(("Listens", "Connected"), net.held(words.all("net"), held), strict=True)),
        "Unit": pick(words.pairs("unit", "="), _UNIT),
        "Config": [*map(_config, words.files.values()), *([by_option] if by_option else ())],
        "ByOption": bool(by_option),
        "Rules": rules,
        "Named": [each for number, (_, _, path) in enumerate(rules) for each in _named(words, number, path)],
        "Switches": falco_rules.by_options(arguments) if words.files else [],
        "Readings": [read for word in ("first", "second") if (read := _reading(words.all(word)))],
        "Snapshots": [pick(json_object(each), _SNAPSHOT) for each in words.all("snapshot")],
        "Alerts": max(map(int, words.all("alerts")), default=None),
    }


def _age(lines: tuple[str, ...]) -> float | None:
    """For how many seconds it has been running; None where /proc does not tell."""
    told = re.fullmatch(r"(\d+(?:\.\d+)?) (\d+)", lines[0]) if lines else None
    return max(float(told[1]) - int(told[2]) / _TICKS, 0) if told else None


_AT_ITS_START = 60  # seconds in which a script may write the files before it becomes the program


def _was_changed(words: Words) -> bool:
    """Whether a file that it reads was changed after it started."""
    started = max(map(int, words.all("started")), default=0)
    return bool(started) and max(map(int, words.all("changed")), default=0) > started + _AT_ITS_START


def _named(words: Words, number: int, path: str) -> list[falco_rules.Rule]:
    """The rules of one file."""
    told = (each.partition(":")[::2] for each in words.all("rule"))
    return falco_rules.in_file(path, (line for of, line in told if of == str(number)))


def _by_option(arguments: str) -> dict[str, Any]:
    """What of the configuration is set by options of the command, which win over its files."""
    import yaml  # only where there is a Falco

    found: dict[str, Any] = {}
    for section, key, value in _OPTION.findall(arguments):
        try:
            found.setdefault(section, {})[key] = yaml.safe_load(value)
        except (yaml.YAMLError, RecursionError, ValueError):
            found.setdefault(section, {})[key] = None
    if rules := _RULES.findall(arguments):
        found["rules_files"] = rules
    if priorities := _PRIORITY.findall(arguments):
        found["priority"] = priorities[-1]
    if selected := falco_rules.selected(arguments):
        found["rules"] = selected
    return _judged(found)


def _config(text: str) -> dict[str, Any] | None:
    """What is judged of a file; None where it is no YAML."""
    import yaml  # only where there is a Falco

    try:
        document = yaml.safe_load(text) or {}
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return _judged(document) if isinstance(document, dict) else None


def _judged(document: dict[str, Any]) -> dict[str, Any]:
    """Of a configuration what is judged."""
    kept: dict[str, Any] = pick(document, _CONFIG)
    sent = kept.get("http_output")
    if isinstance(sent, dict) and "url" in sent:  # with a token in its path, or a password
        sent["url"] = re.sub(
            r"^(\w+://)?(?:[^/?#]*@)?([^/?#]*).*", r"\1\2", str(sent["url"]), flags=re.DOTALL
        )
    return kept


def _reading(lines: tuple[str, ...]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for line in lines:
        if metric := _METRIC.fullmatch(line.strip()):
            name, labels, value = metric[1], dict(_LABEL.findall(metric[2] or "")), float(metric[3])
            if name in _TOTALS:
                read[_TOTALS[name]] = read.get(_TOTALS[name], 0) + value
            elif name == "falcosecurity_scap_engine_name_info":
                read["Engine"] = labels.get("engine_name", "")
            elif name == "falcosecurity_falco_sha256_rules_files_info":
                read.setdefault("Rules", {})[labels.get("file_name", "")] = labels.get("sha256", "")
    return read


SHAPE = {
    "AsRoot": bool,
    "Installed": [str],
    "Processes": [
        {
            "Pid": COUNT,
            "Age": (None, float, COUNT),
            "SeesFiles": bool,
            "Halted?": bool,
            "Changed?": bool,
            "Holds": [str],
            "Network": {"Listens": [str], "Connected": [str]},
            "Unit": {"*": str},
            "Config": [(None, dict)],
            "ByOption?": bool,
            "Rules": [[str, str, str]],
            "Named": [list],
            "Switches": [list],
            "Readings": [dict],
            "Snapshots": [dict],
            "Alerts": (None, COUNT),
        }
    ],
}
SENSORS = Probe.from_file(__file__, "sensors", _keep)
