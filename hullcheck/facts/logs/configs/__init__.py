"""Configurations of log shippers, reduced to what they read and where they send that.

Each reader takes all files of a program, and is as strict as the question needs: what it does not understand adds
nothing, so that it can only make a shipper poorer. An input counts with those outputs alone to which it is connected.
Here are those that are written in YAML or TOML.
"""

import fnmatch
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hullcheck.facts.logs.configs import fluent, logstash, rsyslog, syslog_ng
from hullcheck.facts.logs.configs.drops import beats_drops, chooses_lines, promtail_drops, vector_passes
from hullcheck.facts.logs.configs.routes import (
    ALL_CONTAINERS,
    CLOUD,
    LOCAL_OUTPUTS,
    NETWORK_SYSLOG,
    Route,
    hosts,
    is_elsewhere,
    journal,
    leaves_out,
    listed,
    route,
    service,
)

Files = Mapping[str, str]
"""The text of each file, by its path."""


def read(program: str, files: Files) -> tuple[list[Route], bool]:
    """The routes of *program*, and whether they are all that its files say."""
    routes = list[Route]()
    try:
        for each in _READERS[program](files):
            routes.append(each)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, re.error):
        return routes, False
    return routes, True


def _nested(document: Any) -> Any:
    """A document in which `a.b: x` is written as `a: {b: x}`."""
    if isinstance(document, list):
        return [_nested(each) for each in document]
    if not isinstance(document, dict):
        return document
    whole: dict[str, Any] = {}
    for key, value in document.items():
        *way, last = str(key).split(".")
        place = whole
        for each in way:
            place = place.setdefault(each, {})
        known, new = place.get(last), _nested(value)
        place[last] = {**known, **new} if isinstance(known, dict) and isinstance(new, dict) else new
    return whole


def _yaml(text: str) -> Iterator[Mapping[str, Any]]:
    import yaml  # only where there is a shipper

    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
    for each in documents:
        yield from map(_nested, each if isinstance(each, list) else [each])


# ---- Filebeat and Elastic Agent

_DEFAULT = "default"


def _beats(files: Files) -> Iterator[Route]:
    """Filebeat, which has one output for all, and an Elastic Agent that is not managed by Fleet."""
    reads, sends = dict[str, set[str]](), dict[str, set[str]]()
    documents = [each for text in files.values() for each in _yaml(text) if isinstance(each, dict)]
    dropped = any(beats_drops(each.get("processors")) for each in documents)
    doubt = dropped
    for document in documents:
        if (document.get("fleet") or {}).get("enabled"):
            raise ValueError("its inputs are not in files")
        beat = document.get("filebeat") or {}
        doubt |= _is_on((beat.get("config") or {}).get("inputs"))  # in files that are not read
        own = [document] if "type" in document else []  # a file of inputs.d is a list of them
        for one in (*(beat.get("inputs") or ()), *(document.get("inputs") or ()), *own):
            chosen = _beats_chooses(one)
            doubt |= chosen
            own_reads = reads.setdefault(str(one.get("use_output") or _DEFAULT), set())
            own_reads.update([] if chosen else _beats_input(one))
        for each in (beat.get("autodiscover") or {}).get("providers") or ():
            if each.get("type") == "docker":
                taken = _finds_all(each)
                doubt |= not taken
                reads.setdefault(_DEFAULT, set()).update([ALL_CONTAINERS] if taken else [])
        for name, output in (document.get("output") or {}).items():
            sends.setdefault(_DEFAULT, set()).update(_beats_output(name, output))
        for name, output in (document.get("outputs") or {}).items():
            sends.setdefault(str(name), set()).update(_beats_output(name, output))
        if (document.get("cloud") or {}).get("id"):
            sends.setdefault(_DEFAULT, set()).add(CLOUD)
    for name in dict.fromkeys((*reads, *sends)):
        yield route(() if dropped else reads.get(name, ()), sends.get(name, ()))
    if doubt:
        raise ValueError(
            "events are dropped, or an input or autodiscover takes some containers alone, or a part of their logs"
        )


