"""What decides how a command ends: the service in its container, or nothing that this does.

A program that is not known here counts as one that looks at the service. Those that are known look at files, at what
comes to them by a pipe, or at nothing at all.
"""

import re
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise


class Cause(IntEnum):
    """What decides how a command ends."""

    NOTHING = 0
    """It always ends alike, whatever the service does."""
    UNSURE = 1
    """Perhaps the service: what the command looks at is not known."""
    SERVICE = 2


Ends = frozenset[tuple[bool, Cause]]
"""How a command may end: whether well, and what decides that."""
GOOD: Ends = frozenset(((True, Cause.NOTHING),))
BAD: Ends = frozenset(((False, Cause.NOTHING),))


def either(cause: Cause) -> Ends:
    """The ends of a command that may fail, as *cause* decides."""
    return frozenset(((True, cause), (False, cause)))


def joined(ends: Ends, cause: Cause) -> Ends:
    """*ends* of a command that is run at all as *cause* decides."""
    return frozenset((good, max(each, cause)) for good, each in ends)


def worst(ends: Ends) -> Cause:
    """What decides which of these it is."""
    return max((cause for _, cause in ends), default=Cause.NOTHING)


# ---- paths

_NETWORK = ("/dev/tcp/", "/dev/udp/")
_FOLDERS = (
    "/(?:tmp|run|var|home|root|opt|srv|mnt|media|etc|dev|proc)?/?|/var/(?:run|log|lib|tmp|cache|spool)/?"
)
_BROUGHT = re.compile(
    rf"""{_FOLDERS} | /(?:usr|s?bin|lib(?:32|64|x32)?|sys|boot)(?:/.*)?
    | /etc/(?:hostname|hosts|passwd|group|shadow|resolv\.conf|(?:os|alpine|redhat|system)-release|issue|profile|shells
        |debian_version|services|protocols|localtime|nsswitch\.conf|ssl(?:/.*)?)
    | /dev/(?!tcp/|udp/|shm/|mqueue/).* | /proc/(?:1|self|thread-self|sys|version|cpuinfo|meminfo|uptime
        |loadavg)(?:/.*)?""",
    re.VERBOSE,
)
"""Paths that are there in every container, and those of programs, which the image brings along."""
_MAY_BE_BROUGHT = re.compile(r"/(?:etc|opt|home|root|app|srv|var/www)/.*|[^/$].*")
"""Paths that the image brings along, if it is not the service that writes them."""
_STATE = re.compile(rf"/proc/(?!(?:self|1)/(?:cmdline|comm|exe|environ)|sys/|version|cpuinfo).*|{_FOLDERS}")
"""What is there tells of processes and connections, or of files that come and go."""
_SCRATCH = re.compile(r"/(?:tmp|var/tmp|dev)(?:/.*)?|\d*-?|/proc/(?:1|self)/fd/\d")


def of_path(path: str) -> Cause:
    """What decides whether there is a file of this name."""
    if path.startswith(_NETWORK):
        return Cause.SERVICE
    if _BROUGHT.fullmatch(path):
        return Cause.NOTHING
    return Cause.UNSURE if _MAY_BE_BROUGHT.fullmatch(path) else Cause.SERVICE


def of_content(path: str) -> Cause:
    """What decides what is in the file of this name."""
    return Cause.SERVICE if _STATE.fullmatch(path) else of_path(path)


def of_written(path: str) -> Cause:
    """What decides whether a file of this name can be written."""
    if path.startswith(_NETWORK):
        return Cause.SERVICE
    return Cause.NOTHING if _SCRATCH.fullmatch(path) else Cause.UNSURE


# ---- programs that start others

_STARTS = {
    **dict.fromkeys(("busybox", "toybox", "exec", "builtin", "nohup", "setsid", "time", "--", "-"), ("", 0)),
    **dict.fromkeys(("command", "tini", "setpriv"), ("", 0)),
    "env": ("uCS", 0),
    "nice": ("n", 0),
    "ionice": ("cnp", 0),
    "stdbuf": ("ioe", 0),
    "sudo": ("ugCpr", 0),
    "doas": ("uC", 0),
    "xargs": ("InPLdEs", 0),
    "timeout": ("ks", 1),
    "flock": ("wE", 1),
    "chroot": ("", 1),
    "gosu": ("", 1),
    "su-exec": ("", 1),
}
"""Programs that run what follows and end as it does: their options with a value, and how many words come first."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=.*", re.DOTALL)


def name_of(program: str) -> str:
    """A program without its folder."""
    return program.rpartition("/")[2]


def takes_value(program: str, option: str) -> bool:
    """Whether the word behind an option of a program that starts others is the option's value."""
    return len(option) == 2 and program in _STARTS and option[1] in _STARTS[program][0]


