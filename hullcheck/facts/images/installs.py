"""What the steps of an image do with package managers: install, and leave out checks."""

import itertools
import re
from collections.abc import Iterator

from hullcheck.facts.images.checked_downloads import FETCHES, Checks
from hullcheck.facts.images.package_managers import ONLY_NAMES, PROGRAMS, Act, package_action
from hullcheck.facts.images.steps import TOLD, Step
from hullcheck.parsing.shell import untold
from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.script import Command

# They install what they are given, and look at no signature of an index.
_LOCAL = {"dpkg": re.compile("-i|--install"), "rpm": re.compile("-[a-zA-Z]*[iUF][vh]*|--install|--upgrade")}
_LANGUAGES = {
    "cabal": ("build", "install", "update"),
    "deno": ("cache", "install"),
    "dotnet": ("add", "build", "publish", "restore", "tool"),
    "mix": ("deps.get", "local.hex"),
    "rustup": ("component", "default", "target", "toolchain"),
    "stack": ("build", "install", "setup"),
    "swift": ("build", "package"),
    "bun": ("install", "i", "add", "create", "update", "x"),
    "bundle": ("install", "update"),
    "cargo": ("build", "fetch", "install"),
    "conda": ("create", "install", "update"),
    "composer": ("create-project", "install", "require", "update"),
    "gem": ("install", "update"),
    "flatpak": ("install",),
    "go": ("build", "get", "install", "mod"),
    "mamba": ("create", "install", "update"),
    "micromamba": ("create", "install", "update"),
    "npm": ("install", "i", "ci", "add", "exec", "update"),
    "pip": ("download", "install", "wheel"),
    "pipenv": ("install", "sync", "update"),
    "pipx": ("install",),
    "pnpm": ("install", "i", "add", "dlx", "fetch", "update"),
    "poetry": ("install", "add", "sync", "update"),
    "snap": ("install",),
    "uv": ("add", "run", "sync"),
    "yarn": ("install", "add"),
}
_WHATEVER_WORDS = """
    bunx cpan cpanm do-release-upgrade easy_install gradle gradlew install-php-extensions install2.r lein mvn mvnw npx
    pnpx sbt unattended-upgrade unattended-upgrades uvx
"""
_WHATEVER = frozenset(_WHATEVER_WORDS.split())
"""They get what a project needs, or what they are told to run or upgrade, whatever the words are."""
_KNOWN = frozenset((*PROGRAMS, *FETCHES, *_LANGUAGES, *_WHATEVER, "R", "Rscript", "julia"))
_ONLY_TELLS = frozenset(("--help", "--version", "-v", "-V", "-version"))
_FROM_R = re.compile(r"install\.packages|install_(?:github|version|url)|Pkg\.add|BiocManager")
_BUILDERS = frozenset(("cmake", "make", "meson", "ninja", "setup.py", "waf"))
"""What they install is what was built, with the same word."""

