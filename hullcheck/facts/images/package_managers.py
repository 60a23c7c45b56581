"""What a command does with the packages of a distribution: refresh their index, upgrade, or install."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from hullcheck.parsing.shell.script import Command


class Act(Enum):
    """What a command of a package manager does."""

    REFRESH = "refreshes the package index"
    UPGRADE = "upgrades packages"
    INSTALL = "installs"
    UNKNOWN = "may do anything"


@dataclass(frozen=True)
class _Manager:
    """The words with which a family of package managers does each."""

    programs: frozenset[str]
    refresh: frozenset[str]
    upgrade: frozenset[str]
    install: frozenset[str]

    def act(self, words: Sequence[str]) -> Act | None:
        """What one of these programs does that is given *words*; the first word that it knows decides."""
        if not _ONLY_TELLS.isdisjoint(words):
            return None
        for number, word in enumerate(words, start=1):
            if word in self.install:
                done = (
                    _installs(words[number:]) and not _only_tries(words) and not self._only_downloads(words)
                )
                return Act.INSTALL if done else None
            if word in self.refresh:
                return Act.REFRESH
            if word in self.upgrade:
                return Act.UPGRADE
        return None

    def _only_downloads(self, words: Sequence[str]) -> bool:
        """Whether an option says that what is asked for is fetched and not installed."""
        by_letter = "apt-get" in self.programs and any(map(_DOWNLOADS_BY_LETTER.fullmatch, words))
        return by_letter or any(word in ("--download-only", "--downloadonly") for word in words)


def _installs(words: Sequence[str]) -> bool:
    """Whether there is anything to install among *words*, or what is missing for others is."""
    return any(not word.startswith("-") or word in ("-f", "--fix-broken") for word in words)


def _only_tries(words: Sequence[str]) -> bool:
    """Whether an option says that nothing is to be installed; `-s` may be one of several letters."""
    return any(word in _TRIES or _TRIES_BY_LETTER.fullmatch(word) for word in words)


def _manager(programs: str, refresh: str, upgrade: str, install: str) -> _Manager:
    return _Manager(*(frozenset(words.split()) for words in (programs, refresh, upgrade, install)))


_MANAGERS = (
    _manager(
        "apt apt-fast apt-get aptitude nala",
        "update",
        "upgrade dist-upgrade dselect-upgrade full-upgrade safe-upgrade",
        "install build-dep reinstall satisfy download source",
    ),
    _manager("apk", "update", "upgrade", "add"),
    _manager(
        "dnf dnf5 microdnf tdnf yum",
        "makecache check-update check-upgrade",
        "update upgrade distro-sync update-minimal upgrade-minimal localupdate",
        "install groupinstall localinstall reinstall builddep swap",
    ),
    _manager(
        "zypper",
        "refresh ref refresh-services refs",
        "update up dup dist-upgrade patch",
        "install in source-install",
    ),
    _manager("opkg", "update", "upgrade", "install"),
    _manager("rpm-ostree", "refresh-md", "upgrade", "install"),
    _manager("brew", "update", "upgrade", "install reinstall"),
    _manager("guix", "pull", "upgrade", "install"),
    _manager("eopkg pisi", "update-repo ur", "upgrade up", "install it"),
    _manager("equo", "update", "upgrade", "install"),
    _manager("pkg pkgin", "update", "upgrade full-upgrade", "install in add"),
    _manager("pkcon", "refresh", "update upgrade-system", "install install-local"),
    _manager("tazpkg", "recharge", "up upgrade", "get-install install"),
    _manager("pkgman", "refresh", "update full-sync", "install"),
    _manager("cards", "sync", "upgrade", "install"),
    _manager("swupd", "", "update", "bundle-add"),
    _manager("slackpkg", "update", "upgrade upgrade-all", "install install-new"),
)
_FAMILY = {program: each for each in _MANAGERS for program in each.programs}
_SHORT = frozenset(
    ("dup", "patch", "ref", "refs", "up")
)  # words that say too little where the program is unsure
_REFRESHES = frozenset().union(*(each.refresh for each in _MANAGERS)) - _SHORT
_UPGRADES = frozenset().union(*(each.upgrade for each in _MANAGERS)) - _SHORT
_INSTALLS = frozenset().union(*(each.install for each in _MANAGERS)) - {"in"}
_ANY = _Manager(frozenset(), _REFRESHES, _UPGRADES, _INSTALLS)
# Commands of which a word may be the name of a package manager, and which start none.
_ONLY_NAME_WORDS = """
    : apt-mark cat cd chmod chown cp echo exit export false grep ln ls mkdir mv printf return rm sed tee test touch
    true type unset which
