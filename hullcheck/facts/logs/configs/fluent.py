"""Configurations of Fluentd and Fluent Bit, reduced to what each input reads and where its outputs send that."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from hullcheck.facts.logs.configs.routes import (
    LOCAL_OUTPUTS,
    NETWORK_SYSLOG,
    Route,
    expanded,
    hosts,
    journal,
    leaves_out,
    listed,
    route,
    service,
    uncommented,
)

Files = Mapping[str, str]

_FORWARDED = "forward"
_TAKES = {"forward": "forward", "syslog": NETWORK_SYSLOG}
_WITHOUT_A_TAG = "0123456789ab"  # then the log driver takes the short id of the container
_FLUENTD_FILTERS_WORDS = """
    concat dedot docker_metadata enrich_kubernetes_metadata geoip kubernetes_metadata parser prometheus
    record_modifier record_transformer stdout systemd_entry
"""
_FLUENTD_FILTERS = frozenset(_FLUENTD_FILTERS_WORDS.split())
"""The filters of Fluentd that let every event through; what is not known may drop some."""
_BLOCK = re.compile(r"^\s*<(source|match|filter)\b([^>]*)>(.*?)^\s*</\1>", re.DOTALL | re.MULTILINE)
_LABEL = re.compile(r"^\s*<label\s+(\S+?)\s*>(.*?)^\s*</label>", re.DOTALL | re.MULTILINE)
_INCLUDE = re.compile(r"(?mi)^[ \t]*@include[ \t]+(.*?)[ \t]*$")
_VARIABLE = re.compile(r"[\"']?#\{[^}\n]*\}[\"']?")


class _Way(NamedTuple):
    """Where events go, and whether all of them do."""

    sends: frozenset[str]
    all: bool


_Scopes = Mapping[str, list[tuple[str, list[str], str]]]
"""By label the filters and outputs in it, each with its patterns and its body; what is in none has an empty one."""


def fluentd(files: Files) -> Iterator[Route]:
    """A source counts with the output whose pattern is the first that its tag matches, in the label it is given to."""
    joined, whole = expanded({path: uncommented(text) for path, text in files.items()}, _INCLUDE)
    text = _VARIABLE.sub("${}", joined)
    scopes = {name: _blocks(body) for name, body in _LABEL.findall(text)}
    scopes[""] = _blocks(_LABEL.sub("", text))
    outputs = [body for scope in scopes.values() for kind, _, body in scope if kind == "match"]
    yield route((), {host for body in outputs for host in _fluentd_output(body)})
    doubt = not whole
    for body in (body for kind, _, body in scopes[""] if kind == "source"):
        label = re.search(r"^\s*@label\s+(\S+)", body, re.MULTILINE)
        for reads, tag in _tagged(body):
            way = _way(scopes, label[1] if label else "", tag)
            some = _fluentd_leaves_out(body) or not way.all
            doubt |= some
            yield route(() if some else reads, way.sends)
    if doubt:
        raise ValueError("some files or events are left out, or go where it is not followed")


def _tagged(body: str) -> Iterator[tuple[list[str], str | None]]:
    """What a source reads, with the tag that it gets; None where the log driver was told to choose one."""
    kind = next(iter(_kinds(body)), "")
    tag, prefix = (re.search(rf"^\s*{key}\s+(\S+)", body, re.MULTILINE) for key in ("tag", "add_tag_prefix"))
    own = tag[1].strip("\"'") if tag else None
    reads = [*_fluentd_source(body)]
    if kind == "syslog" and own:
        own = f"{own}.daemon.info"
    if kind == _FORWARDED and own is None:
        yield reads, (prefix[1].strip("\"'") + "." if prefix else "") + _WITHOUT_A_TAG
        reads = [f"{_FORWARDED}:tagged"]
    yield reads, own


def _blocks(text: str) -> list[tuple[str, list[str], str]]:
    return [(kind, patterns.split() or ["**"], body) for kind, patterns, body in _BLOCK.findall(text)]


def _way(scopes: _Scopes, label: str, tag: str | None, above: tuple[str, ...] = ()) -> _Way:
    """Where events of a tag go in a label; of those without a tag, whose sender chooses it, to every output."""
    if label in above:
        return _Way(frozenset(), True)
    sends, everything = set[str](), True
    for kind, patterns, body in scopes.get(label, ()):
        if kind == "source" or (tag is not None and not _has_tag(patterns, tag)):
            continue
        kinds = _kinds(body)
        if kind == "filter":
            everything &= set(kinds[:1]) <= _FLUENTD_FILTERS
            continue
        found = set(_fluentd_output(body))
        for other in re.findall(r"^\s*@label\s+(\S+)", body, re.MULTILINE) if "relabel" in kinds else ():
            way = _way(scopes, other, tag, (*above, label))
            found |= way.sends
            everything &= way.all
        everything &= "rewrite_tag_filter" not in kinds
        if tag is not None:
            return _Way(frozenset(found), everything)
        everything &= bool(found) or all(each.startswith("fluent.") for each in patterns)
        sends |= found
    return _Way(frozenset(sends), everything or not sends)


def _has_tag(patterns: Iterable[str], tag: str) -> bool:
    """Whether a tag of Fluentd matches one of these; `*` in a tag stands for the path of the file."""
    wild = {"**": ".*", ".**": r"(\..*)?", "*": "[^.]+", "{": "(", "}": ")", ",": "|"}
    parts = (re.findall(r"\.?\*\*|[*{},]|[^*{},.]+|\.", each) for each in patterns)
    return any(
        re.fullmatch("".join(wild.get(part) or re.escape(part) for part in each), tag.replace("*", "var.log"))
        for each in parts
    )


def _kinds(body: str) -> list[str]:
    return re.findall(r"^\s*@?type\s+(\S+)", body, re.MULTILINE)


def _fluentd_output(body: str) -> Iterator[str]:
    kinds = _kinds(body)
    if all(each in LOCAL_OUTPUTS for each in kinds):
        return
    addresses = re.findall(
        r"^\s*(hosts?|hec_host|url|endpoint|brokers|s3_bucket)\s+(\S+)", body, re.MULTILINE
    )
    for key, value in addresses:
        yield from [f"s3:{value}"] if key == "s3_bucket" else hosts(value)
    for kind in kinds if not addresses else ():
        yield from service(kind)


def _fluentd_leaves_out(body: str) -> bool:
    return leaves_out(re.findall(r"^\s*exclude_path\s+(.*)", body, re.MULTILINE))


def _fluentd_source(body: str) -> Iterator[str]:
    kind = next(iter(_kinds(body)), "")
    if kind == "systemd":
        yield from journal(re.findall(r"^\s*(?:matches|filters)\s+(.*)", body, re.MULTILINE))
    if kind in _TAKES:
        yield _TAKES[kind]
    for value in re.findall(r"^\s*path\s+(\S+)", body, re.MULTILINE) if kind == "tail" else ():
        yield from value.strip("\"'").split(",")


# ---- Fluent Bit

_FLUENT_BIT_FILTERS_WORDS = """
    aws ecs geoip2 kubernetes modify multiline nest parser record_modifier stdout sysinfo type_converter
