"""What the steps of an image do with package managers: refresh an index, install, and leave out checks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from hullcheck.facts.image_steps import SHELLS, Command, Step


class Act(Enum):
    """What a command of a package manager does."""

    REFRESH = "refreshes the package index"
    UPGRADE = "upgrades packages"
    INSTALL = "installs"


@dataclass(frozen=True)
class _Manager:
    """The words with which a family of package managers does each."""

    programs: frozenset[str]
    refresh: frozenset[str]
    upgrade: frozenset[str]
    install: frozenset[str]

    def act(self, command: Command) -> Act | None:
        """What *command*, one of these programs, does; the first word that it knows decides."""
        for word in command[1:]:
            if word in self.install:
                return Act.INSTALL
            if word in self.refresh:
                return Act.REFRESH
            if word in self.upgrade:
                return Act.UPGRADE
        return None


def _manager(programs: str, refresh: str, upgrade: str, install: str) -> _Manager:
    return _Manager(*(frozenset(words.split()) for words in (programs, refresh, upgrade, install)))


_MANAGERS = (
    _manager(
        "apt apt-get aptitude",
        "update",
        "upgrade dist-upgrade full-upgrade safe-upgrade",
        "install build-dep reinstall satisfy download source",
    ),
    _manager("apk", "update", "upgrade", "add"),
    _manager(
        "dnf dnf5 microdnf tdnf yum",
        "makecache check-update",
        "update upgrade distro-sync update-minimal",
        "install groupinstall localinstall reinstall builddep",
    ),
    _manager(
        "zypper",
        "refresh ref",
        "update up dup dist-upgrade patch",
        "install in source-install",
    ),
    _manager("opkg", "update", "upgrade", "install"),
)
_FAMILY = {program: number for number, each in enumerate(_MANAGERS) for program in each.programs}
_PACMAN = "pacman"
# Commands of which a word may be the name of a package manager, and which start none.
_ONLY_NAME_WORDS = "apt-mark cat cp echo grep ln ls mkdir mv printf rm sed test type which"
_ONLY_NAMES = frozenset(_ONLY_NAME_WORDS.split())
# They install what they are given, and look at no signature of an index.
_LOCAL = {"dpkg": re.compile("-i|--install"), "rpm": re.compile("-[a-zA-Z]*[iUF][vh]*|--install|--upgrade")}
_LANGUAGES = {
    "bundle": ("install",),
    "cargo": ("install",),
    "composer": ("install", "require"),
    "gem": ("install",),
    "go": ("install", "get"),
    "npm": ("install", "i", "ci", "add"),
    "pip": ("install",),
    "pip3": ("install",),
    "pnpm": ("install", "i", "add"),
    "yarn": ("install", "add"),
}

_SWITCHES = """
    --allow-insecure-repositories --allow-unauthenticated --allow-unsigned-rpm --allow-untrusted --force-yes
    --no-gpg-check --no-gpg-checks --no-gpgcheck --no-gpgchecks --nodigest --nogpgcheck --nosignature
