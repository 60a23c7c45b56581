"""Configurations of log shippers, reduced to what they read and where they send it.

Each reader takes the text of all files of a program, and is as strict as the question needs: what it does not
understand adds nothing, so that it can only make a shipper poorer. Of an address the host stays, without user,
password and path. What is read is a path with its wildcards, or one of the words `docker` (all containers, as the
engine tells of them), `journal`, `forward`, `gelf` and `syslog` (what others send to it).
"""

import fnmatch
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Route = tuple[set[str], set[str]]
"""What is read, and the hosts that it is sent to."""

_ALL_CONTAINERS = "docker"
_HOST = re.compile(r"(?:[\w+.-]+://)?(?:[^/@\s]*@)?(\[[0-9A-Fa-f:.]+\]|[^\s/:?#,]+)")
_LOCAL_OUTPUTS = (
    "console",
    "file",
    "discard",
    "null",
    "stdout",
    "relabel",
    "blackhole",
    "label",
    "copy",
    "rewrite_tag_filter",
)


def read(program: str, text: str) -> Route | None:
    """What *program* reads and where it sends it; None where the text cannot be understood."""
    reads: set[str] = set()
    sends: set[str] = set()
    try:
        for what, value in _READERS[program](text):
            (reads if what == "read" else sends).add(value)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, re.error):
        return None
    return reads, sends


def _hosts(value: Any) -> Iterator[tuple[str, str]]:
    for each in value if isinstance(value, list) else str(value).split(","):
        if found := _HOST.match(str(each).strip().strip("\"'")):
            yield "send", found[1].strip("[]")


def _journal(*filters: Any) -> Iterator[tuple[str, str]]:
    """The journal, if what is taken of it is all, or names the engine."""
    wanted = [each for each in filters if each]
    if not wanted or "docker" in str(wanted):
        yield "read", "journal"


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


# ---- YAML and TOML


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


def _beats(text: str) -> Iterator[tuple[str, str]]:
    """Filebeat, and an Elastic Agent that is not managed by Fleet."""
    for document in _yaml(text):
        if not isinstance(document, dict):
            continue
        if (document.get("fleet") or {}).get("enabled"):
            raise ValueError("its inputs are not in files")
        beat = document.get("filebeat") or {}
        for one in (*(beat.get("inputs") or ()), *(document.get("inputs") or ())):
            yield from _beats_input(one)
        if "type" in document:
            yield from _beats_input(document)  # a file of inputs.d is a list of them
        if (beat.get("autodiscover") or {}).get("providers"):
            providers = beat["autodiscover"]["providers"]
            yield from (("read", _ALL_CONTAINERS) for each in providers if each.get("type") == "docker")
        outputs = document.get("output") or document.get("outputs") or {}
        for name, output in outputs.items():
            if isinstance(output, dict) and output.get("enabled", True) and name not in _LOCAL_OUTPUTS:
                yield from _hosts(output.get("hosts") or output.get("host") or [])
        if (document.get("cloud") or {}).get("id"):
            yield "send", "cloud.elastic.co"


