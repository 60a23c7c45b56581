"""Build steps that handle packages, by their words: updates alone, disabled checks, downloads."""

import re
from collections.abc import Iterator

from hullcheck.facts.images.steps import Step
from hullcheck.lazy import regex

Words = list[str]

_MANAGERS = frozenset(("apk", "apt", "apt-get", "aptitude", "dnf", "microdnf", "yum", "zypper"))
_UPDATES = frozenset(("check-update", "makecache", "ref", "refresh", "up", "update"))
_INSTALLS_WORDS = """
    add build-dep dist-upgrade distro-sync dup full-upgrade groupinstall in install localinstall patch reinstall
    upgrade
"""
_INSTALLS = frozenset(_INSTALLS_WORDS.split())
_OF_LANGUAGES_WORDS = """
    bun bundle cargo composer conda dotnet gem go gradle mamba micromamba mvn npm pip pip3 pipx pnpm poetry uv yarn
"""
_OF_LANGUAGES = frozenset(_OF_LANGUAGES_WORDS.split())
_FETCHERS = _MANAGERS | _OF_LANGUAGES | {"curl", "dpkg", "git", "npx", "rpm", "wget"}
_SHELLS = frozenset(["ash", "bash", "dash", "sh"])
_ON = r"""["']?(?:\s{0,3}[=:]\s{0,3}|\s)["']?(?:1|true|yes|on)\b"""
_OFF = r"""["']?(?:\s{0,3}[=:]\s{0,3}|\s)["']?(?:0|false|no|off)\b"""
# Options, settings and variables that switch a check off; not what sed(1) looks for, as in `s/gpgcheck=0/gpgcheck=1/`.
_SWITCHES = regex(
    rf"""(?<!s[/|,\#@])(?:(?<![\w-])|(?<=\\n))(?:
    # apt, apk; not for packages that lie in a folder
    --allow-(?:insecure-repositories|unauthenticated|untrusted) | --force-yes
    | (?:trusted|allow-insecure)(?:=|:\s*)(?:yes|true|1)\b(?![^\]\n]{{0,200}}\]\s+(?:copy|file):)
    | Allow(?:Unauthenticated|InsecureRepositories){_ON} | Verify-(?:Peer|Host){_OFF}
    # dnf, yum, zypper, rpm
    | --no-?gpg-?checks? | --gpgcheck-allow-unsigned[\w-]* | --allow-unsigned-rpm | --no(?:signature|digest)
    | (?:pkg_)?gpgcheck{_OFF} | sslverify{_OFF}
    # pip, conda
    | (?:--)?trusted-host[=\s] | PIP_TRUSTED_HOST=\S | PYTHONHTTPSVERIFY=["']?0 | (?:\w{{1,40}}_)?ssl_verify{_OFF}
    # npm, yarn, composer
    | --no-strict-ssl | (?:--)?(?:\w{{1,40}}_|enable)?strict[-_]?ssl{_OFF} | NODE_TLS_REJECT_UNAUTHORIZED=["']?0
    | secure-http{_OFF} | disable-tls{_ON}
    # git, curl, wget
    | GIT_SSL_NO_VERIFY=["']?[^\s"'] | insecure["']?\s*>>?\s*\S*curlrc
    | --no-check-certificate | check[-_]certificate{_OFF}
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# Options that do so for these programs alone.
_OPTIONS = {
    "curl": re.compile(r"--insecure|-[a-zA-Z]*k[a-zA-Z]*"),
    "zypper": re.compile(r"-[a-zA-Z]*G[a-zA-Z]*"),
    **dict.fromkeys(("conda", "mamba", "micromamba"), re.compile(r"--insecure|-k")),
}
_FOLDER = regex(r"(?:/usr)?(?:/local)?/s?bin/")


def updates_alone(step: Step) -> bool:
    """Return whether a step updates a package index, and installs and upgrades nothing."""
    managed = [command for command in _commands(step) if not _MANAGERS.isdisjoint(command)]
    updates = any(not _UPDATES.isdisjoint(each) for each in managed)
    return updates and all(_INSTALLS.isdisjoint(each) for each in managed)


def may_install(step: Step) -> bool:
    """Return whether a step runs an installer or a script that may install packages."""
    others = (each for each in _commands(step) if _OF_LANGUAGES.isdisjoint(each))
    return any(_is_script(each) or any("install" in word for word in each) for each in others)


def switches(step: Step) -> Iterator[str]:
    """Yield the words of a step that disable checks of packages or downloads."""
    if step.keyword in ("ENV", "RUN"):
        text = f"{step.build_arguments} {step.argument}"
        yield from (" ".join(match[0].split()) for match in _SWITCHES.finditer(text))
    for command in _commands(step):
        for program in _OPTIONS.keys() & {*command}:
            yield from (f"{program} {word}" for word in command if _OPTIONS[program].fullmatch(word))


def fetches(step: Step) -> bool:
    """Return whether a step installs or downloads something, or may do so by a script."""
    if step.keyword == "ADD":
        return any("://" in word or word.startswith("git@") for word in step.files)
    known = any(not _FETCHERS.isdisjoint(each) for each in _commands(step))
    return known or may_install(step) or (step.keyword == "RUN" and "://" in step.argument)


def _is_script(command: Words) -> bool:
    is_inline = any(re.fullmatch(r"-\w*c", word) for word in command)
    return (command[0] in _SHELLS and not is_inline) or command[0].endswith(".sh")


def _commands(step: Step) -> Iterator[Words]:
    """Yield the commands of a RUN as words, without quotes and folders of programs."""
    text = step.argument.replace("\\\n", " ") if step.keyword == "RUN" else ""
    for command in re.split(r"[;&|()`\n]+", text):
        words = [_FOLDER.sub("", word, count=1) for word in re.findall(r"""[^\s'"]+""", command)]
        if words and words[0] not in ("echo", "for", "printf"):
            yield words
