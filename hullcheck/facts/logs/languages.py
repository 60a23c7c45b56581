"""Configurations of log shippers in languages of their own: Fluentd, Fluent Bit, Logstash and rsyslog."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping

from hullcheck.facts.logs.routes import (
    CLOUD,
    LOCAL_OUTPUTS,
    Route,
    hosts,
    journal,
    leaves_out,
    route,
    service,
    uncommented,
)
from hullcheck.parsing.proc.mountinfo import is_below

Files = Mapping[str, str]


def fluentd(files: Files) -> Iterator[Route]:
    """A source counts with the output whose pattern is the first that its tag matches."""
    text = uncommented("\n".join(files.values()))
    if "<source" not in text and "@include" in text:
        raise ValueError("included files are not read")
    routed = re.search(r"@label|<label|rewrite_tag", text)  # its ways are not followed
    found = re.findall(r"^\s*<(source|match)\b([^>]*)>(.*?)^\s*</\1>", text, re.DOTALL | re.MULTILINE)
    outputs = [
        (patterns.split(), set(_fluentd_output(body))) for kind, patterns, body in found if kind == "match"
    ]
    anywhere = {host for _, sends in outputs for host in sends}
    yield route((), anywhere)
    for body in (body for kind, _, body in found if kind == "source"):
        tag = re.search(r"^\s*tag\s+(\S+)", body, re.MULTILINE)
        if routed or tag is None:
            yield route(_fluentd_source(body), anywhere)
            continue
        ways = [sends for patterns, sends in outputs if _has_tag(patterns, tag[1].strip("\"'"))]
        yield route(_fluentd_source(body), next(iter(ways), ()))
    if any(kind == "source" and _fluentd_leaves_out(body) for kind, _, body in found):
        raise ValueError("some files are left out")


def _has_tag(patterns: Iterable[str], tag: str) -> bool:
    """Whether a tag of Fluentd matches one of these; `*` in a tag stands for the path of the file."""
    wild = {"**": ".*", ".**": r"(\..*)?", "*": "[^.]+", "{": "(", "}": ")", ",": "|"}
    parts = (re.findall(r"\.?\*\*|[*{},]|[^*{},.]+|\.", each) for each in patterns)
    return any(
        re.fullmatch("".join(wild.get(part) or re.escape(part) for part in each), tag.replace("*", "var.log"))
        for each in parts
    )


def _fluentd_output(body: str) -> Iterator[str]:
    kinds = re.findall(r"^\s*@?type\s+(\S+)", body, re.MULTILINE)
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
    if _fluentd_leaves_out(body):
        return
    kind = next(iter(re.findall(r"^\s*@?type\s+(\S+)", body, re.MULTILINE)), "")
    if kind == "systemd":
        yield from journal(re.findall(r"^\s*(?:matches|filters)\s+(.*)", body, re.MULTILINE))
    if kind in ("forward", "syslog"):
        yield kind
    for value in re.findall(r"^\s*path\s+(\S+)", body, re.MULTILINE) if kind == "tail" else ():
        yield from value.strip("\"'").split(",")


# ---- Fluent Bit


def fluent_bit(files: Files) -> Iterator[Route]:
    """An input counts with the outputs that match its tag."""
    text = uncommented("\n".join(files.values()))
    if re.search(r"^pipeline:", text, re.MULTILINE):
        raise ValueError("YAML is not read")
    sections = r"^\s*\[(INPUT|OUTPUT)\]\s*$(.*?)(?=^\s*\[|\Z)"
    found = re.findall(sections, text, re.DOTALL | re.MULTILINE | re.IGNORECASE)
    outputs = list[tuple[str, set[str]]]()
    for values in (_fluent_bit_values(body) for kind, body in found if kind.upper() == "OUTPUT"):
        name = values.get("name", "").lower()
        if name not in LOCAL_OUTPUTS:
            taken = values.get("match") or ("*" if "match_regex" in values else "")
            address = values.get("host") or values.get("brokers") or values.get("endpoint")
            outputs.append((taken, set(hosts(address) if address else service(name))))
    yield route((), (host for _, sends in outputs for host in sends))
    for body in (body for kind, body in found if kind.upper() == "INPUT"):
        values = _fluent_bit_values(body)
        name = values.get("name", "").lower()
        tag = values.get("tag") or f"{name}.0"
        any_tag = name == "forward" or "rewrite_tag" in text
        ways = [sends for taken, sends in outputs if any_tag or fnmatch.fnmatchcase(tag, taken)]
        if not leaves_out(values.get("exclude_path")):
            yield route(_fluent_bit_input(name, values, body), (host for sends in ways for host in sends))
    if any(leaves_out(_fluent_bit_values(body).get("exclude_path")) for _, body in found):
        raise ValueError("some files are left out")


def _fluent_bit_input(name: str, values: Mapping[str, str], body: str) -> Iterator[str]:
    if name in ("forward", "syslog"):
        yield name
    if name == "systemd":
        yield from journal(re.findall(r"(?i)^\s*systemd_filter\s+(.*)", body, re.MULTILINE))
    if name == "tail":
        yield from filter(None, map(str.strip, values.get("path", "").split(",")))


def _fluent_bit_values(body: str) -> dict[str, str]:
    pairs = (line.split(None, 1) for line in body.split("\n") if len(line.split(None, 1)) == 2)
    return {key.lower(): value.strip() for key, value in pairs}


# ---- Logstash

_STRING = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\''
_LISTS = {"gelf": "gelf", "syslog": "syslog"}


def logstash(files: Files) -> Iterator[Route]:
    """In a pipeline every input goes to every output; those after an `if` are for some events."""
    doubt = False
    for text in _pipelines(files):
        reads, sends, some = set[str](), set[str](), False
        plain = re.sub(f"({_STRING})|#[^\n]*", lambda match: match[1] or "", text)
        plugins = [(kind, *plugin) for kind, body in _blocks(plain) for plugin in _blocks(body)]
        for kind, head, options in plugins:
            if kind == "input":
                reads.update(_logstash_input(head, options))
            elif kind == "output" and (head == "pipeline" or re.match(r"(if|else)\b", head)):
                some = True
            elif kind == "output" and head not in LOCAL_OUTPUTS:
                sends.update(_logstash_output(options))
        yield route(reads, sends)
        doubt |= some and not sends
    if doubt:
        raise ValueError("an output is for some events, or is another pipeline")


def _pipelines(files: Files) -> Iterator[str]:
    """The text of each pipeline: of those that pipelines.yml lists, or of all files together."""
    import yaml  # only where there is a shipper

    texts = {path: text for path, text in files.items() if not path.endswith("/pipelines.yml")}
    try:
        lists = [yaml.safe_load(text) for path, text in files.items() if path not in texts]
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
    pipelines = [each for one in lists for each in one or ()]
    if not pipelines:
        yield "\n".join(texts.values())
    for each in pipelines:
        if "config.string" in each:
            yield str(each["config.string"])
            continue
        place = str(each["path.config"])
        own = [
            text for path, text in texts.items() if fnmatch.fnmatchcase(path, place) or is_below(path, place)
        ]
        if not own:
            raise ValueError("its files were not read")
        yield "\n".join(own)


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """What stands before each outermost pair of braces, and what is in it."""
    depth, begin, head = 0, 0, ""
    for token in re.finditer(rf"{_STRING}|[{{}}]", text, re.DOTALL):
        if token[0] == "{":
            if not depth:
                head, begin = text[begin : token.start()].strip(), token.end()
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if not depth:
                yield head, text[begin : token.start()]
                begin = token.end()
    if depth:
        raise ValueError("braces without an end")


def _logstash_input(name: str, options: str) -> Iterator[str]:
    if name in _LISTS:
        yield _LISTS[name]
    for value in re.findall(r"\bpath\s*=>\s*(\[[^\]]*\]|\S+)", options) if name == "file" else ():
        yield from re.findall(r"[\"']([^\"']+)[\"']", value)


def _logstash_output(options: str) -> Iterator[str]:
    for value in re.findall(r"\b(?:hosts?|url|bootstrap_servers)\s*=>\s*(\[[^\]]*\]|\S+)", options):
        yield from hosts(re.findall(r"[\"']([^\"']+)[\"']", value))
    if re.search(r"\bcloud_id\s*=>", options):
        yield CLOUD


# ---- rsyslog

_INCLUDE = re.compile(
    r"(?m)^[ \t]*(?:\$IncludeConfig[ \t]+\S*rsyslog\.d/|include\([^)]*rsyslog\.d/[^)]*\)).*$"
)
_COMMENT = re.compile(r"(?:^|(?<=\s))/\*.*?\*/", re.DOTALL | re.MULTILINE)  # not the `/*` in a path
_BLOCK = re.compile(r"(ruleset\([^)]*\)\s*)?\{([^{}]*)\}")
_STOP = re.compile(r"(?m)^(.*?)(?:\bstop|[ \t]~)[ \t]*$")
_FORWARDING = re.compile(r"(?mi)^[ \t]*(#?)[ \t]*ForwardToSyslog[ \t]*=[ \t]*(\w+)")


def rsyslog(files: Files) -> Iterator[Route]:
    """It takes what is sent to its socket, and what the journal passes on or is read from it.

    What stands in a block, as after an `if` or in a rule set, is of some messages and not of all. What `stop` takes
    out before an output does not come there.
    """
    of_journald = {path: text for path, text in files.items() if "/journald.conf" in path}
    text = _joined({path: text for path, text in files.items() if path not in of_journald})
    reads = frozenset(_rsyslog_inputs(text, passed_on=_journal_is_passed_on(of_journald)))
    of_files = frozenset(each for each in reads if each.startswith("/"))
    for part, stopped in _parts(_unconditional(text)):
        yield route(of_files if stopped else reads, _rsyslog_outputs(part))


def _joined(files: Files) -> str:
    """The files as one, without comments: those of rsyslog.d where they are included."""
    texts = {path: _COMMENT.sub("", uncommented(text)) for path, text in files.items()}
    included = "\n".join(text for path, text in sorted(texts.items()) if "/rsyslog.d/" in path)
    own = "\n".join(text for path, text in texts.items() if "/rsyslog.d/" not in path)
    joined, count = _INCLUDE.subn(lambda _: included, own, count=1)
    return joined if count else f"{included}\n{own}"


def _journal_is_passed_on(files: Files) -> bool:
    """Whether journald gives what it has to the socket of syslog; the comment in its own file tells the default."""
    by_name = {
        path.rpartition("/")[2]: text for path, text in files.items() if ".d/" in path
    }  # the last one hides
    main = [text for path, text in files.items() if ".d/" not in path]
    texts = (*main, *(text for _, text in sorted(by_name.items())))
    found = [match.groups() for text in texts for match in _FORWARDING.finditer(text)]
    values = [value for mark, value in found if not mark] or [value for _, value in found]
    return not values or values[-1].lower() in ("yes", "true", "on", "1", "y", "t")


def _unconditional(text: str) -> str:
    """A configuration of rsyslog without blocks, and with what follows a condition on the same line as that."""
    while text != (outer := _BLOCK.sub(_stop_of, text)):
        text = outer
    text = re.sub(
        r"(?m)^([ \t]*[\w,*]+\.[\w,*!=;.]+)[ \t]*\n\s*", r"\1 ", text
    )  # a selector alone on its line
    return re.sub(r"\b(then|else)\s+", r"\1 ", text)


def _stop_of(block: re.Match[str]) -> str:
    """What a block of the rules does with messages, if that is an end to them; a rule set is for its own inputs."""
    return " stop\n" if not block[1] and _STOP.search(block[2]) else ""


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text up to a `stop` that takes the engine's messages, and what follows it for what is read from files."""
    place, stopped = 0, False
    for match in _STOP.finditer(text):
        condition = match[1].strip()
        if condition == "&":
            condition = next(iter(re.findall(r"(?m)^[ \t]*([^&\s].*)$", text[: match.start()])[-1:]), "")
        everything = condition in ("", "*.*")
        if everything or _is_of_the_engine(condition):
            yield text[place : match.start()], stopped
            place, stopped = match.end(), True
        if everything:
            return
    yield text[place:], stopped


