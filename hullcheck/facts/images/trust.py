"""Content trust of the docker command: for which users and services it is switched on, as files say it.

The variable counts where it is set for those who pull, so the environment of the auditor is no evidence. What
is set is read from the files that make up the environment of a login, and of services that start containers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from hullcheck.facts.engine import Engine
from hullcheck.facts.registry import fact
from hullcheck.parsing.go import go_boolean
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

VARIABLE = "DOCKER_CONTENT_TRUST"


_NAME = re.escape(VARIABLE)
# Not where its server is, or with which words it opens its keys.
_SAYS = re.compile(rf"{_NAME}(?!\w)|disable-content-trust")
_VALUE = r"""["']?(?P<value>\w*)["']?"""
_SETS = re.compile(rf"(?P<export>(?:export|(?:declare|typeset) -x) +)?{_NAME}={_VALUE}(?P<rest>.*)")
_EXPORTS = re.compile(rf"\s*;?\s*(?:export|(?:declare|typeset) -x) +{_NAME}\s*(?:[;#].*)?")
_PAM = re.compile(rf"{_NAME}\s+(?:DEFAULT|OVERRIDE)={_VALUE}.*")
_IN_UNIT = re.compile(rf"Environment=.*\b{_NAME}={_VALUE}")
_IN_CRON = re.compile(rf"{_NAME} *= *{_VALUE}")
_UNCOVERED = re.compile(r"docker-compose |docker[- a-z]* (?:build|buildx|compose|stack|service) ")
"""What never asked for signatures: compose, stacks and services, and builds with BuildKit."""
_WITHOUT = re.compile(r" --disable-content-trust(?:=(\w*))?(?!\S)")
_LAST_CLIENT = 28
"""The last docker command that knows content trust."""
_NOT_SHELL = ("/etc/environment", "/etc/security/pam_env.conf", "/.pam_environment")


class Setting(Enum):
    """What a line makes of content trust, or what all of them together do."""

    ON = "on"
    OFF = "off"
    HELD = "held back"  # set to on, but not handed on to programs
    EXPORTED = "exported"
    UNSURE = "unsure"


def _setting(word: str) -> Setting:
    if word not in {each.value for each in Setting}:
        raise EvidenceError("content_trust: the answer has a line that the probe does not print")
    return Setting(word)


def _switched(value: str) -> Setting:
    """As the docker command reads the variable: what is no boolean switches it on."""
    try:
        return Setting.ON if value and go_boolean(value) else Setting.OFF
    except EvidenceError:
        return Setting.ON


def _of_line(path: str, line: str) -> Setting | None:
    """What a line of a file of the environment does; None for a comment."""
    if line.lstrip().startswith("#") or not _SAYS.search(line):
        return None
    if pam := _PAM.fullmatch(line.strip()):
        return _switched(pam["value"])
    if _EXPORTS.fullmatch(line):
        return Setting.EXPORTED
    if line.split()[:2] == ["unset", VARIABLE] and not line.startswith((" ", "\t")):
        return Setting.OFF
    sets = _SETS.fullmatch(line.rstrip())
    if sets is None:
        return Setting.UNSURE
    rest = sets["rest"]
    if rest and not re.match(r"\s*(?:[;#].*)?$", rest):
        return Setting.UNSURE
    handed_on = sets["export"] or path.endswith(_NOT_SHELL) or _EXPORTS.fullmatch(rest)
    found = _switched(sets["value"])
    return Setting.HELD if found is Setting.ON and not handed_on else found


def _of_unit(line: str) -> str:
    """`starts`, `uncovered`, `file`, `on` or `off`: what a line of a unit, or of a table of cron, says.

    What is started with the option that switches content trust off is not covered by the variable.
    """
    if line.startswith("Environment=") or _IN_CRON.match(line):
        match = _IN_UNIT.search(line) or _IN_CRON.match(line)
        return _switched(match["value"]).value if match else Setting.UNSURE.value
    if not line.startswith("EnvironmentFile="):
        without = _WITHOUT.search(line)
        off = without and _switched(without[1] or "1") is Setting.ON
        return "uncovered" if off or _UNCOVERED.search(line) else "starts"
    if line.startswith("EnvironmentFile="):
        return "file"
    return Setting.UNSURE.value


_HEAD = lines_like("user [^:]*:.*", "unread /.*", "client .*", "plugin [a-z]+")


def _keep(text: str) -> str:
    """The users and files, and of each line what it does: the rest of it may be anything."""
    head, _, rest = text.partition("\n--lines\n")
    lines, _, units = rest.partition("--units\n")
    kept = [_HEAD(head), "--lines"]
    for path, line in map(_path_and_line, lines.splitlines()):
        if path and (setting := _of_line(path, line)):
            kept.append(f"{path}:{setting.value}")
    kept.append("--units")
    kept += [f"{path}:{_of_unit(line)}" for path, line in map(_path_and_line, units.splitlines()) if path]
    return "\n".join((*kept, ""))


def _path_and_line(text: str) -> tuple[str, str]:
    path, colon, line = text.partition(":")
    return (path, line) if colon and path.startswith("/") else ("", "")


CONTENT_TRUST = Probe.from_file(__file__, "content_trust", _keep)


@dataclass(frozen=True)
class ContentTrust:
    """Where content trust of the docker command is switched on.

    Attributes:
        homes: the home directory of each user who was looked at.
        unread: files and directories that could not be read.
        lines: what the lines do that name the variable, with their file, in the order in which they were found.
        units: what the lines of units, and of tables of cron, say, with their file.
        client: the version of the docker command; empty where that is not known.
        plugins: the plugins of the docker command that pull images themselves.
    """

    homes: dict[str, str]
    unread: tuple[str, ...]
    lines: tuple[tuple[str, Setting], ...]
    units: tuple[tuple[str, str], ...] = ()
    client: str = ""
    plugins: tuple[str, ...] = ()

    @property
    def client_knows_it(self) -> bool:
        """Whether the docker command looks at the variable.

        Raises:
            EvidenceError: its version is not known.
        """
        major = self.client.partition(".")[0]
        if not major.isdigit():
            raise EvidenceError(
                "the version of the docker command, which may not know content trust, is not known"
            )
        return int(major) <= _LAST_CLIENT

    def of_user(self, name: str) -> Setting:
        """Whether it is on for programs that a user starts: `ON`, `OFF` or `UNSURE`.

        Raises:
            EvidenceError: a file that may say so could not be read, or the user's were not looked at.
        """
        if name not in self.homes:
            raise EvidenceError(f"the files of {name} were not looked at")
        home = self.homes[name].rstrip("/")
        unread = [
            path
            for path in self.unread
            if path.startswith("/etc/") or path in (home, *self._of(home, [path]))
        ]
        if unread:
            raise EvidenceError(f"{', '.join(unread)} could not be read")
        for_all = [path for path, _ in self.lines if path.startswith("/etc/")]
        order = [*sorted(for_all, key=_rank), *self._of(home, (path for path, _ in self.lines))]
        return _together(setting for path in dict.fromkeys(order) for at, setting in self.lines if at == path)

    def look(self, name: str) -> Setting | str:
        """As `of_user`, but why it cannot be told instead of an exception."""
        try:
            return self.of_user(name)
        except EvidenceError as error:
            return str(error)

    @staticmethod
    def _of(home: str, paths: Iterable[str]) -> list[str]:
        """Those of the paths that lie in a home directory itself."""
        return [path for path in paths if path.rpartition("/")[0] == home]

    @cached_property
    def services(self) -> dict[str, Setting]:
        """Whether it is on for each service that starts containers or pulls images with the docker command."""
        said = dict[str, set[str]]()
        for path, word in self.units:
            said.setdefault(_unit(path), set()).add(word)
        starting = {unit: words for unit, words in sorted(said.items()) if words & {"starts", "uncovered"}}
        return {unit: _of_words(words) for unit, words in starting.items()}


def _rank(path: str) -> tuple[int, str]:
    """Files of the login come first, then those of all shells, in their order."""
    return (0 if path.endswith(_NOT_SHELL) else 1, path)


def _together(settings: Iterable[Setting]) -> Setting:
    """What lines do one after the other; a line that may do anything leaves it open."""
    state = Setting.OFF
    for setting in settings:
        if setting is Setting.UNSURE:
            return Setting.UNSURE
        if setting is Setting.EXPORTED:
            state = Setting.ON if state is Setting.HELD else state
        elif not (setting is Setting.HELD and state is Setting.ON):
            state = setting
    return Setting.OFF if state is Setting.HELD else state


def _unit(path: str) -> str:
    """The unit that a file or a drop-in belongs to."""
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[2].removesuffix(".d") if folder.endswith(".service.d") else name


def _of_words(words: set[str]) -> Setting:
    if "uncovered" in words:
        return Setting.OFF
    if {"on", "off"} <= words or words & {"file", Setting.UNSURE.value}:
        return Setting.UNSURE
    return Setting.ON if "on" in words else Setting.OFF


@fact(CONTENT_TRUST)
def content_trust(recording: Recording, engine: Engine) -> ContentTrust:
    """Where content trust of the docker command is switched on.

    Raises:
        EvidenceError: the target did not answer.
    """
    head, _, rest = recording.text(CONTENT_TRUST).partition("\n--lines\n")
    lines, _, units = rest.partition("--units\n")
    said = [line.partition(" ")[::2] for line in head.splitlines()]
    homes = dict(text.partition(":")[::2] for word, text in said if word == "user")
    unread = tuple(text for word, text in said if word == "unread")
    pairs = [line.rpartition(":") for line in lines.splitlines() if line]
    return ContentTrust(
        homes,
        unread,
        tuple((path, _setting(word)) for path, _, word in pairs),
        tuple(
            (path, word) for path, _, word in (each.rpartition(":") for each in units.splitlines() if each)
        ),
        next((text for word, text in said if word == "client"), ""),
        tuple(dict.fromkeys(text for word, text in said if word == "plugin")),
    )
