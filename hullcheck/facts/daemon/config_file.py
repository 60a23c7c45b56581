"""The configuration file that a daemon really uses, and whether it changed since the daemon started."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hullcheck import inputs
from hullcheck.facts.daemon import redaction
from hullcheck.facts.daemon.process import DaemonProcess
from hullcheck.facts.daemon.registries import HostsFile, reduced
from hullcheck.parsing import seccomp
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.covers import is_covered
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.times import Span, engine_moment, moment
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

_HEADINGS = lines_like(
    r"dockerd:\d+",
    r"(?:config|profile|hosts|reload):(?:read|absent|unread|unknown)\|.*",
    r"registries:(?:listed|absent|unread)\|.*",
    "link:.*",
    r"above:[-0-9:.+ ]+\|[-0-9:.+ ]+",
    " .*",
)
_RELOADED = re.compile(r'msg="Reloaded configuration(?:: |" config=")(\{(?:[^"\\]|\\.)*\})"')


def _keep(text: str) -> str:
    """The same answer, with each file on one line and without secrets."""
    kept: list[str] = []
    heading, lines = "", list[str]()
    for line in [*_HEADINGS(text).split("\n"), "end:"]:
        if line.startswith(" utf-16:"):
            lines.append(_decoded(line.removeprefix(" utf-16:")))
        elif line.startswith(" "):
            lines.append(line[1:])
        elif line:
            kept += [_without_secrets(heading, "\n".join(lines))] if ":read|" in heading else []
            kept += [] if line == "end:" else [line]
            heading, lines = line, []
    return "\n".join(kept)


def _decoded(hexadecimal: str) -> str:
    try:
        return bytes.fromhex(hexadecimal).decode("utf-16")
    except ValueError:
        return "not UTF-16"


def _without_secrets(heading: str, text: str) -> str:
    if heading.startswith("profile:"):
        return " " + json.dumps(seccomp.read(text))
    if heading.startswith("hosts:"):
        return " " + json.dumps(reduced(text))
    if heading.startswith("reload:"):
        text = _logged(text)
    kept = redaction.configuration(text)
    return " " + kept if kept is not None else " (not JSON)"


def _logged(text: str) -> str:
    """The JSON in a line of the daemon's log, in which it is a text in quotes; else the line itself."""
    match = _RELOADED.fullmatch(text)
    try:
        return str(json.loads(f'"{match[1]}"')) if match else text
    except ValueError:
        return text


DAEMON_CONFIGURATION = Probe.from_file(__file__, "daemon_configuration", _keep)


@dataclass(frozen=True)
class ConfigFile:
    """A file that a daemon reads when it starts.

    Attributes:
        path: as the daemon knows it; empty where that is not known.
        state: `read`, `absent`, `unread` (it may not be read) or `unknown` (nor may its path).
        touched: the last change of the file, of its content, owner, mode or name, or of a symbolic link to
            it; of an absent file, that of its directory. None where that is not known.
        written: the last change of its content, or of a symbolic link to it.
    """

    path: str
    state: str
    touched: Span | None
    written: Span | None
    document: Mapping[str, Any] | None

    def values(self) -> Mapping[str, Any]:
        """What it says; nothing where it does not exist.

        Raises:
            EvidenceError: it could not be read, or is not JSON.
        """
        if self.state == "absent":
            return {}
        if self.state == "unknown":
            raise EvidenceError(unread("the path of the daemon's configuration"))
        if self.state != "read":
            raise EvidenceError(unread(f"{self.path}, the daemon's configuration,", "may not be read"))
        if self.document is None:
            raise EvidenceError(f"{self.path}, the daemon's configuration, is not JSON")
        return self.document

    def written_since(self, started: Span | None) -> bool:
        """Whether its content is newer than the daemon; else a later change was one of owner, mode or name."""
        if started is None or self.written is None:
            return True
        return self.written[1] > started[0] + START

    def changed_since(self, started: Span | None) -> bool:
        """Whether it may have changed after the daemon started; what cannot be told counts as a change."""
        if self.state == "absent" and self.touched is None:
            return False  # no directory either
        if started is None or self.touched is None:
            return True
        slack = _FIRST_START if self.state == "absent" else 0
        return self.touched[1] > started[0] + slack + START


START = 0.1  # seconds between the start of the process and its reading the file
_NOW = math.inf, math.inf
_FIRST_START = 3  # seconds in which the daemon itself may write to the directory of its configuration


