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
    "brew": ("install",),
    "bundle": ("install",),
    "cargo": ("install",),
    "conda": ("install",),
    "composer": ("install", "require"),
    "gem": ("install",),
    "flatpak": ("install",),
    "go": ("install", "get"),
    "guix": ("install",),
    "mamba": ("install",),
    "micromamba": ("install",),
    "nix-env": ("-i", "-iA", "--install"),
    "npm": ("install", "i", "ci", "add"),
    "pip": ("install",),
    "pipenv": ("install",),
    "pipx": ("install",),
    "pnpm": ("install", "i", "add"),
    "poetry": ("install", "add"),
    "snap": ("install",),
    "yarn": ("install", "add"),
}
_BUILDERS = frozenset(("cmake", "make", "meson", "ninja", "setup.py", "waf"))
"""What they install is what was built, with the same word."""

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
    | secure-http{_IS}{_OFF} | global\.trusted-host{_IS}\S
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
_FETCHES = {
    **dict.fromkeys(
        ("aria2c", "axel", "curl", "fetch", "ftp", "http", "https", "lynx", "rsync", "scp", "wget", "xh")
    ),
    "git": frozenset(("clone", "fetch", "pull", "submodule")),
    "hg": frozenset(("clone", "pull")),
    "svn": frozenset(("checkout", "co", "export")),
}
"""Programs that get files from elsewhere, with the words that make those do so that do more."""
_ADDRESS = re.compile(r"(?:(?:https?|s?ftp|git|ssh|svn)(?:\+\w+)?://|git@)(?P<host>[^\s/'\"]*)")
_HERE = re.compile(r"(?:.*@)?(?:localhost|127\.[\d.]+|0\.0\.0\.0|\[::1\])(?::.*)?")
_NO_CALL = frozenset(("[", "[[", "case", "for", "select", "="))
_PLAIN = re.compile("http://(?!(?:localhost|127\\.|0\\.0\\.0\\.0|\\[::1\\])).*")
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
    if any(word in language or (local and local.fullmatch(word)) for word in words):
        return True
    verb = next((word for word in words if not word.startswith("-")), "")
    return verb == "install" and program not in _BUILDERS  # a tool that no list names


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


def downloads(step: Step) -> Iterator[str]:
    """The programs with which a step gets something from elsewhere, where it looks at no sum or signature of it."""
    if _checks(step.commands):
        return
    for command in step.commands:
        program = _name(command)
        if command[0] in ONLY_NAMES or command[0] in _NO_CALL or program in PROGRAMS or program in _LANGUAGES:
            continue
        hosts = [match["host"] for word in command for match in _ADDRESS.finditer(word)]
        if any(not _HERE.fullmatch(host) for host in hosts) or (not hosts and _fetches(program, command[1:])):
            yield program


def _fetches(program: str, words: Command) -> bool:
    if program not in _FETCHES:
        return False
    verbs = _FETCHES[program]
    given = [
        word for word in words if not word.startswith("-") and not _HERE.fullmatch(word.partition("/")[0])
    ]
    return bool(given) if verbs is None else not verbs.isdisjoint(given)


def _checks(commands: tuple[Command, ...]) -> bool:
    signed = ("--verify" in command and _name(command) not in _FETCHES for command in commands)
    return any(signed) or any(_SUMS.fullmatch(command[0]) for command in commands)


def _insecure_downloads(commands: tuple[Command, ...]) -> Iterator[str]:
    """Downloads from anybody who answers, whose result is used without a look at a sum or signature."""
    if _checks(commands):
        return
    for number, command in enumerate(commands):
        if command[0] in ONLY_NAMES or not any(later[0] in _USE for later in commands[number + 1 :]):
            continue
        for place, word in enumerate(command):
            program = word.rpartition("/")[2]
            if pattern := _INSECURE.get(program):
                rest = command[place + 1 :]
                yield from (f"{program} {each}" for each in rest if pattern.fullmatch(each))
                yield from (f"{program} over HTTP" for each in rest if _PLAIN.fullmatch(each))
