"""Configurations of Logstash, reduced to what each pipeline reads and where it sends that."""

import fnmatch
import re
from collections.abc import Iterator, Mapping

from hullcheck.facts.logs.configs.drops import logstash_drops
from hullcheck.facts.logs.configs.routes import (
    CLOUD,
    LOCAL_OUTPUTS,
    NETWORK_SYSLOG,
    Route,
    hosts,
    leaves_out,
    route,
)
from hullcheck.parsing.proc.mountinfo import is_below

Files = Mapping[str, str]

_STRING = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\''
_LISTS = {"gelf": "gelf", "syslog": NETWORK_SYSLOG}


def logstash(files: Files) -> Iterator[Route]:
    """In a pipeline every input goes to every output; those after an `if` are for some events."""
    doubt = False
    for text in _pipelines(files):
        reads, sends, some = set[str](), set[str](), False
        plain = re.sub(f"({_STRING})|#[^\n]*", lambda match: match[1] or "", text)
        dropped = any(logstash_drops(body) for kind, body in _blocks(plain) if kind == "filter")
        plugins = [(kind, *plugin) for kind, body in _blocks(plain) for plugin in _blocks(body)]
        for kind, head, options in plugins:
            if kind == "input":
                dropped |= leaves_out(re.findall(r"\bexclude\s*=>\s*(\[[^\]]*\]|\S+)", options))
                reads.update(_logstash_input(head, options))
            elif kind == "output" and (head == "pipeline" or re.match(r"(if|else)\b", head)):
                some = True
            elif kind == "output" and head not in LOCAL_OUTPUTS:
                sends.update(_logstash_output(options))
        yield route(() if dropped else reads, sends)
        doubt |= dropped or (some and not sends)
    if doubt:
        raise ValueError("an output is for some events, or is another pipeline, or some events are dropped")


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