def _beats_chooses(one: Mapping[str, Any]) -> bool:
    """Whether an input takes some containers or files alone, or one of their two streams."""
    if not _is_on(one):
        return False
    if one.get("condition") or any(map(chooses_lines, (one, *_streams(one)))):
        return True
    named = one.get("containers") or {}
    ids = listed(named.get("ids")) if one.get("type") == "docker" else []
    stream = one.get("stream") or named.get("stream") or "all"
    scanner = (one.get("prospector") or {}).get("scanner") or {}
    by_parsers = any(
        "include_message" in each or (each.get("container") or {}).get("stream", "all") != "all"
        for each in one.get("parsers") or ()
    )
    by_files = scanner.get("include_files") or any(
        leaves_out(each.get("exclude_files")) for each in (one, scanner)
    )
    return bool(by_parsers or by_files or stream != "all" or (ids and "*" not in ids))


def _finds_all(provider: Mapping[str, Any]) -> bool:
    """Whether an autodiscover makes an input for every container."""
    hints = provider.get("hints") or {}
    default = hints.get("default_config") or {}
    templates = provider.get("templates") or ()
    by_hints = hints.get("enabled") is True and default.get("enabled", True) is not False
    return by_hints or any(each.get("config") and not each.get("condition") for each in templates)


def _beats_output(name: str, output: Any) -> Iterator[str]:
    if _is_on(output) and name not in LOCAL_OUTPUTS:
        yield from hosts(output.get("hosts") or output.get("host") or [])


def _is_on(part: Any) -> bool:
    """Whether a part of a configuration is there and not switched off, by a word either."""
    return isinstance(part, dict) and str(part.get("enabled", True)).lower() in ("true", "yes", "on", "1")


def _streams(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in one.get("streams") or () if _is_on(each)]


def _beats_input(one: Mapping[str, Any]) -> Iterator[str]:
    if not _is_on(one):
        return
    kind = str(one.get("type") or "")
    if kind == "docker":
        yield ALL_CONTAINERS
    if kind == "journald":
        yield from journal(one.get("include_matches"), one.get("units"))
        return  # its paths are those of journals
    yield from listed(one.get("paths"))
    for stream in _streams(one):
        yield from listed(stream.get("paths"))


# ---- Promtail


_RELABELLED = ("keep", "drop", "keepequal", "dropequal")  # what of `relabel_configs` leaves targets out


def _promtail(files: Files) -> Iterator[Route]:
    """Every client gets all that is read."""
    reads, sends, doubt, dropped = set[str](), set[str](), False, False
    for document in (each for text in files.values() for each in _yaml(text)):
        for client in document.get("clients") or [document.get("client") or {}]:
            sends.update(hosts([client["url"]] if "url" in client else []))
        limits = document.get("limits_config") or {}
        dropped |= (
            limits.get("readline_rate_enabled") is True and limits.get("readline_rate_drop") is not False
        )
        for job in document.get("scrape_configs") or ():
            choices = [each for each in job.get("relabel_configs") or () if each.get("action") in _RELABELLED]
            if promtail_drops(job.get("pipeline_stages")):
                doubt = True
                continue
            if "journal" in job:
                kept = [each for each in choices if each["action"] == "keep"]
                reads.update(journal((job["journal"] or {}).get("matches"), kept) if kept == choices else [])
                doubt |= kept != choices
            if found := job.get("docker_sd_configs"):
                some = bool(choices) or any(
                    each.get("filters") or is_elsewhere(each.get("host")) for each in found
                )
                doubt |= some
                reads.update([] if some else [ALL_CONTAINERS])
            for labels in (group.get("labels") or {} for group in job.get("static_configs") or ()):
                some = bool(choices) or leaves_out(labels.get("__path_exclude__"))
                doubt |= some
                reads.update([] if some else listed(labels.get("__path__")))
    yield route(() if dropped else reads, sends)
    if doubt or dropped:
        raise ValueError("a filter or a limit takes some containers alone")


# ---- Vector

_CHOICES = ("include_containers", "exclude_containers", "include_images", "include_labels")
_KINDS = {"docker_logs": ALL_CONTAINERS, "fluent": "forward", "syslog": NETWORK_SYSLOG}
_ADDRESSES = ("endpoint", "endpoints", "address", "uri", "url", "bootstrap_servers")
_Parts = Mapping[str, Mapping[str, Any]]