def _is_of_the_engine(condition: str) -> bool:
    """Whether a selector or another condition may take messages of the engine."""
    selector = condition.split(maxsplit=1)[0]
    return _takes_daemon(selector) or bool(
        re.search("docker|containerd|daemon", condition.removeprefix(selector))
    )


def _takes_daemon(selector: str) -> bool:
    """Whether a selector takes all that the engine says: its facility is daemon, and info the least that it says."""
    taken = False
    for part in selector.split(";"):
        facilities, _, priority = part.rpartition(".")
        named = set(facilities.split(","))
        if named & {"*", "daemon"} and priority in ("*", "info", "debug"):
            taken = True
        elif named & {"*", "daemon", "syslog", "user"} and (priority == "none" or priority.startswith("!")):
            return False
    return taken


def _rsyslog_inputs(text: str, *, passed_on: bool) -> Iterator[str]:
    off = re.search(r"(?mi)\bSysSock\.Use=\"off\"|^\s*\$OmitLocalLogging\s+on\b", text)
    if re.search(r"\bimjournal\b", text) or (re.search(r"\bimuxsock\b", text) and passed_on and not off):
        yield from ("syslog", "journal")
    if re.search(
        r"(?m)^\s*(?:input\(\s*type=\"im(?:udp|p?tcp)\"|\$(?:UDPServerRun|InputTCPServerRun)\b)", text
    ):
        yield "syslog"
    yield from re.findall(r"(?i)type=\"imfile\"[^)]*?\bfile=\"([^\"]+)\"", text)


def _rsyslog_outputs(text: str) -> Iterator[str]:
    for rule, address in re.findall(
        r"^\s*(\S+)\s+@@?(?:\([^)]*\))?(\[[^\]]+\]|[^\s:;]+)", text, re.MULTILINE
    ):
        if _takes_daemon(rule):
            yield address.strip("[]")
    for rule, body in re.findall(r"(?m)^[ \t]*(\S*)[ \t]*action\(([^)]*)\)", text):
        target = re.search(r"(?i)\btarget=\"([^\"]+)\"", body)
        if not target or not re.search(r"(?i)\btype=\"om(?:fwd|relp)\"", body):
            continue
        if rule == "" or rule.endswith(")") or _takes_daemon(rule):  # the end of the statement above
            yield target[1]