"""
_FLUENT_BIT_FILTERS = frozenset(_FLUENT_BIT_FILTERS_WORDS.split())
"""Those that let every event through; `parser` keeps what it cannot parse."""
_PROCESSORS = frozenset(("content_modifier", "labels", "metrics_selector", "opentelemetry_envelope"))
_SECTION = re.compile(
    r"^\s*\[(INPUT|OUTPUT|FILTER)\]\s*$(.*?)(?=^\s*\[|\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_Values = dict[str, list[str]]


def fluent_bit(files: Files) -> Iterator[Route]:
    """An input counts with the outputs that match its tag."""
    joined, whole = expanded({path: uncommented(text) for path, text in files.items()}, _INCLUDE)
    in_yaml = re.search(r"^pipeline:", joined, re.MULTILINE)
    sections = list(_yaml_sections(joined) if in_yaml else _classic_sections(joined))
    outputs = [(values, set(_fluent_bit_output(values))) for kind, values in sections if kind == "output"]
    filters = [values for kind, values in sections if kind == "filter"]
    yield route((), (host for _, sends in outputs for host in sends))
    doubt = not whole
    for values in (values for kind, values in sections if kind == "input"):
        reads = [*_fluent_bit_input(values)]
        tags: list[tuple[list[str], str | None]] = [(reads, _tag(values))]
        if _FORWARDED in reads and not _first(values, "tag"):
            untagged = f"{_first(values, 'tag_prefix')}{_WITHOUT_A_TAG}"
            tags = [(reads, untagged), ([f"{_FORWARDED}:tagged"], None)]
        for reads, tag in tags:
            dropped = any(
                _takes(each, tag) and _first(each, "name").lower() not in _FLUENT_BIT_FILTERS
                for each in filters
            )
            some = dropped or leaves_out(values.get("exclude_path"))
            doubt |= some
            ways = [sends for each, sends in outputs if _takes(each, tag)]
            yield route(() if some else reads, (host for sends in ways for host in sends))
    if doubt:
        raise ValueError("some files or events are left out")


def _classic_sections(text: str) -> Iterator[tuple[str, _Values]]:
    for kind, body in _SECTION.findall(text):
        values: _Values = {}
        for line in body.split("\n"):
            if len(pair := line.split(None, 1)) == 2:
                values.setdefault(pair[0].lower(), []).append(pair[1].strip())
        yield kind.lower(), values


def _yaml_sections(text: str) -> Iterator[tuple[str, _Values]]:
    """The same of a file in YAML; what it includes is not read."""
    import yaml  # only where there is a shipper

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
    if document.get("includes"):
        raise ValueError("included files are not read")
    for kind in ("input", "filter", "output"):
        for each in (document["pipeline"] or {}).get(f"{kind}s") or ():
            values = {str(key).lower(): listed(value) for key, value in each.items() if key != "processors"}
            steps = [one for some in (each.get("processors") or {}).values() for one in some or ()]
            if any(one.get("name") not in _PROCESSORS for one in steps):
                raise ValueError("a processor may drop events")
            yield kind, values


def _first(values: _Values, key: str) -> str:
    return next(iter(values.get(key, ())), "")


def _tag(values: _Values) -> str:
    """The tag of an input, with the path of its file for a star."""
    name = _first(values, "name").lower()
    path = _first(values, "path").strip("/").replace("/", ".").replace("*", "x")
    return (_first(values, "tag") or f"{name}.0").replace("*", path)


def _takes(values: _Values, tag: str | None) -> bool:
    """Whether an output or a filter takes the events of a tag.

    Raises:
        ValueError: it says so by an expression that is none.
    """
    wanted, expression = _first(values, "match"), _first(values, "match_regex")
    if not expression or tag is None:
        return bool(wanted or expression) and (tag is None or fnmatch.fnmatchcase(tag, wanted))
    try:
        return re.search(expression, tag) is not None
    except re.error as error:
        raise ValueError("no expression") from error


def _fluent_bit_output(values: _Values) -> Iterator[str]:
    name = _first(values, "name").lower()
    if name in LOCAL_OUTPUTS:
        return
    address = next(filter(None, (_first(values, key) for key in ("host", "brokers", "endpoint"))), "")
    yield from hosts(address) if address else service(name)


def _fluent_bit_input(values: _Values) -> Iterator[str]:
    name = _first(values, "name").lower()
    mode = _first(values, "mode").lower()
    if name == "syslog" and mode not in ("tcp", "udp"):  # a socket of its own
        return
    if name in _TAKES:
        yield _TAKES[name]
    if name == "systemd":
        yield from journal(values.get("systemd_filter"))
    if name == "tail":
        yield from filter(None, (each.strip() for each in _first(values, "path").split(",")))
