"""The probe that looks at the files of the engine: each path to its end, through every symbolic link.

It looks at more files than a control may ask for: which of them a daemon uses is decided where its settings
are known. What it says is in records that begin with a number of its own from /dev/urandom, so that a name
may hold anything, line feeds too, and can forge no record. A path is followed link by link and not by the
kernel, because the way matters and because a daemon may see other files than the auditor (snap): an absolute
link below /proc/PID/root would lead out of there. A rootless daemon sees copies of /etc and /run, made for it
alone; there the auditor's view is that of everybody else. One stat(1) reads the attributes of all of it.
"""

import re

from hullcheck.recording.probe import Probe

_PROPERTIES = (
    "Id,MainPID,FragmentPath,DropInPaths,EnvironmentFiles,Triggers,TriggeredBy,Listen"
    ",SocketMode,SocketUser,SocketGroup"
)


_WORDS = """
    above absent acl asked changed closed directory dockerd folder found group groups host link match mount parents
    pem private program property registries relay replaced root silent stat tls unmanaged unread
"""
_RECORD = re.compile(rf"(?:{'|'.join(_WORDS.split())}) .*", re.DOTALL)
_COUNT = re.compile("records [0-9]+")
_MANAGER = re.compile("manager(?:_of_unit)? [0-9]+")
_PROPERTY = re.compile(rf"property (?:(?:{_PROPERTIES.replace(',', '|')})=.*)?")


def _keep(text: str) -> str:
    """The records that are known, and how many they are.

    One may have several lines, and its probe's number stands before each: where one lost its number, it would be taken
    for a part of the one before it.
    """
    number = re.match(r"[0-9a-f]{32} ", text)
    if number is None:
        return ""
    records = text.removesuffix("\n").removeprefix(number[0]).split(f"\n{number[0]}")
    kept = list(filter(is_known, records))
    return number[0] + f"\n{number[0]}".join((*kept, f"records {len(kept)}")) + "\n"


def is_known(record: str) -> bool:
    """Whether the probe prints such a record."""
    word = record.partition(" ")[0]
    known = {"property": _PROPERTY, "manager": _MANAGER, "manager_of_unit": _MANAGER, "records": _COUNT}.get(
        word, _RECORD
    )
    return known.fullmatch(record) is not None


ENGINE_FILES = Probe.from_file(__file__, "engine_files", _keep, aside=True, PROPERTIES=_PROPERTIES)
