"""The configuration file of a daemon, and whether it changed since the daemon started."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hullcheck import inputs
from hullcheck.facts.engine import redaction
from hullcheck.facts.engine.daemon_process import DaemonProcess
from hullcheck.parsing import seccomp
from hullcheck.parsing.times import Span, moment
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

_HEADINGS = lines_like(
    r"dockerd:\d+", r"(?:config|profile):(?:read|absent|unread|unknown)\|.*", "link:.*", " .*"
)


def _keep(text: str) -> str:
    """Return the answer with each file on one line and without secrets."""
    kept: list[str] = []
    heading, lines = "", list[str]()
    for line in [*_HEADINGS(text).split("\n"), "end:"]:
        if line.startswith(" "):
            lines.append(line[1:])
        elif line:
            kept += [_without_secrets(heading, "\n".join(lines))] if ":read|" in heading else []
            kept += [] if line == "end:" else [line]
            heading, lines = line, []
    return "\n".join(kept)


def _without_secrets(heading: str, text: str) -> str:
    if heading.startswith("profile:"):
        return " " + json.dumps(seccomp.read(text))
    return " " + (redaction.configuration(text) or "(not JSON)")


DAEMON_CONFIGURATION = Probe.from_file("daemon_configuration", _keep)


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
        """Return what the file says: nothing where it does not exist.

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
    """The files of one daemon."""

    config: ConfigFile
    seccomp_profile: ConfigFile | None

    def seccomp_filter(self, path: str, started: Span | None) -> Mapping[str, Any]:
        """Return the profile in the file *path*, as the daemon read it when it was *started*.

        Raises:
            EvidenceError: the profile could not be read, or changed after that.
        """
        file = self.seccomp_profile
        profile = (file.document or {}) if file and file.path == path else {}
        if file is None or not profile.get("defaultAction"):
            raise EvidenceError(f"the seccomp profile {path} of the daemon could not be read")
        if file.changed_since(started):
            raise EvidenceError(f"the seccomp profile {path} was changed after the daemon started")
        return profile


def files_of(recording: Recording, process: DaemonProcess) -> DaemonFiles:
    """Return the files that *process* reads when it starts.

    Raises:
        EvidenceError: the target did not answer, or did not see this process.
    """
    found: dict[str, ConfigFile] = {}
    pid = name = ""
    for line in recording.text(DAEMON_CONFIGURATION).split("\n"):
        word, _, text = line.partition(":")
        if word == "dockerd":
            pid, name = text, ""
        elif line.startswith(" ") and name:
            found[name] = replace(found[name], document=_document(line))
        elif word in ("config", "profile") and pid == str(process.pid):
            name, found[word] = word, _file(text)
        elif word == "link" and name:
            found[name] = _through_link(found[name], moment(text))
        else:
            name = ""
    if "config" not in found:
        raise EvidenceError("the daemon's configuration could not be read: it started or ended meanwhile")
    config, named = found["config"], process.values("config-file")[-1:]
    if named == ("",):  # --config-file="" means that there is none
        config = ConfigFile("", "absent", None, None, None)
    elif config.state == "read" and not config.path:
        raise EvidenceError("daemon_configuration: the answer has a file without a name")
    elif named and named[0] != config.path:
        raise EvidenceError(f"the configuration file {named[0]!r} of the daemon could not be found")
    elif named and config.state == "absent":  # without it the daemon would not have started
        config = replace(config, touched=_NOW)
    return DaemonFiles(config, found.get("profile"))


def _file(text: str) -> ConfigFile:
    state, modified, changed, path = (*text.split("|", 3), "", "", "")[:4]
    times = [time for each in (modified, changed) if (time := moment(each))]
    return ConfigFile(path, state, max(times) if times else None, moment(modified), None)


def _through_link(file: ConfigFile, made: Span | None) -> ConfigFile:
    """Return the file behind a symbolic link, which may have led elsewhere before it was made."""
    if made is None or file.touched is None or file.written is None:
        return replace(file, touched=None, written=None)
    return replace(file, touched=max(file.touched, made), written=max(file.written, made))


def _document(line: str) -> Mapping[str, Any] | None:
    try:
        document = inputs.decode(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