"""
ONLY_NAMES = frozenset(_ONLY_NAME_WORDS.split())
_SHELL_WORDS = frozenset(("[", "[[", "case", "command", "for", "hash", "select"))
_TRIES_WORDS = "--assumeno --dry-run --just-print --no-act --noaction --print-uris --recon --simulate"
_TRIES = frozenset(_TRIES_WORDS.split())
_ONLY_TELLS = frozenset(("-h", "--help", "--version"))
_TRIES_BY_LETTER = re.compile("-(?![aceoptX])[A-Za-z]*s[A-Za-z]*")  # after these letters stands a value
_DOWNLOADS_BY_LETTER = re.compile("-(?![aceoptX])[A-Za-z]*d[A-Za-z]*")
_REDIRECTION = re.compile(r"\d*(?:>>|>|<|&>)[&|]?(.*)", re.DOTALL)
_VERB = "|".join(sorted(_REFRESHES | _UPGRADES | {"--sync", "-Sy[a-z]*"}, key=len, reverse=True))


def _flags(words: Sequence[str]) -> str:
    return "".join(word for word in words if re.fullmatch("-[A-Za-z]+", word))


def _pacman(words: Sequence[str]) -> Act | None:
    if "U" in _flags(words) or "--upgrade" in words:
        return Act.INSTALL  # of a file, or an address
    synchronizes = "S" in _flags(words) or "--sync" in words
    return _by_flags(words, "--sysupgrade", "y", "--refresh") if synchronizes else None


def _xbps(words: Sequence[str]) -> Act | None:
    return _by_flags(words, "--update", "S", "--sync")


def _by_flags(words: Sequence[str], upgrade: str, letter: str, refresh: str) -> Act | None:
    if any(not word.startswith("-") for word in words):
        return Act.INSTALL
    if "u" in _flags(words) or upgrade in words:
        return Act.UPGRADE
    return Act.REFRESH if letter in _flags(words) or refresh in words else None


def _emerge(words: Sequence[str]) -> Act | None:
    if "--sync" in words:
        return Act.REFRESH
    named = [word for word in words if not word.startswith("-")]
    if named and all(word in ("world", "@world", "system", "@system") for word in named):
        return Act.UPGRADE
    return Act.INSTALL if named else None


def _apk(words: Sequence[str]) -> Act | None:
    upgrades = "fix" in words and ("u" in _flags(words) or "--upgrade" in words)
    return Act.UPGRADE if upgrades else _FAMILY["apk"].act(words)


def _refresh(words: Sequence[str]) -> Act | None:
    del words
    return Act.REFRESH


def _emaint(words: Sequence[str]) -> Act | None:
    return Act.REFRESH if words[:1] == ["sync"] else None


def _nix_channel(words: Sequence[str]) -> Act | None:
    return Act.REFRESH if "--update" in words else None


def _nix_env(words: Sequence[str]) -> Act | None:
    if "i" in _flags(words) or "--install" in words:
        return Act.INSTALL
    return Act.UPGRADE if "u" in _flags(words) or "--upgrade" in words else None


def _urpmi(words: Sequence[str]) -> Act | None:
    if any(not word.startswith("-") for word in words):
        return Act.INSTALL
    return Act.UPGRADE if {"--auto-select", "--auto-update"}.intersection(words) else None


# Those that go by options: the family, and what is done with which words.
_BY_OPTION: dict[str, tuple[object, Callable[[Sequence[str]], Act | None]]] = {
    "apk": (_FAMILY["apk"], _apk),
    "pacman": ("pacman", _pacman),
    "xbps-install": ("xbps", _xbps),
    "emaint": ("portage", _emaint),
    "emerge": ("portage", _emerge),
    "nix-channel": ("nix", _nix_channel),
    "nix-env": ("nix", _nix_env),
    "emerge-webrsync": ("portage", _refresh),
    "eix-sync": ("portage", _refresh),
    "urpmi": ("urpmi", _urpmi),
    "urpmi.update": ("urpmi", _refresh),
}
PROGRAMS = frozenset((*_FAMILY, *_BY_OPTION))
# They upgrade by themselves, and are packages and services, too: only as the command itself they are started.
_UPGRADERS = {
    "dnf-automatic": _FAMILY["dnf"],
    **dict.fromkeys(("do-release-upgrade", "unattended-upgrade", "unattended-upgrades"), _FAMILY["apt-get"]),
}
_PROGRAMS = "|".join(sorted(PROGRAMS, key=len, reverse=True))
_NAMES_UPDATE = re.compile(
    rf"(?:(?<![\w./-])|/s?bin/)(?:{_PROGRAMS})(?![\w/.:-])[^\n;&|]{{0,200}}?(?<![\w-])(?:{_VERB})(?![\w-])"
)


def invoked_manager(command: Command) -> tuple[object, Act | None] | None:
    """The family of the package manager that *command* starts, and what it does; None where it starts none.

    The package manager may be started by another program, as in `timeout 60 apt-get update`. Commands of one
    family install from the same index.
    """
    if command[0] in ONLY_NAMES or command[0] in _SHELL_WORDS:
        return None
    if upgraded := _UPGRADERS.get(command[0].rpartition("/")[2]):
        return upgraded, None if _only_tries(command) else Act.UPGRADE
    for number, word in enumerate(command):
        program = word.rpartition("/")[2]
        if program in PROGRAMS:
            words = _operands(command[number + 1 :])
            family, does = _BY_OPTION.get(program) or (_FAMILY[program], _FAMILY[program].act)
            return family, does(words)
    return None


def family_of(program: str) -> object:
    """The family of a package manager: those that install from the same index."""
    return _FAMILY[program]


def package_action(command: Command) -> Act | None:
    """What a command does with the packages of a distribution; None where it does none of it."""
    found = invoked_manager(command)
    return found[1] if found else None


def act_of_any(words: Sequence[str]) -> Act | None:
    """What a package manager would do with *words*, whichever it is; None where the first is none of its verbs."""
    operands = [word for word in words if not word.startswith("-")]
    is_verb = bool(operands) and operands[0] in _REFRESHES | _UPGRADES | _INSTALLS
    return _ANY.act(operands) if is_verb else None


# What fetches or updates something else than packages of a distribution by such words.
_OTHER_TOOLS_WORDS = """
    ansible-galaxy apt-file apt-key artisan asdf az brew bun bundle bundler cabal cargo certbot chef choco clojure cmake
    composer conan conda console corepack cpan cpanm deno docker dotnet drush flatpak flutter fnm fwupdmgr gcloud gem
    git ghcup go gradle helm hg julia kubectl lein luarocks mamba manage.py meson micromamba mise mix mvn nimble npm
    nuget nvm opam pdm pecl phive pear pip pip3 pipenv pipx pixi pnpm pod podman poetry puppet pyenv python python3 r
    rbenv
    rebar3 rosdep ruby rustup sbt sdk service shards snap spack stack steamcmd svn systemctl terraform tldr tlmgr tofu
    trivy uv uvx vcpkg volta wp yarn
"""
_OTHER_TOOLS = frozenset(_OTHER_TOOLS_WORDS.split())
_PROGRAM = re.compile(r"[A-Za-z][\w.+-]*")


def act_of_unknown(command: Command) -> Act | None:
    """What a program that nobody knows does, if it is a package manager: by its first word, as all of them have it."""
    program = command[0].rpartition("/")[2]
    if program in _OTHER_TOOLS | ONLY_NAMES | _SHELL_WORDS or not _PROGRAM.fullmatch(program):
        return None
    return act_of_any(command[1:])


def names_update(text: str) -> bool:
    """Whether *text* names a package manager and then, in the same command, a word with which it updates."""
    return bool(_NAMES_UPDATE.search(text))


def _operands(words: Sequence[str]) -> list[str]:
    """*words* without redirections, and without the files after them."""
    kept, is_file = list[str](), False
    for word in words:
        redirection = _REDIRECTION.fullmatch(word)
        if not (is_file or redirection):
            kept.append(word)
        is_file = bool(redirection and not redirection[1])
    return kept
