"""Configurations of syslog-ng, reduced to what it takes and where it sends that.

Each message that matters is followed through the log paths: where it surely comes, where it may, and where it does not.
What a path does to it otherwise than by filters on facility and level is not known.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping

from hullcheck.facts.logs.configs.routes import NETWORK_SYSLOG, SYSLOG, Route, expanded, hosts, route, service
from hullcheck.facts.logs.configs.syslog_ng_text import (
    SEVERITIES,
    Filters,
    Group,
    Message,
    Statement,
    Truth,
    both,
    calls,
    either,
    keyword,
    opposite,
    options,
    parsed,
    words,
)
from hullcheck.facts.logs.journald import FACILITIES, OF_DAEMON, OF_DRIVER, Files, Journal, apart

_INCLUDE = re.compile(r"(?m)^[ \t]*@?include[ \t]+(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s\"';#]+))[^\n]*$")
_HOME = "/etc/syslog-ng"
"""Where files with a relative path lie, other than those of its own library."""
_PRAGMA = re.compile(r"(?m)^@(?:version|module|requires|define)\b[^\n]*$")
_DEFINED = re.compile(r"(?m)^@define[ \t]+([\w.-]+)[ \t]+(?:\"([^\"\n]*)\"|(\S+))")
_LIBRARY = re.compile(r"scl\.conf|scl/.*")
_ODD_NAME = re.compile(r"[^\w.*?-]")
"""A file of which it depends on the way of including it whether it counts, as one that an editor left."""
_NAMED = ("source", "destination", "filter", "parser", "rewrite")


def syslog_ng(files: Files) -> Iterator[Route]:
    """It takes what the journal has, what is sent to its sockets, and files; log paths say where each goes."""
    files, of_journald = apart(files)
    text, whole = _joined(files)
    statements = parsed(text)
    rules = _Rules(statements)
    doubt = not whole or rules.doubt or any("`" in each for each in words(Group("{", statements)))
    ends, unclear = _ends(rules, Journal(of_journald))
    doubt |= unclear
    sent: dict[frozenset[str], set[str]] = {}
    for word, each_of in ends.items():
        everywhere = frozenset(set.intersection(*each_of))
        doubt |= not everywhere and any(each_of)
        sent.setdefault(everywhere, set()).add(word)
    for to, reads in sent.items():
        yield route(reads, to)
    if doubt:
        raise ValueError("a part of it is not followed")


def _ends(rules: "_Rules", journal: Journal) -> tuple[dict[str, list[set[str]]], bool]:
    """The hosts to which each thing that is read comes, of each source that has it; and whether others may be."""
    ends: dict[str, list[set[str]]] = {}
    doubt = False
    for name, drivers in rules.sources.items():
        for driver, group in drivers:
            taken = None if driver in rules.blocks else _taken(driver, options(group), journal)
            doubt |= taken is None
            for word, messages in (taken or {}).items():
                ways = [_Way(rules, name, each) for each in messages]
                at_all = set.intersection(*(each.hosts for each in ways))
                doubt |= any(each.doubt for each in ways)
                doubt |= bool(ways[0].hosts) and not at_all  # what is more urgent goes elsewhere, or nowhere
                ends.setdefault(word, []).append(at_all)
    return ends, doubt


def _joined(files: Files) -> tuple[str, bool]:
    """Its text with what it includes, without its own library, and whether all of that is known."""
    own = dict(files)
    whole = not any(_ODD_NAME.search(posixpath.basename(path)) for path in files)
    for path, text in files.items():
        folder = posixpath.dirname(path)
        for match in _INCLUDE.finditer(text):
            wanted = next(filter(None, match.groups()))
            place = posixpath.normpath(posixpath.join(folder, wanted))
            if wanted.startswith("/") or (folder == _HOME and (files.get(place) or f"{place}/*" in files)):
                continue
            if _LIBRARY.fullmatch(wanted):
                own[path] = own[path].replace(match[0], "", 1)
            elif folder != _HOME or "*" not in wanted:
                whole = False
    text, all_known = expanded(own, _INCLUDE)
    values = {name: quoted or plain for name, quoted, plain in _DEFINED.findall(text)}
    text = re.sub(r"`([\w.-]+)`", lambda match: values.get(match[1], match[0]), _PRAGMA.sub("", text))
    whole &= all_known and "include-path" not in values
    return text, whole and not re.search(r"(?m)^@", text)


class _Rules:
    """The statements of a configuration by kind and name.

    Attributes:
        blocks: the names of drivers that the site wrote itself.
        sources: what is read by each source that a path has.
        doubt: whether a statement is of a kind that is not known.
    """

    def __init__(self, statements: list[Statement]) -> None:
        self._named: dict[str, dict[str, Group]] = {}
        self._paths = list[tuple[set[str], list[Statement]]]()
        self.blocks = set[str]()
        self.sources: dict[str, list[tuple[str, Group]]] = {}
        self.doubt = False
        for statement in statements:
            kind, name, body = keyword(statement[0]), "".join(map(str, statement[1:2])), statement[-1]
            if kind == "block":
                self.blocks.update(keyword(each) for each in statement[2:3])
            elif kind == "template" or (isinstance(body, Group) and kind in _NAMED):
                of_kind = self._named.setdefault(kind, {})
                self.doubt |= name in of_kind
                of_kind[name] = body if isinstance(body, Group) else Group("(", [[body]])
            elif kind == "options" and isinstance(body, Group):
                self.doubt |= not _CUTS.isdisjoint(map(keyword, words(body)))
            elif kind not in ("log", "options"):
                self.doubt = True
        for statement in statements:
            if keyword(statement[0]) == "log" and isinstance(statement[-1], Group):
                self._add_path(statement[-1].statements)

    def get(self, kind: str, name: str) -> Group | None:
        """The statement of this kind and name."""
        return self._named.get(kind, {}).get(name)

    @property
    def filters(self) -> Mapping[str, Group]:
        """The filters by name."""
        return self._named.get("filter", {})

    def _add_path(self, body: list[Statement]) -> None:
        taken = set[str]()
        for each in (group for statement in body for group in _places(statement, "source")):
            inside = each.bracket == "{"
            name = f"in path {len(self._paths)}" if inside else "".join(words(each))
            source = each if inside else self.get("source", name)
            self.doubt |= source is None
            self.sources[name] = _drivers(source) if source else []
            taken.add(name)
        self.doubt |= not taken and "catchall" not in _flags(body)
        self._paths.append((taken, [each for each in body if keyword(each[0]) != "source"]))

    def of_source(self, name: str) -> list[list[Statement]]:
        """The paths that a source leads into; one for all of them may come before another."""
        return [body for taken, body in self._paths if name in taken or "catchall" in _flags(body)]


def _places(statement: Statement, kind: str) -> list[Group]:
    return [group for name, group in calls(statement[:2]) if name == kind]


def _drivers(body: Group) -> list[tuple[str, Group]]:
    return [each for statement in body.statements for each in calls(statement)]


def _flags(statements: list[Statement]) -> set[str]:
    found = (words(group) for each in statements for group in _places(each, "flags"))
    return {keyword(each) for one in found for each in one}


class _Way:
    """One message on its way through the paths of its source.

    Attributes:
        hosts: those to which it comes for sure.
        doubt: whether it may come to others.
    """

    def __init__(self, rules: _Rules, source: str, message: Message) -> None:
        """Let a source have said it."""
        self._rules = rules
        self._filters = Filters(rules.filters, message)
        self.hosts = set[str]()
        self.doubt = False
        self._branches(rules.of_source(source), reached=True)

    def _branches(self, bodies: list[list[Statement]], reached: Truth, *, changed: bool = False) -> Truth:
        """Let each of these have it, as long as none before keeps it; whether it comes to the end of one."""
        left: Truth = reached
        passed: Truth = False
        for body in bodies:
            flags = _flags(body)
            usual = flags <= {"final", "flow-control", "no-flow-control"}
            out = self._path(body, left if usual else both(left, None), changed=changed)
            passed = either(passed, out)
            if "final" in flags:
                left = both(left, opposite(out))
        return passed

    def _path(self, body: list[Statement], reached: Truth, *, changed: bool) -> Truth:
        """Let it through; whether it comes to the end. What is changed may be dropped, and is another to filters."""
        for statement in body:
            kind = keyword(statement[0])
            group = next((each for each in statement if isinstance(each, Group)), Group("(", []))
            if kind == "filter":
                inner = None if changed else self._named("filter", group)
                reached = both(reached, self._filters.takes(inner))
            elif kind == "destination":
                self._send(self._named("destination", group), reached)
            elif kind == "channel":
                reached = self._path(group.statements, reached, changed=changed)
            elif kind == "junction":
                reached = self._branches(_bodies(group.statements, "channel"), reached, changed=changed)
            elif kind in _CHANGES:
                reached = both(reached, None)
            elif kind not in ("flags", "log") and reached is not False:
                self.doubt, reached = True, None
            changed |= kind in _CHANGES or bool(_CHANGES & set(words(group)))
        self._branches(_bodies(body, "log"), reached, changed=changed)
        return reached

    def _named(self, kind: str, group: Group) -> Group | None:
        """What is named in round brackets, or stands in braces itself."""
        return self._rules.get(kind, "".join(words(group))) if group.bracket == "(" else group

    def _send(self, destination: Group | None, reached: Truth) -> None:
        if reached is False:
            return
        self.doubt |= destination is None
        for driver, inner in _drivers(destination) if destination else ():
            found = None if driver in self._rules.blocks else self._hosts(driver, options(inner))
            self.doubt |= found is None or (bool(found) and reached is None)
            if found and reached:
                self.hosts |= found

    def _hosts(self, driver: str, said: dict[str, list[str]]) -> set[str] | None:
        """The hosts that a destination sends to; None where that, or what it sends, is not known."""
        if driver in _LOCAL:
            return set()
        if driver in _BY_ADDRESS:
            found = {*said.get("", ())}
        elif driver in _BY_OPTION:
            named = " ".join(said.get(_BY_OPTION[driver], ())).split()
            found = {host for each in named for host in hosts(each)}
        else:
            found = set(service(_SERVICES.get(driver)))
        whole = all(self._has_message(said[each]) for each in _TEMPLATES if each in said)
        return found if found and whole and _CUTS.isdisjoint(said) else None

    def _has_message(self, template: list[str]) -> bool:
        named = self._rules.get("template", "".join(template))
        return _has_message(" ".join(words(named) if named else template))


_CHANGES = {"parser", "rewrite", "filterx"}


def _bodies(statements: list[Statement], kind: str) -> list[list[Statement]]:
    """The statements of each block of one kind."""
    ends = (each[-1] for each in statements if keyword(each[0]) == kind)
    return [each.statements for each in ends if isinstance(each, Group)]


_BY_ADDRESS = ("network", "syslog", "tcp", "tcp6", "udp", "udp6")
"""The destinations that send to the word in their brackets that has no name."""
_BY_OPTION = {
    **dict.fromkeys(("http", "elasticsearch-http", "opensearch", "loki", "opentelemetry"), "url"),
    **dict.fromkeys(("splunk-hec-event", "splunk-hec-raw", "logscale", "openobserve-log"), "url"),
    **dict.fromkeys(("kafka", "kafka-c"), "bootstrap-servers"),
    "syslog-ng-otlp": "url",
    "graylog2": "host",
}
"""The option of a destination that says where it sends."""
_SERVICES = {"datadog": "datadog"}
_LOCAL = ("file", "pipe", "usertty", "unix-dgram", "unix-stream", "getvirtconsole", "stdout")
_CUTS = frozenset({"proto-template", "truncate-size"})
"""The options by which something else is sent than the whole of a message."""
_SCOPES = {"all-macros", "all-nv-pairs", "base", "core", "everything", "nv-pairs"}
_SCOPES |= {"rfc3164", "rfc5424", "selected-macros", "syslog-proto"}
"""Those of format-json that have the message among them."""
_TEMPLATES = ("template", "body", "message", "event", "rawstring", "record")


def _has_message(template: str) -> bool:
    """Whether a template says what a message says, without functions that may change it."""
    if re.search(r"\$\((?!format[-_](?:json|gelf)\b)", template):
        return False
    if re.search(
        r"\b(?:MESSAGE|MSG)=(?!\$\{?(?:MESSAGE|MSG)\b)", template
    ):  # a value of its own in its place
        return False
    left_out = re.findall(r"--exclude[= ]([^\s)]+)", template)
    if any(fnmatch.fnmatchcase("MESSAGE", each.strip("\"'")) for each in left_out):
        return False
    named = re.findall(r" (?:--scope[= ]|-s )([\w,-]+)", template)
    scopes = {scope.replace("_", "-") for each in named for scope in each.split(",")}
    scoped = "none" not in scopes and not _SCOPES.isdisjoint(scopes)
    gelf = re.search(r"\$\(format[-_]gelf\b", template)
    return bool(scoped or gelf or re.search(r"\$(?:\{(?:MSG|MESSAGE)[:}]|(?:MSG|MESSAGE)\b)", template))


_LEAST = SEVERITIES[SEVERITIES.index("info") :]
"""What the engine and its containers say, and more urgent."""
_OPTIONS = """
    base-dir chain-hostnames create-dirs default-facility default-level default-priority dns-cache encoding
    filename-pattern flags follow-freq group host-override interface ip ip-protocol keep-alive keep-hostname
    keep-timestamp listen-backlog localip localport log-fetch-limit log-iw-size log-msg-size max-connections
    max-field-size max-files monitor-method normalize-hostnames optional owner perm persist-name port prefix
    program-override read-old-records recursive so-keepalive so-rcvbuf so-reuseport tags time-zone tls transport use-dns
    use-fqdn use-syslogng-pid filename udp-port tcp-port