def _vector(files: Files) -> Iterator[Route]:
    """A source counts with the sinks that it reaches by their `inputs`, through transforms that drop nothing."""
    sources, transforms, sinks = (dict[str, Any]() for _ in range(3))
    for document in (each for text in files.values() for each in _vector_documents(text)):
        for kind, known in (("sources", sources), ("transforms", transforms), ("sinks", sinks)):
            known.update(document.get(kind) or {})
    whole, some = ({name: set[str]() for name in sources} for _ in range(2))
    for sink in sinks.values():
        if sink.get("type") in LOCAL_OUTPUTS:
            continue
        sends = {host for key in _ADDRESSES for host in hosts(sink.get(key, []))}
        sends = sends or set(service(sink.get("type")))
        yield route((), sends)
        for name, takes_all in _feeding(sink.get("inputs"), sources, transforms).items():
            (whole if takes_all else some)[name].update(sends)
    for name, source in sources.items():
        yield route(_vector_source(source), whole[name])
    chosen = [name for name, each in sources.items() if _chooses(each)]
    if chosen or any(some[name] and not whole[name] for name in sources):
        raise ValueError("some events alone are taken")


def _vector_documents(text: str) -> Iterable[Any]:
    try:
        return [tomllib.loads(text)]
    except ValueError:
        return _yaml(text)


def _feeding(
    inputs: Any, sources: _Parts, transforms: _Parts, above: tuple[str, ...] = ()
) -> dict[str, bool]:
    """The sources behind these inputs, and whether all that they read comes there."""
    found = dict[str, bool]()
    for wanted in listed(inputs):
        for name in (*sources, *transforms):
            if name in above or not (fnmatch.fnmatchcase(name, wanted) or wanted.startswith(f"{name}.")):
                continue
            if name in sources:
                found[name] = True
                continue
            passes = vector_passes(transforms[name]) and wanted != f"{name}.dropped"
            behind = _feeding(transforms[name].get("inputs"), sources, transforms, (*above, name))
            for source, takes_all in behind.items():
                found[source] = found.get(source, False) or (takes_all and passes)
    return found


_JOURNALS = ("/run/log/journal", "/var/log/journal")
"""Where journald keeps it; a shipper in a container has to be told."""


def _chooses(source: Mapping[str, Any]) -> bool:
    some = source.get("type") == "docker_logs" and any(source.get(key) for key in _CHOICES)
    some |= is_elsewhere(source.get("docker_host"))
    some |= any(source.get(key) for key in ("exclude_matches", "journal_namespace"))
    some |= source.get("journal_directory") not in (None, "", *_JOURNALS)
    units = listed(source.get("exclude_units"))
    return some or leaves_out(source.get("exclude")) or any("docker" in each for each in units)


def _vector_source(source: Mapping[str, Any]) -> Iterator[str]:
    kind = source.get("type")
    if _chooses(source):
        return
    if kind == "journald":
        yield from journal(source.get("include_units"), source.get("include_matches"))
    elif kind in _KINDS and source.get("mode") != "unix":  # a socket of its own
        yield _KINDS[kind]
    yield from listed(source.get("include"))


# ---- the uploader of systemd's journal


def _journal_upload(files: Files) -> Iterator[Route]:
    """It sends the whole journal to one address, that of the last file that names one."""
    sections = (re.findall(r"(?ms)^\[Upload\][ \t]*$(.*?)(?=^\[|\Z)", text) for text in files.values())
    found = re.findall(
        r"(?m)^[ \t]*URL[ \t]*=[ \t]*(\S+)", "\n".join(each for one in sections for each in one)
    )
    if found:
        yield route(["journal"], hosts(found[-1:]))


_READERS = {
    "filebeat": _beats,
    "elastic-agent": _beats,
    "logstash": logstash.logstash,
    "fluentd": fluent.fluentd,
    "fluent-bit": fluent.fluent_bit,
    "promtail": _promtail,
    "vector": _vector,
    "rsyslogd": rsyslog.rsyslog,
    "syslog-ng": syslog_ng.syslog_ng,
    "systemd-journal-upload": _journal_upload,
}
PROGRAMS = tuple(_READERS)