def _beats_input(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if one.get("enabled", True) is not True:
        return
    kind = str(one.get("type") or "")
    if kind == "docker":
        yield "read", _ALL_CONTAINERS
    if kind == "journald":
        yield from _journal(one.get("include_matches"), one.get("units"))
        return  # its paths are those of journals
    for path in _list(one.get("paths")):
        yield "read", path
    for stream in one.get("streams") or ():
        yield from (("read", path) for path in _list(stream.get("paths")))


def _promtail(text: str) -> Iterator[tuple[str, str]]:
    for document in _yaml(text):
        for client in document.get("clients") or [document.get("client") or {}]:
            yield from _hosts([client["url"]] if "url" in client else [])
        for job in document.get("scrape_configs") or ():
            if "journal" in job:
                yield from _journal((job["journal"] or {}).get("matches"))
            if "docker_sd_configs" in job:
                yield "read", _ALL_CONTAINERS
            for group in job.get("static_configs") or ():
                yield from (("read", path) for path in _list((group.get("labels") or {}).get("__path__")))


def _vector(text: str) -> Iterator[tuple[str, str]]:
    try:
        documents: Iterable[Any] = [tomllib.loads(text)]
    except ValueError:
        documents = _yaml(text)
    kinds = {"docker_logs": _ALL_CONTAINERS, "fluent": "forward", "syslog": "syslog"}
    for document in documents:
        for source in (document.get("sources") or {}).values():
            if source.get("type") == "journald":
                yield from _journal(source.get("include_units"), source.get("include_matches"))
            elif source.get("type") in kinds:
                yield "read", kinds[source["type"]]
            yield from (("read", path) for path in _list(source.get("include")))
        for sink in (document.get("sinks") or {}).values():
            if sink.get("type") not in _LOCAL_OUTPUTS:
                for key in ("endpoint", "endpoints", "address", "uri", "bootstrap_servers"):
                    yield from _hosts(sink.get(key, []))


# ---- others


def _uncommented(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


def _fluentd(text: str) -> Iterator[tuple[str, str]]:
    """A source counts where the first pattern that its tag matches is of an output that sends."""
    text = _uncommented(text)
    if "<source" not in text and "@include" in text:
        raise ValueError("included files are not read")
    routed = re.search(r"@label|<label|rewrite_tag", text)  # its ways are not followed
    found = re.findall(r"^\s*<(source|match)\b([^>]*)>(.*?)^\s*</\1>", text, re.DOTALL | re.MULTILINE)
    outputs = [
        (patterns.split(), list(_fluentd_output(body))) for kind, patterns, body in found if kind == "match"
    ]
    for _, sends in outputs:
        yield from sends
    for body in (body for kind, _, body in found if kind == "source"):
        tag = re.search(r"^\s*tag\s+(\S+)", body, re.MULTILINE)
        ways = [
            sends for patterns, sends in outputs if tag is None or _has_tag(patterns, tag[1].strip("\"'"))
        ]
        if routed or any(ways if tag is None else ways[:1]):
            yield from _fluentd_source(body)


def _has_tag(patterns: Iterable[str], tag: str) -> bool:
    """Whether a tag of Fluentd matches one of these; `*` in a tag stands for the path of the file."""
    wild = {"**": ".*", ".**": r"(\..*)?", "*": "[^.]+", "{": "(", "}": ")", ",": "|"}
    parts = (re.findall(r"\.?\*\*|[*{},]|[^*{},.]+|\.", each) for each in patterns)
    return any(
        re.fullmatch("".join(wild.get(part) or re.escape(part) for part in each), tag.replace("*", "var.log"))
        for each in parts
    )


def _fluentd_output(body: str) -> Iterator[tuple[str, str]]:
    if all(each in _LOCAL_OUTPUTS for each in re.findall(r"^\s*@?type\s+(\S+)", body, re.MULTILINE)):
        return
    for key, value in re.findall(r"^\s*(hosts?|url|endpoint|brokers|s3_bucket)\s+(\S+)", body, re.MULTILINE):
        yield from [("send", f"s3:{value}")] if key == "s3_bucket" else _hosts(value)


def _fluentd_source(body: str) -> Iterator[tuple[str, str]]:
    kind = next(iter(re.findall(r"^\s*@?type\s+(\S+)", body, re.MULTILINE)), "")
    if kind == "systemd":
        yield from _journal(re.findall(r"^\s*(?:matches|filters)\s+(.*)", body, re.MULTILINE))
    if kind in ("forward", "syslog"):
        yield "read", kind
    for value in re.findall(r"^\s*path\s+(\S+)", body, re.MULTILINE) if kind == "tail" else ():
        yield from (("read", path) for path in value.strip("\"'").split(","))


def _fluent_bit(text: str) -> Iterator[tuple[str, str]]:
    """An input counts where its tag matches that of an output that sends."""
    if re.search(r"^pipeline:", text, re.MULTILINE):
        raise ValueError("YAML is not read")
    text = _uncommented(text)
    sections = r"^\s*\[(INPUT|OUTPUT)\]\s*$(.*?)(?=^\s*\[|\Z)"
    found = re.findall(sections, text, re.DOTALL | re.MULTILINE | re.IGNORECASE)
    taken = list[str]()
    for values in (_fluent_bit_values(body) for kind, body in found if kind.upper() == "OUTPUT"):
        if values.get("name", "").lower() not in _LOCAL_OUTPUTS:
            taken.append(values.get("match") or ("*" if "match_regex" in values else ""))
            yield from _hosts(values.get("host") or values.get("brokers") or values.get("endpoint") or [])
    for body in (body for kind, body in found if kind.upper() == "INPUT"):
        values = _fluent_bit_values(body)
        name = values.get("name", "").lower()
        tag = values.get("tag") or f"{name}.0"
        any_tag = name == "forward" or "rewrite_tag" in text
        if not (any_tag or any(fnmatch.fnmatchcase(tag, each) for each in taken)):
            continue
        if name in ("forward", "syslog"):
            yield "read", name
        if name == "systemd":
            yield from _journal(re.findall(r"(?i)^\s*systemd_filter\s+(.*)", body, re.MULTILINE))
        if name == "tail":
            paths = map(str.strip, values.get("path", "").split(","))
            yield from (("read", path) for path in paths if path)


def _fluent_bit_values(body: str) -> dict[str, str]:
    pairs = (line.split(None, 1) for line in body.split("\n") if len(line.split(None, 1)) == 2)
    return {key.lower(): value.strip() for key, value in pairs}


def _logstash(text: str) -> Iterator[tuple[str, str]]:
    text = re.sub(r"#.*", "", text)
    for kind, body in re.findall(r"^\s*(input|output)\s*\{(.*?)^\s*\}\s*$", text, re.DOTALL | re.MULTILINE):
        for name, options in re.findall(r"(\w+)\s*\{([^{}]*)", body):
            if kind == "input":
                known = {"gelf": "gelf", "syslog": "syslog"}
                yield from [("read", known[name])] if name in known else []
                for value in re.findall(r"path\s*=>\s*(\[[^\]]*\]|\S+)", options) if name == "file" else ():
                    yield from (("read", path) for path in re.findall(r"[\"']([^\"']+)[\"']", value))
            elif name not in _LOCAL_OUTPUTS:
                for value in re.findall(r"(?:hosts?|url|bootstrap_servers)\s*=>\s*(\[[^\]]*\]|\S+)", options):
                    yield from _hosts(re.findall(r"[\"']([^\"']+)[\"']", value))


def _unconditional(text: str) -> str:
    """A configuration of rsyslog without blocks, and with what follows a condition on the same line as that."""
    while text != (outer := re.sub(r"\{[^{}]*\}", "", text)):
        text = outer
    text = re.sub(
        r"(?m)^([ \t]*[\w,*]+\.[\w,*!=;.]+)[ \t]*\n\s*", r"\1 ", text
    )  # a selector alone on its line
    return re.sub(r"\b(then|else)\s+", r"\1 ", text)


def _rsyslog(text: str) -> Iterator[tuple[str, str]]:
    """It takes what is sent to its socket, and what the journal passes on or is read from it.

    What stands in a block, as after an `if` or in a rule set, is of some messages and not of all.
    """
    text = _unconditional(_uncommented(text))
    if re.search(r"\bim(uxsock|journal)\b", text):
        yield from (("read", "syslog"), ("read", "journal"))
    for path in re.findall(r"(?i)type=\"imfile\"[^)]*?\bfile=\"([^\"]+)\"", text):
        yield "read", path
    for rule, address in re.findall(
        r"^\s*(\S+)\s+@@?(?:\([^)]*\))?(\[[^\]]+\]|[^\s:;]+)", text, re.MULTILINE
    ):
        of_all = rule.startswith(("*.*", "*.info", "*.debug"))
        if of_all and not re.search(
            r"\b(daemon|syslog|user)\b[\w,]*\.none", rule
        ):  # the engine's are not left out
            yield "send", address.strip("[]")
    for rule, target in re.findall(
        r"(?i)^[ \t]*(\S*)[ \t]*action\([^)]*type=\"omfwd\"[^)]*target=\"([^\"]+)\"", text, re.MULTILINE
    ):
        if rule in ("", "*.*") or rule.endswith(")"):  # the end of the statement above
            yield "send", target


_READERS = {
    "filebeat": _beats,
    "elastic-agent": _beats,
    "logstash": _logstash,
    "fluentd": _fluentd,
    "fluent-bit": _fluent_bit,
    "promtail": _promtail,
    "vector": _vector,
    "rsyslogd": _rsyslog,
}
PROGRAMS = tuple(_READERS)
