"""Whether what a step of an image downloads is held against a sum or a signature."""

import itertools
import re
from collections.abc import Sequence

from hullcheck.facts.images.steps import Step
from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.script import ASSIGNS, Call, Command, Guard

_SUMS = re.compile(r"(?:sha\d+|md5|b2|ck)sum|shasum|openssl")
_VERIFIERS = re.compile(r"cosign|minisign|gpgv|slsa-verifier|notation|signify")
_COMPARES = frozenset(("[", "[[", "test", "grep", "cmp", "diff", "case"))
_DOWNLOADERS = "aria2c axel curl fetch ftp http https lynx rsync scp wget wget2 xh"
FETCHES = {
    **dict.fromkeys(_DOWNLOADERS.split()),
    **dict.fromkeys(
        ("aws", "gcloud", "gsutil", "mc", "rclone", "s3cmd"),
        frozenset(("cp", "copy", "get", "rsync", "sync")),
    ),
    **dict.fromkeys(("az", "gh", "hf", "huggingface-cli", "kaggle"), frozenset(("download",))),
    **dict.fromkeys(("crane", "helm", "oras", "podman", "skopeo"), frozenset(("copy", "export", "pull"))),
    "git": frozenset(("clone", "fetch", "pull", "submodule")),
    "hg": frozenset(("clone", "pull")),
    "svn": frozenset(("checkout", "co", "export")),
}
"""Programs that get files from elsewhere, with the words that make those do so that do more."""
_STOPS_BY_ITSELF = re.compile(
    r"(?:\bset|sh) (?:[-+]\S+ (?:pipefail )?)*(?:-[A-Za-z]*e|-[A-Za-z]*o errexit)|errexit"
)
_GOES_ON = frozenset((";", "\n", "&"))
_STOPS = frozenset(("exit", "false", "kill", "return"))
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PRINTS = frozenset(("echo", "printf"))
_MOVES = frozenset(("cp", "install", "ln", "mv"))
_USE = frozenset(("bsdtar", "cpio", "perl", "php", "python", "python3", "ruby", "tar", *SHELLS))
_BRANCHES = frozenset(("if", "case", "&&", "||"))
_LINE_OF_SUM = re.compile(r"\S+\s+\*?(?P<name>[\w./+-]+)")
_FILE = re.compile(r"[\w.+-]+")
_PROOF = re.compile(r"(?:\.(?:asc|md5|minisig|sha\d+|sig|sign)|sums?(?:\.\w+)?)$", re.IGNORECASE)
_REDIRECTION = re.compile(r">+(?P<name>.*)")
_OUTPUT = {
    "curl": re.compile(r"(?:-[a-zA-Z]*?o|--output(?:=|$)|>+)(?P<name>.*)"),
    "wget": re.compile(r"(?:-[a-zA-Z]*?O|--output-document(?:=|$)|>+)(?P<name>.*)"),
}


class Checks:
    """The checks of a step that end it where a sum or signature is wrong.

    One that is only printed, or whose failure is passed over as in `sha256sum --check || true` or
    `sha256sum --check; tar ...`, is compared with nothing.
    """

    def __init__(self, step: Step) -> None:
        """Find the checks of *step*."""
        self._calls = step.script.calls
        stops = bool(_STOPS_BY_ITSELF.search(step.text))
        counted = [at for at in range(len(self._calls)) if not _is_passed_over(at, self._calls, stops=stops)]
        compares = any(self._calls[at].words[0] in _COMPARES for at in counted)
        self._places = [at for at in counted if _is_check(self._calls[at].words, compares=compares)]
        self.signed = any(_is_signature(self._calls[at].words) for at in self._places)

    def cover(self, place: int) -> bool:
        """Whether one of them looks at what the call at *place* of the script downloads.

        It stands behind the download, in no branch that is not the download's own, and does not name other files alone.
        What goes straight to a shell or an unpacker is used before any check.
        """
        own = _branches(self._calls[place])
        piped_to = self._calls[place + 1 : place + 2] if self._calls[place].end == "|" else ()
        return not any(_program(each.words) in _USE for each in piped_to) and any(
            at >= place and _branches(self._calls[at]) <= own and self._may_be_of(at, place)
            for at in self._places
        )

    def _may_be_of(self, at: int, place: int) -> bool:
        named = _named_by_sums(self._calls, at)
        got = _kept_as(self._calls[place].words)
        moved = any(call.words[0] in _MOVES for call in self._calls[place:at])
        return moved or not named or not got or got in named or bool(_PROOF.search(got))


def _branches(call: Call) -> frozenset[Guard]:
    return frozenset(each for each in call.guards if each.kind in _BRANCHES)


def _is_check(command: Command, *, compares: bool) -> bool:
    """Whether it checks something; *compares* is whether the script compares what it prints."""
    if _is_signature(command) or _names_commit(command):
        return True
    checks = any(each == "--check" or re.fullmatch("-[a-zA-Z]*c[a-zA-Z]*", each) for each in command[1:])
    return bool(_SUMS.fullmatch(_program(command))) and (checks or compares)


def _is_signature(command: Command) -> bool:
    """Whether it looks at a signature."""
    name = _program(command)
    asked = name not in FETCHES and not {"--verify", "-verify"}.isdisjoint(command)
    return asked or bool(_VERIFIERS.fullmatch(name))


def _names_commit(command: Command) -> bool:
    """Whether it takes a state of a repository by its sum."""
    return "git" in map(_program, ((word,) for word in command)) and any(map(_COMMIT.fullmatch, command))


def _is_passed_over(number: int, calls: Sequence[Call], *, stops: bool) -> bool:
    """Whether the script goes on where this command fails.

    Args:
        stops: whether the shell was told to end at any command that fails.
    """
    if not stops and calls[number].end in _GOES_ON and number + 1 < len(calls):
        return calls[number].words[0] not in _COMPARES
    instead = [call.words[0] for call in calls if Guard("||", number) in call.guards]
    return bool(instead) and _STOPS.isdisjoint(instead)


def _named_by_sums(calls: Sequence[Call], at: int) -> frozenset[str]:
    """The files of which the sums are printed for the check at this place; empty where that is not told."""
    before = calls[at - 1].words if at else (ASSIGNS,)
    if before[0] not in _PRINTS or not _SUMS.fullmatch(_program(calls[at].words)):
        return frozenset()
    lines = " ".join(before[1:]).replace("\\n", "\n").strip().splitlines()
    found = [_LINE_OF_SUM.fullmatch(each.strip()) for each in lines]
    return frozenset(each["name"].rpartition("/")[2] for each in found if each) if all(found) else frozenset()


def _kept_as(command: Command) -> str:
    """The name of the file that a download becomes, without its folder; empty where that is not told."""
    option = _OUTPUT.get(_program(command), _REDIRECTION)
    found = ((option.fullmatch(word), after) for word, after in itertools.pairwise((*command, "")))
    names = (match["name"] or after for match, after in found if match)
    name = next((each for each in names if not each.startswith("/dev/")), "")
    name = (name or (command[-1] if "://" in command[-1] else "")).rpartition("/")[2]
    return name if _FILE.fullmatch(name) else ""


def _program(command: Command) -> str:
    return command[0].rpartition("/")[2]