def started(words: Sequence[str]) -> list[str]:
    """A command without what is set before it, and without programs that only start it."""
    rest = without_assignments(words)
    while len(rest) > 1 and (own := _STARTS.get(name := name_of(rest[0]))) is not None:
        if rest[0] == "command" and rest[1] in ("-v", "-V"):
            break
        del rest[0]
        while rest and re.fullmatch("-.+", rest[0]):
            del rest[: 2 if takes_value(name, rest[0]) else 1]
        rest = without_assignments(rest[own[1] :])
    return rest


def without_assignments(words: Sequence[str]) -> list[str]:
    """A command without the variables that are set before it."""
    first = next((number for number, word in enumerate(words) if not _ASSIGNMENT.match(word)), len(words))
    return [*words[first:]]


# ---- programs

_ALWAYS_WORDS = """
    : true echo printf date pwd uname id whoami hostname sleep arch nproc uptime env printenv groups logname tty df free
    basename dirname seq yes umask ulimit set export readonly local declare typeset unset alias type hash command which
    jobs sync history shift lscpu wait
"""
_ALWAYS = frozenset(_ALWAYS_WORDS.split())
"""They look at nothing of a service. Where one is missing, the check fails always, and nobody calls that healthy."""
_FILE_WORDS = """
    base64 cat chmod chown cksum cp cut du file find fold head hexdump less ls md5sum more mv nl od readlink realpath
    rev rm rmdir sed sha1sum sha256sum sha512sum sort stat strings tac tail tr uniq wc xxd
"""
_OF_FILES = frozenset(_FILE_WORDS.split())
"""They fail where a file is not there. What is in it, or comes by a pipe, does not matter."""
_TAKE_WORDS = frozenset(("cut", "fold", "sed", "sort", "tr", "uniq"))
"""Of the words that they are given some are no files."""
_CONTENT_WORDS = "awk cmp diff egrep fgrep gawk grep jq mawk read xmllint yq zgrep"
_OF_CONTENT = frozenset(_CONTENT_WORDS.split())
"""What is in the files, or comes by a pipe, decides how they end."""
_COUNTS = re.compile("-[A-Za-z]*[ABCm]")
"""Options of grep with a number."""
_WRITE = frozenset(("dd", "ln", "mkdir", "mktemp", "tee", "touch", "truncate"))
_GIVES_CODE = {
    "-c": r"python[0-9.]*|pypy3?",
    "-e": r"node(?:js)?|perl|ruby|lua|deno|bun",
    "-r": r"php[0-9.]*",
}
"""Interpreters, by the option with which they are given a program."""
_REACHES = re.compile(
    "connect|curl|exists|fetch|get\\(|http|is_?file|open\\(|ping|pgrep|query|request|sock|stat\\(|subprocess|system|urlopen"
)
_ONLY_SAYS = re.compile("--?(?:version|help)|-[vVh]")
_SHOW = frozenset(("mount", "netstat", "ps", "ss", "top"))
"""They show what is there, and end well whatever that is."""
_TRY_SETTINGS = re.compile(
    r"(?:nginx|openresty|angie)\b.* -[tTq]+\b.*|(?:apache2?ctl|apache2|httpd)\b.* (?:-[tSM]|configtest)\b.*"
    r"|haproxy\b.* -c\b.*|php-?fpm[\d.]*\b.* -t+\b.*|sshd\b.* -[tT]\b.*|(?:named|unbound)-checkconf\b.*"
    r"|caddy validate\b.*|promtool check (?:config|rules)\b.*"
)
"""Servers and tools that read the settings of a service, and do not ask it anything."""
_ASK_OTHERS = re.compile(
    r"(?:go|openssl) version|dpkg(?:-query)? .*|apk info\b.*|rpm -.*|ps\b.* -p ?1(?: .*)?|(?:curl|wget)\b.* file:.*"
)
"""They ask for what is installed, for process 1, or for a file of the image: each is always there, or never."""
_HERE = re.compile(r"localhost|127\.[\d.]+|::1|0\.0\.0\.0|ip6-localhost|\$|hostname")