_SWITCHES = """
    --allow-insecure-host --allow-insecure-repositories --allow-unauthenticated --allow-unsigned-rpm --allow-untrusted
    --check-certificate=false --dangerous --force-all --force-bad-verify --force-checksum --force-yes
    --force-signature --gpgcheck-allow-unsigned --gpgcheck-allow-unsigned-package --gpgcheck-allow-unsigned-repo
    --ignore-certs --insecure-skip-tls-verify --lax-checksums --no-check-gpg --no-gpg-check --no-gpg-checks
    --no-gpg-verify --no-gpgcheck --no-gpgchecks --no-strict-ssl --no-verify-downloads --no-verify-ssl --nodigest
    --nogpgcheck --nosignature --skip-integrity-check --trust-server-cert --unsafely-ignore-certificate-errors
    --verify-repo=none --verify=no
"""
_SWITCH = frozenset(_SWITCHES.split())
_CONDAS = frozenset(("conda", "mamba", "micromamba"))
_ASSENT = re.compile("=(?:1|true|yes)$")
_IS = r"""["']?(?:[=\s]|:\s)+["']?"""
_OFF = r"(?:0|false|no|off)\b"
_ON = r"(?:1|true|yes|on)\b"
# Not what sed(1) is told to look for, `s/gpgcheck=0/gpgcheck=1/`, nor of packages that lie in a folder already.
_SETTING = re.compile(
    rf"""(?<!s[/|,\#@])(?:\b|(?<=\\n))(?:
    (?:trusted|allow-insecure|allow-weak)(?:=|:\s*)yes(?![^\]\n]{{0,200}}\]\s+(?:copy|file):)
    | deb(?:-src)?\s+\[[^\]\n]{{0,200}}?\b(?:trusted|allow-insecure|allow-weak)=(?:1|enable|on|true|with)\b
        (?![^\]\n]{{0,200}}\]\s+(?:copy|file):)
    | (?:Trusted|Allow-Insecure|Allow-Weak):\s*(?:1|enable|on|true|with)\b
    | (?:AllowUnauthenticated|Allow(?:Insecure|Weak|DowngradeToInsecure)Repositories){_IS}{_ON}
    | (?:Verify-Peer|Verify-Host|(?:pkg_)?gpgcheck|sslverify|http\.sslVerify|ssl[-_]verify|verify_ssl|secure-http
        |check[-_]certificate|require-sigs|(?:\w{{1,40}}_|enable)?strict[-_]?ssl){_IS}{_OFF}
    | (?:BUNDLE_)?ssl_verify_mode:?{_IS}0\b
    | (?:NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|GOSUMDB)=["']?{_OFF}
    | GIT_SSL_NO_VERIFY=["']?[^\s;&|"']  # whatever it is set to
    | (?:\w{{1,40}}_)?(?:disable[-_](?:tls|checksum_validation|ssl_validation)|insecure_ssl){_IS}{_ON}
    | (?:\w{{1,40}}_)?checksum_?Behavior{_IS}(?:ignore|update)\b
    | certificates\.[\w-]{{1,60}}\.cert{_IS}{_OFF}
    | dependency[-.]verification{_IS}(?:lenient|off)\b
    | ssl:verify-certificate{_IS}{_OFF}
    | (?:GOINSECURE|PIP_TRUSTED_HOST|UV_INSECURE_HOST)=[^\s;&|]+
    | GONOSUMDB=["']?\*
    | GOFLAGS=[^\s;&|]*-insecure\b
    | (?<!-)(?:global\.)?trusted-host{_IS}[^\s;&|"']+
    | (?:(?:(?:extra-)?index-url|(?:PIP|UV)_\w{{0,40}}(?:URL|INDEX)|GOPROXY|npmRegistryServer
        |(?:npm_config|yarn(?:_npm)?)_registry(?:_server)?){_IS}|(?<![.-])(?-i:registry)=)["']?
        http://(?!localhost|127\.|\[::1\])[^\s;&|"'\\]+
    | wagon\.http\.ssl\.insecure=true | securityMode=insecure
    | _pkgverify_level{_IS}none
    | insecure["']?\s*>>?\s*\S*curlrc
    | SigLevel\s*=\s*(?:Never|(?:Optional\s+)?TrustAll))""",
    re.VERBOSE | re.IGNORECASE,
)
_INSECURE = {
    "axel": re.compile("--insecure|-[a-zA-Z]*k[a-zA-Z]*"),
    "curl": re.compile("--insecure|-[a-zA-Z]*k[a-zA-Z]*"),
    "fetch": re.compile("--no-verify-peer"),
    "hg": re.compile("--insecure"),
    "rclone": re.compile("--no-check-certificate"),
    "svn": re.compile("--trust-server-cert-failures=.*"),
    "wget": re.compile("--no-check-certificate"),
}
_ADDRESS = re.compile(r"(?:(?:https?|s?ftp|git|ssh|svn)(?:\+\w+)?://|git@)(?P<host>[^\s/'\"]*)")
_HERE = re.compile(r"(?:.*@)?(?:localhost|127\.[\d.]+|0\.0\.0\.0|\[::1\])(?::.*)?")
_NO_CALL = frozenset(("[", "[[", "case", "for", "select", "="))
_SUM_FILE = re.compile(r"(?:sha\d+|md5|checksum|sum)s?(?:sums?)?(?:\.\w+)?(?:[?#].*)?$", re.IGNORECASE)
_RUNS_OUTPUT = re.compile(r"""(?:\beval|\b[a-z]{0,3}sh\s(?:-\S+\s+){0,3}-\w*c)\s+["']?(?:\$\(|`)""")
# A program, a package, an archive, or what these are trusted by: by where it goes or what it is called.
_KEPT = re.compile(
    r"(?:>{0,2}/(?:etc/(?:apk|apt|pki|ssl|yum\.repos\.d)|usr/(?:local/)?share/(?:ca-certificates|keyrings))/.*"
    r"|[^?#]*/s?bin/[^/?#]+|[^?#]*\.(?:AppImage|apk|bin|bz2|deb|exe|gem|gz|jar|msi|phar|py|rpm|run|sh|so|t[bgx]z2?|tar|war"
    r"|whl|xz|zip|zst))(?:[?#].*)?"
)
# They take what comes without TLS as it comes: the sums of what they get come from the same place.
_FROM_ANYBODY = frozenset((*_LANGUAGES, "dnf", "easy_install", "microdnf", "rpm", "tdnf", "uv", "yum"))

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
        gets = package_action((program, *words)) in (Act.INSTALL, Act.UPGRADE)
        return gets or not {"download", "fetch"}.isdisjoint(words)
    if program in _WHATEVER and _ONLY_TELLS.isdisjoint(words):
        return bool(words) or program.startswith(("do-", "unattended-"))
    if program in ("R", "Rscript", "julia") and any(map(_FROM_R.search, words)):
        return True
    if command == ("yarn",):
        return True
    local = _LOCAL.get(program)
    language = _LANGUAGES.get(re.sub("[0-9.]+$", "", program), ())
    if any(word in language or (local and local.fullmatch(word)) for word in words):
        return True
    verb = next((word for word in words if not word.startswith("-")), "")
    return verb == "install" and program not in _BUILDERS  # a tool that no list names