"""
_FLAGS = """
    assume-utf8 dont-store-legacy-msghdr empty-lines expect-hostname guess-timezone no-hostname no-multi-line
    sanitize-utf8 store-legacy-msghdr store-raw-message threaded validate-utf8
"""
"""The options and flags of a source that leave out nothing of what it reads."""


def _taken(driver: str, said: dict[str, list[str]], journal: Journal) -> dict[str, list[Message]] | None:
    """What a source takes: the words for it, and the messages that it is; None where that is not known."""
    if driver in _NOTHING:
        return {}
    own_flag = "no-parse" if driver in _OF_FILES else "syslog-protocol"
    flags = {keyword(each) for each in said.get("flags", ())}
    if set(said) - {"", *_OPTIONS.split()} or flags - {own_flag, *_FLAGS.split()}:
        return None
    facility = "".join(said.get("default-facility", ["local0" if driver in _OF_JOURNAL else "user"]))
    severity = "".join(said.get("default-level", said.get("default-priority", ["notice"])))
    if driver in _OF_FILES:
        return {each: [Message(facility, severity)] for each in _files(driver, said)}
    by = NETWORK_SYSLOG if driver in _NETWORK else SYSLOG
    to_all = {f"{by}:{each}": [Message(each, one) for one in _LEAST] for each in FACILITIES}
    if driver in _NETWORK:
        return to_all
    of_journal = {
        OF_DAEMON: [Message("daemon", one) for one in _LEAST],
        OF_DRIVER: [Message(facility, one) for one in _LEAST],
    }
    if driver in _OF_JOURNAL:
        return of_journal | to_all if journal.kept else {}
    if driver.startswith("unix-"):
        if said[""] == ["/run/systemd/journal/syslog"]:
            return of_journal | to_all if journal.passed_on else {}
        return to_all if said[""] == ["/dev/log"] else None
    return None


_NOTHING = ("internal", "mark", "stats")
_OF_FILES = ("file", "wildcard-file", "linux-audit")
_OF_JOURNAL = ("system", "systemd-journal")
_NETWORK = ("network", "tcp", "tcp6", "udp", "udp6", "default-network-drivers")


def _files(driver: str, said: dict[str, list[str]]) -> Iterator[str]:
    """The paths of a source that reads files, with wildcards, which `file` takes for what they are."""
    if driver == "linux-audit":
        yield "".join(said.get("filename", ["/var/log/audit/audit.log"]))
    elif driver == "file":
        yield from (each for each in said[""] if not re.search("[*?]", each))
    else:
        folder, name = ("".join(said.get(key, [])) for key in ("base-dir", "filename-pattern"))
        if not re.search("[*?]", folder):
            yield posixpath.join(folder, name)
            if said.get("recursive") in (["yes"], ["1"], ["on"], ["true"]):
                yield posixpath.join(folder, "**", name)
