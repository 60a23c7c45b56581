"""The probe for log shippers, and what of its answer is kept.

A process is found by the path of its program. After `process:PID NAME` follow the logs that it holds open, its
connections, and the files of its configuration. Of those only what `shipper_configs` makes of them is kept: they hold
passwords and keys.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from hullcheck.facts.logs import configs, journald
from hullcheck.facts.logs.configs.options import override, reloads
from hullcheck.parsing.addresses import canonical
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.documents import COUNT
from hullcheck.parsing.proc import net
from hullcheck.recording.probe import Probe

_CONTAINER_LOG = re.compile(r".*/([0-9a-f]{64})-json\.log")


def _keep(text: str) -> str:
    head, *blocks = re.split(r"^process:", text, flags=re.MULTILINE)
    of_journald = "\n".join(Words(head).all("journal"))
    settings, doubt = Words(of_journald).files, _journal_doubt(of_journald)
    document = {
        "AsRoot": Words(head).of_root,
        "Own": sorted({canonical(each) for each in re.findall(r"^own:(\S+)$", text, re.MULTILINE)}),
        "Daemons": list(Words(head).all("daemon")),
        "Unkept": journald.loses(settings),
        "JournalDoubt": doubt,
        "Shippers": [_shipper(each, journald.keeps(settings) and not doubt) for each in blocks],
    }
    return json.dumps(document, separators=(",", ":"))


def _shipper(block: str, journal_is_kept: bool) -> dict[str, Any]:
    first, _, rest = block.partition("\n")
    pid, _, program = first.partition(" ")
    words = Words(rest)
    held = words.all("held")
    known = program in configs.PROGRAMS
    routes, understood = configs.read(program, words.files) if known and words.files else ([], False)
    if doubt := _doubt(program, rest):
        routes, understood = [], False
    lost = set[str]() if journal_is_kept else {"journal"}
    return {
        "Pid": int(pid),
        "Program": program,
        "Routes": sorted(
            [sorted(reads - lost), sorted(sends)] for reads, sends in set(routes) if reads or sends
        ),
        "Understood": understood,
        "Doubt": doubt,
        "Halted": "halted" in words,
        **{key: key.lower() in words for key in ("Confined", "Barred")},
        "Holds": sorted({match[1] for each in held if (match := _CONTAINER_LOG.fullmatch(each))}),
        "HoldsJournal": any(each.endswith(".journal") for each in held) and journal_is_kept,
        "HoldsAudit": any(each.endswith("/audit.log") for each in held),
        "Listens": sorted({f"{each.number}/{each.protocol}" for each in _listeners(words.all("net"), held)}),
        "Connected": net.held([each for each in words.all("net") if "/net/tcp" in each], held)[1],
    }


def _listeners(lines: Iterable[str], held: Collection[str]) -> Iterator[net.Listener]:
    found = (each for each in map(net.listener, lines) if each)
    return (each for each in found if f"socket:[{each.inode}]" in held)


_AT_ITS_START = 60  # seconds in which a script may write the configuration before it becomes the program


def _doubt(program: str, block: str) -> str:
    """Why its files do not tell what it does; empty where they do."""
    own, _, of_journald = block.partition("\njournald:")
    arguments = Words(own).all("argument")
    if option := override(program, arguments):
        return f"its option {option} is not followed"
    if _changed_after_start(own, "/") and not reloads(program, arguments):
        return "its configuration was changed after it started"
    return f"that of journald {doubt}" if (doubt := _journal_doubt(of_journald)) else ""


def _journal_doubt(block: str) -> str:
    """Why the files of journald do not tell what it does; empty where they do."""
    if "unread" in Words(block):
        return "could not be read"
    # what comes with packages changes whenever they are updated
    return "was changed after it started" if _changed_after_start(block, "/etc/") else ""


def _changed_after_start(block: str, below: str) -> bool:
    """Whether a file of a configuration changed after what reads it was started."""
    started = max(map(int, Words(block).all("started")), default=0)
    changed = re.findall(rf"^changed:(\d+)\nconfig:{below}", block, re.MULTILINE)
    return bool(started) and max(map(int, changed), default=0) > started + _AT_ITS_START


SHAPE = {
    "AsRoot": bool,
    "Own": [str],
    "Daemons": [str],
    "Unkept?": bool,
    "JournalDoubt?": str,
    "Shippers": [
        {
            "Pid": COUNT,
            "Program": str,
            "Routes": [[[str], [str]]],
            **dict.fromkeys(("Understood", "HoldsJournal", "HoldsAudit"), bool),
            "Holds": [str],
            "Doubt?": str,
            "Halted?": bool,
            **dict.fromkeys(("Confined?", "Barred?"), bool),
            "Listens": [str],
            "Connected": [str],
        }
    ],
}
SHIPPERS = Probe.from_file(__file__, "shippers", _keep)
