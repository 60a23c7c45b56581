"""What the steps of an image do with package managers: install, and leave out checks."""

import itertools
import re
from collections.abc import Iterator

from hullcheck.facts.images.package_managers import ONLY_NAMES, PROGRAMS, Act, package_action
from hullcheck.facts.images.steps import Step
from hullcheck.parsing.shell.script import SHELLS, Command

# They install what they are given, and look at no signature of an index.
_LOCAL = {"dpkg": re.compile("-i|--install"), "rpm": re.compile("-[a-zA-Z]*[iUF][vh]*|--install|--upgrade")}
_LANGUAGES = {
    "bundle": ("install",),
    "cargo": ("install",),
    "conda": ("install",),
    "composer": ("install", "require"),
    "gem": ("install",),
    "go": ("install", "get"),
    "mamba": ("install",),
    "micromamba": ("install",),
    "npm": ("install", "i", "ci", "add"),
    "pip": ("install",),
    "pipenv": ("install",),
    "pipx": ("install",),
    "pnpm": ("install", "i", "add"),
    "poetry": ("install", "add"),
    "yarn": ("install", "add"),
}

_SWITCHES = """
    --allow-insecure-repositories --allow-unauthenticated --allow-unsigned-rpm --allow-untrusted
    --force-bad-verify --force-yes --no-gpg-check --no-gpg-checks --no-gpgcheck --no-gpgchecks --nodigest
    --nogpgcheck --nosignature
"""
_SWITCH = frozenset(_SWITCHES.split())
_IS = r'"?[=\s]+"?'
_OFF = r"(?:0|false|no|off)\b"
_ON = r"(?:1|true|yes|on)\b"
# Not what sed(1) is told to look for: `s/gpgcheck=0/gpgcheck=1/`.
_SETTING = re.compile(
    rf"""(?<!s[/|,\#@])(?:\b|(?<=\\n))(?:
    (?:trusted|allow-insecure|allow-weak)(?:=|:\s*)yes
    | (?:AllowUnauthenticated|AllowInsecureRepositories|AllowDowngradeToInsecureRepositories){_IS}{_ON}
    | (?:Verify-Peer|Verify-Host|gpgcheck|sslverify|strict-ssl|http\.sslVerify){_IS}{_OFF}
    | (?:NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|GOSUMDB)={_OFF}
    | GIT_SSL_NO_VERIFY={_ON}
    | GOINSECURE=[^\s;&|]+
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


def installers(step: Step) -> Iterator[str]:
    """The programs with which a step installs something, also where another program starts them."""
    for command in step.commands:
        starts = (command[number:] for number in range(len(command)) if command[0] not in ONLY_NAMES)
        yield from itertools.islice((_name(each) for each in starts if _installs(each)), 1)


def _installs(command: Command) -> bool:
    program, words = _name(command), command[1:]
    if program in PROGRAMS:
        return package_action((program, *words)) in (Act.INSTALL, Act.UPGRADE)
    local = _LOCAL.get(program)
    language = _LANGUAGES.get(re.sub("[0-9.]+$", "", program), ())
    return any(word in language or (local and local.fullmatch(word)) for word in words)


def _name(command: Command) -> str:
    return command[0].rpartition("/")[2]


def unverified(step: Step) -> Iterator[str]:
    """The switches of a step that turn off the check of what it installs."""
    for command in step.commands:
        yield from (f"{command[0]} {word}" for word in command[1:] if word in _SWITCH)
        if any(_name((word,)) == "zypper" for word in command) and {"ar", "addrepo"}.intersection(command):
            yield from (f"zypper {word}" for word in command if re.fullmatch("-[a-zA-Z]*G[a-zA-Z]*", word))
        if any("pip" in word for word in command):
            yield from ("pip --trusted-host" for word in command if word.startswith("--trusted-host"))
    text = step.argument if step.keyword in ("RUN", "ENV") else ""
    yield from (" ".join(match[0].split()) for match in _SETTING.finditer(text))
    yield from _insecure_downloads(step.commands)


def _insecure_downloads(commands: tuple[Command, ...]) -> Iterator[str]:
    """Downloads from anybody who answers, whose result is used without a look at a sum or signature."""
    if any(_SUMS.fullmatch(command[0]) or "--verify" in command for command in commands):
        return
    for number, command in enumerate(commands):
        if command[0] in ONLY_NAMES or not any(later[0] in _USE for later in commands[number + 1 :]):
            continue
        for place, word in enumerate(command):
            program = word.rpartition("/")[2]
            if pattern := _INSECURE.get(program):
                yield from (f"{program} {each}" for each in command[place + 1 :] if pattern.fullmatch(each))
