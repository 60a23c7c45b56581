"""Content trust of the docker command, as the files of root's environment set it."""

import re

from hullcheck.facts.engine.info import Engine
from hullcheck.facts.registry import fact
from hullcheck.parsing.go import go_boolean
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError

ON, OFF, UNCLEAR = "on", "off", "unclear"
_LINE = re.compile(r"(?P<path>/[^:]*):(?!\s*#)(?P<text>.*\bDOCKER_CONTENT_TRUST\b(?!_).*)")
_SETS = re.compile(r"(?P<export>export +)?DOCKER_CONTENT_TRUST=([\"']?)(?P<value>\w*)\2\s*(?:[;#].*)?")
_STATE = re.compile(rf"(/[^:]*):({ON}|{OFF}|{UNCLEAR})")


def _state(path: str, text: str) -> str:
    """Return whether a line switches content trust on; any value but a false boolean does."""
    found = _SETS.fullmatch(text)
    if found is None or not (found["export"] or path == "/etc/environment"):
        return UNCLEAR
    try:
        return ON if found["value"] and go_boolean(found["value"]) else OFF
    except EvidenceError:
        return ON


def _keep(text: str) -> str:
    lines = [_LINE.fullmatch(line) for line in text.split("\n")]
    return "".join(f"{each['path']}:{_state(each['path'], each['text'])}\n" for each in lines if each)


CONTENT_TRUST = Probe.from_file("content_trust", _keep)


@fact(CONTENT_TRUST)
def content_trust(recording: Recording, engine: Engine) -> dict[str, str]:
    """What each file of root's environment that names DOCKER_CONTENT_TRUST makes of it: on, off or unclear.

    Raises:
        EvidenceError: the files could not be read.
    """
    found = dict[str, str]()
    for line in filter(None, recording.text(CONTENT_TRUST).split("\n")):
        match = _STATE.fullmatch(line)
        if match is None:
            raise EvidenceError("content_trust: the answer has a line that the probe does not print")
        path, state = match.groups()
        found[path] = state if found.get(path, state) == state else UNCLEAR
    return found
