"""Audit rules as auditctl(8) writes them, in its list of loaded rules and in files.

Tried on a kernel: over all rules, whether of files, directories or everything, the first one that matches
decides; one with a path follows links on the way to it, but one whose path *is* a link watches the link and
not its target. auditctl lists every rule on a path and permissions, and on nothing else, as if it had been made
with -w: one that says `never` too, and one that has them in another order as ` -p wa-w PATH`. Of one on permissions
alone it lists ` -p wa`.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from hullcheck.parsing.proc.mountinfo import is_below

_OPTION = re.compile(r"(?:^|\s)-([a-zA-Z])\s++(\S*+(?:\s++(?!-[a-zA-Z]\s)\S++)*)")
_SWAPPED = re.compile(r"(?P<before> -[kp] \S.*?)-w (?P<path>/.*?)(?P<after>(?: -[kp] .*)?)")
_NO_PATH = re.compile(r" -p (?P<permissions>[rwxa]+)(?: -k .*)?")
_FIELD = re.compile(r"([a-z0-9_]+)\s*(!=|>=|<=|&=|=|>|<|&)\s*(.*)")
_LABEL = re.compile(r"(subj|obj)_(user|type|sen|clr|lev_low|lev_high)\W")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        text: as auditctl prints it, or the file has it.
        list: `exit`, `task`, `exclude`, ...
        action: `always` or `never`.
        path: what it watches, with the links on the way resolved; empty where it names nothing.
        tree: whether that stands for all that lies below it too; None where nothing tells.
        permissions: of `rwxa`; all of them where nothing is said.
        arch: `b64` or `b32`; empty for both.
        calls: the system calls to which it keeps; empty for all.
        limits: what else leaves out some accesses: `auid>=1000`.
        name: of what it watches, as it was written.
    """

    text: str
    list: str = "exit"
    action: str = "always"
    path: str = ""
    tree: bool | None = False
    permissions: frozenset[str] = frozenset("rwxa")
    arch: str = ""
    calls: frozenset[str] = frozenset()
    limits: tuple[str, ...] = field(default=())
    name: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """The key of its records; empty where it has none."""
        match = re.search(r"(?:-k\s+|-F\s+key=)(\S+)", self.text)
        return match[1] if match else ""

    def is_about(self, target: str) -> bool:
        """Whether it can match an access to *target*, an absolute path without links."""
        if not self.path or self.path == target:
            return True
        return self.tree is not False and is_below(target, self.path)

    def is_watch_of(self, target: str) -> bool:
        """Whether it is on *target* alone."""
        return self.path == target and not self.tree

    @property
    def is_about_labels(self) -> bool:
        """Whether it is about labels that SELinux alone gives to processes and files; roles AppArmor has as well."""
        return any(map(_LABEL.match, self.limits))

    def as_never(self) -> "Rule":
        """The same as what it is in the kernel, where auditctl lists a rule that records nothing like a watch."""
        return replace(self, action="never", text=f"{self.text} (never)")

    def matches(self, arch: str, permission: str) -> bool:
        """Whether it can match a change by a program of *arch* that `permission` stands for: w or a."""
        return permission in self.permissions and self.arch in ("", arch)


def parse(text: str, resolved: Mapping[str, str], kind: str = "") -> Rule | None:
    """The rule in a line; None where it is none.

    Args:
        resolved: paths of rules, with the links on the way to them resolved.
        kind: what the kernel says that it is: `tree`, `watch` or `rule`, and `never` where it records nothing; empty
            where it was not asked.
    """
    if swapped := _SWAPPED.fullmatch(text):
        text = f"-w {swapped['path']}{swapped['after']}{swapped['before']}"
    if bare := _NO_PATH.fullmatch(text):
        rule = Rule(text.strip(), permissions=frozenset(bare["permissions"]))
        return rule if kind == "rule" else rule.as_never()  # the worse of both where nothing tells
    options = [(match[1], match[2].strip()) for match in _OPTION.finditer(text)]
    if not options or options[0][0] not in "waA":
        return None
    if options[0][0] == "w":
        words = dict(options)
        permissions = frozenset(words.get("p", "rwxa"))
        path = _resolved(words["w"], resolved)
        rule = Rule(text, path=path, tree=_tree(kind), permissions=permissions, name=words["w"])
        return rule.as_never() if kind.endswith("never") else rule
    return _syscall_rule(text, options, resolved)


def _tree(kind: str) -> bool | None:
    """auditctl prints a rule on a file and one on a directory's whole tree alike, with -w."""
    return {"tree": True, "watch": False}.get(kind.partition(" ")[0])


def _resolved(path: str, resolved: Mapping[str, str]) -> str:
    """The same path without links on the way, and without `..`; what does not exist stays as it is."""
    path = path.rstrip("/") or "/"
    return posixpath.normpath(resolved.get(path, path))


def _syscall_rule(text: str, options: list[tuple[str, str]], resolved: Mapping[str, str]) -> Rule:
    """`-a ACTION,LIST -F FIELD …`; the two words stand in any order."""
    words = options[0][1].split(",")
    fields = [
        (match[1], match[2], match[3])
        for name, value in options
        if name == "F" and (match := _FIELD.match(value))
    ]
    plain = {name: value for name, operator, value in fields if operator == "="}
    path = plain.get("dir") or plain.get("path") or ""
    return Rule(
        text,
        list=next((word for word in words if word not in ("always", "never", "possible")), ""),
        action="never" if "never" in words else "always",
        path=_resolved(path, resolved) if path else "",
        tree="dir" in plain,
        permissions=frozenset(plain.get("perm", "rwxa")),
        arch=_arch(plain.get("arch", "")),
        calls=_calls(options),
        limits=(*_narrowing(fields), *_comparisons(options)),
        name=path,
    )


def _arch(name: str) -> str:
    """`x86_64` and `i386` are other words for these."""
    return {"x86_64": "b64", "aarch64": "b64", "i386": "b32", "i686": "b32"}.get(name, name)


def _narrowing(fields: Iterable[tuple[str, str, str]]) -> list[str]:
    """The fields that leave out accesses to what the rule watches."""
    harmless = ("key", "perm", "path", "dir", "arch")
    return [
        name + operator + value for name, operator, value in fields if name not in harmless or operator != "="
    ]


def _comparisons(options: Iterable[tuple[str, str]]) -> list[str]:
    return [f"-C {value}" for name, value in options if name == "C"]


def _calls(options: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The system calls to which the rule keeps; none where it takes all."""
    calls = frozenset(call for name, value in options if name == "S" for call in value.split(","))
    return frozenset() if "all" in calls else calls