def unknown(step: Step) -> Iterator[str]:
    """The scripts in files and the programs that a step runs, of which nobody knows what they install or get."""
    if not TOLD.match(step.text):  # the name of a builder
        return
    got = (call.words for call in step.script.calls if any(map(_ADDRESS.search, call.words)))
    judged = {_name((word,)) for words in got for word in words}
    yield from (each for each in untold.unknown(step.script, _is_known) if _name((each,)) not in judged)


def _is_known(program: str) -> bool:
    return bool(_KNOWN.intersection((program, re.sub("[0-9.]+$", "", program))))


def _name(command: Command) -> str:
    return command[0].rpartition("/")[2]


def unverified(step: Step) -> Iterator[str]:
    """The switches of a step that turn off the check of what it installs."""
    for command in step.commands:
        yield from (f"{command[0]} {word}" for word in command[1:] if _ASSENT.sub("", word) in _SWITCH)
        if command[0] not in ONLY_NAMES and _CONDAS.intersection(_name((word,)) for word in command):
            yield from (f"conda {word}" for word in command if word in ("-k", "--insecure"))
        of_zypper = any(_name((word,)) == "zypper" for word in command)
        if of_zypper and {"ar", "addrepo", "mr", "modifyrepo"}.intersection(command):
            yield from (f"zypper {word}" for word in command if re.fullmatch("-[a-zA-Z]*G[a-zA-Z]*", word))
        if any("pip" in word for word in command):
            yield from ("pip --trusted-host" for word in command if word.startswith("--trusted-host"))
    text = f"{step.build_arguments} {step.argument}" if step.keyword in ("RUN", "ENV") else ""
    yield from (" ".join(match[0].split()) for match in _SETTING.finditer(text))
    yield from _insecure_downloads(step)
    yield from _from_anybody(step.commands)