@dataclass(frozen=True)
class DaemonFiles:
    """The files of one daemon, and what it wrote into its log of all its settings when it last read them again."""

    config: ConfigFile
    reload: ConfigFile | None
    seccomp_profile: ConfigFile | None
    hosts: tuple[HostsFile, ...]
    registries: str | None  # what became of their directory: `listed`, `absent` or `unread`

    def seccomp_filter(self, path: str, started: Span | None) -> Mapping[str, Any]:
        """The profile in the file *path*, as the daemon read it when it was *started*.

        Raises:
            EvidenceError: the profile could not be read, or changed after that.
        """
        file = self.seccomp_profile
        profile = (file.document or {}) if file and file.path == path else {}
        if file is None or not seccomp.is_whole(profile):
            raise EvidenceError(f"the seccomp profile {path} of the daemon could not be read")
        if file.changed_since(started):
            raise EvidenceError(f"the seccomp profile {path} was changed after the daemon started")
        return profile


def files_of(recording: Recording, process: DaemonProcess, data_root: str = "") -> DaemonFiles:
    """The files that *process* reads, when it starts or later.

    Args:
        data_root: of the daemon; empty where that is not known.

    Raises:
        EvidenceError: the target did not answer, or did not see this process.
    """
    found: dict[str, ConfigFile] = {}
    pid, name, registries = "", "", None
    for line in recording.text(DAEMON_CONFIGURATION).split("\n"):
        word, _, text = line.partition(":")
        if word == "dockerd":
            pid = text
        elif line.startswith(" ") and name and pid == str(process.pid):
            found[name] = _with_document(found[name], line)
        elif word in ("config", "profile", "hosts") and pid == str(process.pid):
            name = text if word == "hosts" else word
            found[name] = _file(text)
        elif word == "reload" and pid == str(process.pid):
            name, time = word, engine_moment(text.split("|")[1])
            found[name] = ConfigFile("", "read", (time, time) if time else None, None, None)
        elif word == "registries" and pid == str(process.pid):
            registries = text.partition("|")[0]
        elif word == "above" and name and pid == str(process.pid):
            found[name] = _below(found[name], text)
        elif word == "link" and name and pid == str(process.pid):
            found[name] = _through_link(found[name], moment(text))
    if "config" not in found:
        raise EvidenceError("the daemon's configuration could not be read: it started or ended meanwhile")
    named = process.values("config-file")[-1:]
    if named == ("",):
        found["config"] = ConfigFile(
            "", "absent", None, None, None
        )  # --config-file="" means that there is none
    elif found["config"].state == "read" and not found["config"].path:
        raise EvidenceError("daemon_configuration: the answer has a file without a name")
    elif named and named[0] != found["config"].path:
        raise EvidenceError(f"the configuration file {named[0]!r} of the daemon could not be found")
    elif named and found["config"].state == "absent":  # without it the daemon would not have started
        found["config"] = replace(found["config"], touched=_NOW)
    mounts = mountinfo.parse(process.mountinfo)
    for word in ("config", "profile"):
        if word in found and is_covered(found[word].path, mounts, data_root):
            found[word] = replace(found[word], touched=_NOW)
    hosts = (each for name, each in found.items() if name not in ("config", "reload", "profile"))
    told = tuple(HostsFile.of(each.path, each.document) for each in hosts)
    reload = _reload(found.get("reload"), process, data_root)
    return DaemonFiles(found["config"], reload, found.get("profile"), told, registries)


def _reload(told: ConfigFile | None, process: DaemonProcess, data_root: str) -> ConfigFile | None:
    """What *process* told; None where it was another process with this log, or this number."""
    if told is None or told.document is None or told.touched is None or process.started is None:
        return None
    # where users are remapped, its data lies in a folder of theirs below that
    is_own = is_below(data_root, str(told.document.get("data-root")))
    return told if is_own and told.touched[0] > process.started[1] else None


def _file(text: str) -> ConfigFile:
    state, modified, changed, path = (*text.split("|", 3), "", "", "")[:4]
    times = [time for each in (modified, changed) if (time := moment(each))]
    return ConfigFile(path, state, max(times) if times else None, moment(modified), None)


def _through_link(file: ConfigFile, made: Span | None) -> ConfigFile:
    """The file behind a symbolic link, which may have led elsewhere before it was made."""
    if made is None or file.touched is None or file.written is None:
        return replace(file, touched=None, written=None)
    return replace(file, touched=max(file.touched, made), written=max(file.written, made))


def _below(file: ConfigFile, times: str) -> ConfigFile:
    """The file in a directory that got another owner, mode or name, after which it may be another file's place.

    What else changes in a directory, changes its content as well, and the time of that with it.
    """
    modified, _, changed = times.partition("|")
    named = moment(changed) if modified != changed else None
    if named is None or file.touched is None:
        return file
    return replace(file, touched=max(file.touched, named))


def _with_document(file: ConfigFile, line: str) -> ConfigFile:
    """The file with what the recording keeps of it, in which each key is there once, however often it was written."""
    try:
        document = inputs.decode(line)
    except ValueError:
        document = None
    return replace(file, document=document if isinstance(document, dict) else None)