def ends_of(words: Sequence[str], given: Cause, piped: Cause) -> Ends:
    """How a program ends that is started with these words.

    Args:
        given: what decides what is filled into its words.
        piped: what decides what it reads.
    """
    name, rest = name_of(words[0]), [*words[1:]]
    if name == "false":
        return BAD
    line = " ".join((name, *rest))
    asks_another = _TRY_SETTINGS.fullmatch(line) or _ASK_OTHERS.fullmatch(line)
    if name in _ALWAYS or asks_another or (rest and all(map(_ONLY_SAYS.fullmatch, rest))):
        return GOOD
    if name in ("[", "[[", "test"):
        return _of_test([each for each in rest if each not in ("]", "]]")], given)
    cause = max(given, _cause(name, rest, piped))
    if cause is Cause.NOTHING and name not in _OF_CONTENT and name != "expr":
        return GOOD
    return either(cause)


def output_of(words: Sequence[str], given: Cause, piped: Cause) -> Cause:
    """What decides what a program prints that is started with these words."""
    name = name_of(words[0])
    if name in _OF_FILES | _OF_CONTENT:
        return max((*map(of_content, _operands(name, words[1:])), given, piped))
    known = name in _ALWAYS or name in ("false", "test", "[") or name in _WRITE
    return max(given, piped if name == "tee" else Cause.NOTHING) if known else Cause.SERVICE


def _operands(name: str, words: Sequence[str]) -> list[str]:
    """Those of the words of a program that name files."""
    searches = name.endswith("grep")  # what it looks for may be a number, as that of a port in /proc/net/tcp
    found = [
        each
        for before, each in pairwise(("", *words))
        if not each.startswith("-") and not (each.isdigit() and (not searches or _COUNTS.fullmatch(before)))
    ]
    if name in _TAKE_WORDS:
        return [each for each in found if each.startswith(("/", "./"))]
    return found[1:] if name in _OF_CONTENT - {"cmp", "diff"} else found


def _cause(name: str, words: Sequence[str], piped: Cause) -> Cause:
    """What decides how a program ends."""
    operands = _operands(name, words)
    if name in _OF_FILES:
        quiet = name == "rm" and any(re.fullmatch("-[a-z]*f[a-z]*|--force", each) for each in words)
        return Cause.NOTHING if quiet else max(map(of_path, operands), default=Cause.NOTHING)
    if name in _OF_CONTENT:
        return max([*map(of_content, operands), piped])
    if name in _WRITE:
        return max(map(of_written, operands), default=Cause.NOTHING)
    if name == "kill":
        asks = bool({"-0", "0"}.intersection(words))  # process 1 is there as long as the container is
        return Cause.NOTHING if asks and words[-1] in ("1", "$$") else Cause.SERVICE
    if name in ("getent", "ping"):
        return Cause.NOTHING if any(map(_HERE.match, operands)) else Cause.UNSURE
    if name in _SHOW:
        return Cause.SERVICE if name == "ps" and {"-C", "-p"}.intersection(words) else Cause.NOTHING
    return Cause.NOTHING if name == "expr" else _of_code(name, words, piped)


def _of_code(name: str, words: Sequence[str], piped: Cause) -> Cause:
    """What decides how an interpreter ends, or another program."""
    for option, names in _GIVES_CODE.items():
        if re.fullmatch(names, name) and option in words:
            code = " ".join(words[words.index(option) + 1 :])
            return Cause.SERVICE if _REACHES.search(code) else max(Cause.UNSURE, piped)
    return Cause.SERVICE


# ---- tests


def _of_test(words: list[str], given: Cause) -> Ends:
    """How `test` ends with these words."""
    if words[:1] == ["!"]:
        return frozenset((not good, cause) for good, cause in _of_test(words[1:], given))
    if not words:
        return BAD
    if len(words) > 3:
        return either(max(map(_of_word, words), default=given) if given is Cause.NOTHING else given)
    if len(words) == 2 and re.fullmatch("-[a-hkprstuwxGLNOS]", words[0]):
        cause = max(given, of_path(words[1]))
        return either(cause) if cause else GOOD
    if given or any(sign in each for each in words for sign in "$*?"):
        return either(given)
    return _of_constants(words)


def _of_word(word: str) -> Cause:
    return of_path(word) if word.startswith("/") else Cause.NOTHING


def _of_constants(words: list[str]) -> Ends:
    if len(words) == 1:
        return GOOD if words[0] else BAD
    if len(words) == 2:
        return GOOD if (words[0] == "-n") == bool(words[1]) else BAD
    if words[1] in ("=", "==", "-eq"):
        return GOOD if words[0] == words[2] else BAD
    equal = words[0] == words[2] and words[1] in ("-le", "-ge")
    return GOOD if equal else either(max(map(_of_word, words)))