def downloads(step: Step) -> Iterator[str]:
    """The programs with which a step gets something from elsewhere, where it looks at no sum or signature of it."""
    words = step.argument.split() if step.keyword == "ADD" else []
    if not any(each.startswith("--checksum=") for each in words):
        yield from ("ADD" for word in words[:-1] if _ADDRESS.match(word))
    checks = Checks(step)
    for place, call in enumerate(step.script.calls):
        command, program = call.words, _name(call.words)
        if command[0] in ONLY_NAMES or command[0] in _NO_CALL or program in PROGRAMS or program in _LANGUAGES:
            continue
        hosts = [match["host"] for word in command for match in _ADDRESS.finditer(word)]
        fetches = any(not _HERE.fullmatch(host) for host in hosts) or (
            not hosts and _fetches(program, command[1:])
        )
        if fetches and not checks.cover(place):
            yield program


def _fetches(program: str, words: Command) -> bool:
    if program not in FETCHES:
        return False
    verbs = FETCHES[program]
    given = [
        word for word in words if not word.startswith("-") and not _HERE.fullmatch(word.partition("/")[0])
    ]
    return bool(given) if verbs is None else not verbs.isdisjoint(given)


def _insecure_downloads(step: Step) -> Iterator[str]:
    """Downloads from anybody who answers, used or kept without a look at a sum or signature."""
    commands, runs_output = step.commands, _RUNS_OUTPUT.search(step.argument)
    checks = Checks(step)
    trusted = checks.signed or not any(map(_gets_sums_from_anybody, commands))
    calls = step.script.calls
    for place, command in enumerate(call.words for call in calls):
        used = runs_output or any(_name(later.words) in _USE for later in calls[place + 1 :])
        if command[0] in ONLY_NAMES or not (used or any(map(_KEPT.fullmatch, command[1:]))):
            continue
        if not (trusted and checks.cover(place)):
            yield from (f"{program} {how}" for program, how, _ in _weak_fetches(command))


def _weak_fetches(command: Command) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Where a command gets something from anybody who answers: the program, why, and the addresses."""
    for place, word in enumerate(command):
        program = word.rpartition("/")[2]
        if program in FETCHES:
            rest = command[place + 1 :]
            pattern, addresses = _INSECURE.get(program), tuple(_addresses(rest))
            yield from ((program, each, addresses) for each in rest if pattern and pattern.fullmatch(each))
            if any(re.match("(?:ftp|git|http)://", each) for each in addresses):
                yield program, "without TLS", addresses
            break


def _gets_sums_from_anybody(command: Command) -> bool:
    """Whether the sums that something is held against come from anybody who answers: who changes it changes them."""
    return any(_SUM_FILE.search(address) for _, _, found in _weak_fetches(command) for address in found)


def _from_anybody(commands: tuple[Command, ...]) -> Iterator[str]:
    """Addresses without TLS that a package manager is told to trust."""
    for command in commands:
        named = (_name((word,)) for word in command)
        program = next((each for each in named if re.sub("[0-9.]+$", "", each) in _FROM_ANYBODY), "")
        if program and command[0] not in ONLY_NAMES:
            yield from (f"{program} {each}" for each in _addresses(command) if each.startswith("http://"))


def _addresses(words: Command) -> Iterator[str]:
    """The addresses elsewhere among *words*, without those of proxies and of the page that one comes from."""
    for before, word in itertools.pairwise(("", *words)):
        address = re.search(r"[a-z]{3,5}://(?P<host>[^/\s]*)\S*", word)
        if address is None or _HERE.fullmatch(address["host"]) or before in ("-x", "-e", "--referer"):
            continue
        if "proxy" not in before + word[: address.start()]:
            yield address[0]