"""
_SWITCH = frozenset(_SWITCHES.split())
_IS = r'"?[=\s]+"?'
_OFF = r"(?:0|false|no|off)\b"
_ON = r"(?:1|true|yes|on)\b"
# Not what sed(1) is told to look for: `s/gpgcheck=0/gpgcheck=1/`.
_SETTING = re.compile(
    rf"""(?<!s[/|,\#@])(?:\b|(?<=\\n))(?:
    (?:trusted|allow-insecure|allow-weak)=yes
    | (?:AllowUnauthenticated|AllowInsecureRepositories|AllowDowngradeToInsecureRepositories){_IS}{_ON}
    | (?:Verify-Peer|Verify-Host|gpgcheck|sslverify|strict-ssl|http\.sslVerify){_IS}{_OFF}
    | (?:NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|GOSUMDB)={_OFF}
    | GIT_SSL_NO_VERIFY={_ON}
    | SigLevel\s*=\s*Never)""",
    re.VERBOSE | re.IGNORECASE,
)
_INSECURE = {
    "curl": re.compile("--insecure|-[a-zA-Z]*k[a-zA-Z]*"),
    "wget": re.compile("--no-check-certificate"),
}
_SUMS = re.compile(r"(?:sha\d+|md5|b2)sum|shasum|cosign|minisign")
_USES = """
    add-apt-repository apk apt apt-get apt-key chmod dnf dpkg gem gpg install make microdnf npm pip pip3 python
    python3 rpm tar unzip yum zypper
"""
_USE = frozenset((*_USES.split(), *SHELLS))


def act(command: Command) -> Act | None:
    """What a command does with the packages of a distribution; None where it does none of it.

    The package manager may be started by another program, as in `timeout 60 apt-get update`.
    """
    if command[0] in _ONLY_NAMES:
        return None
    for number, word in enumerate(command):
        program = word.rpartition("/")[2]
        if program == _PACMAN:
            return _pacman(command[number:])
        family = _FAMILY.get(program)
        if family is not None:
            return _MANAGERS[family].act(command[number:])
    return None


def _pacman(command: Command) -> Act | None:
    flags = "".join(word for word in command[1:] if re.fullmatch("-[A-Z][a-z]*", word))
    if "-S" not in flags and "--sync" not in command:
        return None
    if any(not word.startswith("-") for word in command[1:]):
        return Act.INSTALL
    if "u" in flags or "--sysupgrade" in command:
        return Act.UPGRADE
    return Act.REFRESH if "y" in flags or "--refresh" in command else None


def left_alone(step: Step) -> Act | None:
    """A refresh after which the step installs nothing, or an upgrade in a step that installs nothing."""
    acts = [(_family(command), found) for command in step.commands if (found := act(command))]
    for number, (family, found) in enumerate(acts):
        others = acts[number + 1 :] if found is Act.REFRESH else acts
        if found is not Act.INSTALL and (family, Act.INSTALL) not in others:
            return found
    return None


def _family(command: Command) -> int | None:
    """Which package managers are at work; commands of one family install from the same index."""
    return next((_FAMILY[name] for word in command if (name := word.rpartition("/")[2]) in _FAMILY), None)


def runs_a_script(step: Step) -> bool:
    """Whether the step runs a script of the image, of which the history does not tell what it does."""
    starters = (*SHELLS, ".", "source")
    return any(
        command[0].endswith(".sh") or (command[0] in starters and len(command) > 1)
        for command in step.commands
    )


def installers(step: Step) -> Iterator[str]:
    """The programs with which a step installs something."""
    for command in step.commands:
        program, *words = command[2:] if _is_module(command) else command
        local = _LOCAL.get(program)
        language = _LANGUAGES.get(program, ())
        if act(command) in (Act.INSTALL, Act.UPGRADE) or any(
            word in language or (local and local.fullmatch(word)) for word in words
        ):
            yield program


def _is_module(command: Command) -> bool:
    """Whether it is pip, started as a module of Python."""
    return command[0].startswith("python") and command[1:3] == ("-m", "pip")


def unverified(step: Step) -> Iterator[str]:
    """The switches of a step that turn off the check of what it installs."""
    for command in step.commands:
        yield from (f"{command[0]} {word}" for word in command[1:] if word in _SWITCH)
        if "pip" in command[0] or _is_module(command):
            yield from ("pip --trusted-host" for word in command if word.startswith("--trusted-host"))
    text = step.argument if step.keyword in ("RUN", "ENV") else ""
    yield from (" ".join(match[0].split()) for match in _SETTING.finditer(text))
    yield from _insecure_downloads(step.commands)


def _insecure_downloads(commands: tuple[Command, ...]) -> Iterator[str]:
    """Downloads from anybody who answers, whose result is used without a look at a sum or signature."""
    if any(_SUMS.fullmatch(command[0]) or "--verify" in command for command in commands):
        return
    for number, command in enumerate(commands):
        pattern = _INSECURE.get(command[0])
        if pattern and any(later[0] in _USE for later in commands[number + 1 :]):
            yield from (f"{command[0]} {word}" for word in command[1:] if pattern.fullmatch(word))
