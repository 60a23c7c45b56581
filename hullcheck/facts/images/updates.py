"""Whether a step refreshes the index of a package manager, or upgrades packages, and installs nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hullcheck.facts.images.package_managers import (
    ONLY_NAMES,
    Act,
    act_of_any,
    act_of_unknown,
    family_of,
    invoked_manager,
    names_update,
)
from hullcheck.facts.images.steps import Step
from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.script import Call, Command, Guard, Script, read_script

# Programs that install what their own files or arguments say, often with a package manager.
_MAY_INSTALL_WORDS = """
    ansible-playbook debootstrap gdebi install_packages make mk-build-deps npx playwright rosdep tasksel
"""
_MAY_INSTALL = frozenset((*_MAY_INSTALL_WORDS.split(), *SHELLS, ".", "source"))
_USUAL_FOLDERS = frozenset(("/bin", "/sbin", "/usr/bin", "/usr/sbin"))
# Scripts of the makers of packages that add their source, refresh the index, and install nothing.
_ADDS_SOURCE = re.compile(
    r"https?://(?:(deb|rpm)\.nodesource\.com/setup\S*|\S+/(?:script|setup)\.(deb|rpm)\.sh\S*|\S+/(?:add-)?repo-?(deb|rpm)\.sh)"
)
# Of Debian and Ubuntu; they refresh the index where they are new enough.
_SOURCE_ADDERS = frozenset(("add-apt-repository", "apt-add-repository"))
_REFRESHES_NOT = frozenset(("-h", "-l", "-n", "--help", "--list", "--no-update"))
_INDEX = {"deb": "apt-get", "rpm": "dnf"}
_DEEPEST = 4  # texts inside of texts
_NOT_PLAIN = frozenset(" \t\n()[]{},;&|")  # a word that holds one of these may be a script of some kind


@dataclass(frozen=True)
class UnpairedUpdate:
    """What a step does with a package manager, and no installation to go with it.

    Attributes:
        certain: whether that is evident; where not, it is not told that it installs.
    """

    act: Act
    certain: bool


@dataclass(frozen=True)
class _Done:
    """What one command does.

    Attributes:
        family: the package manager; None where it may be any.
        number: of the command in its script.
    """

    act: Act
    family: object
    guards: frozenset[Guard]
    number: int
    certain: bool = True


def unpaired_update(step: Step) -> UnpairedUpdate | None:
    """A refresh after which the step installs nothing, or an upgrade in a step that installs nothing."""
    found = _alone(tuple(_done(step.script)))
    return UnpairedUpdate(found.act, found.certain) if found else None


def _alone(done: Sequence[_Done]) -> _Done | None:
    """What is alone among all that is done; what is so for certain comes first."""
    doubtful = None
    for place, each in enumerate(done):
        if each.act in (Act.INSTALL, Act.UNKNOWN):
            continue
        others = done[place + 1 :] if each.act is Act.REFRESH else done
        if any(_belongs(other, each) for other in others):
            continue
        if each.certain and not any(_may_belong(other, each) for other in others):
            return each
        doubtful = doubtful or replace(each, certain=False)
    return doubtful


def _belongs(install: _Done, update: _Done) -> bool:
    """Whether it installs with what *update* brought, wherever that was done."""
    same = install.act is Act.INSTALL and install.family == update.family
    return same and install.guards <= update.guards


def _may_belong(install: _Done, update: _Done) -> bool:
    if Guard("||", update.number) in install.guards:  # done only where the update failed
        return False
    unsure = not {None, update.family}.isdisjoint({install.family}) or _is_variable(install.family)
    return install.act is Act.UNKNOWN or (install.act is Act.INSTALL and unsure)


def _is_variable(family: object) -> bool:
    return isinstance(family, str) and family.startswith("$")


def _done(script: Script, depth: int = 0) -> Iterator[_Done]:
    """What the commands of a script do, in their order; what is in here-documents comes last.

    Args:
        depth: in how many texts it is found, one inside the other.
    """
    runs_files = any(_runs_a_file(call, script) for call in script.calls)
    for number, call in enumerate(script.calls):
        if any(guard.kind == "function" for guard in call.guards):
            continue  # it is done where the function is called
        found = _by_a_manager(call.words) or _by_adding_a_source(call.words)
        if found is not None:
            act, family, certain = found
            yield _Done(act, family, call.guards, number, certain)
        elif _runs_a_file(call, script):
            yield _Done(Act.UNKNOWN, None, call.guards, number)
        if found is None and (runs_files or call.words[0] not in ONLY_NAMES):
            for word in call.words:
                yield from _in_text(word, call.guards, number, depth + 1)
    for reader, text in script.texts:
        if runs_files or reader not in ONLY_NAMES:
            yield from _in_text(text, frozenset(), len(script.calls), depth + 1)


def _by_a_manager(words: Command) -> tuple[Act, object, bool] | None:
    """What a command does with a package manager, with which, and whether that is certain."""
    family, act = invoked_manager(words) or (None, None)
    if act:
        return act, family, True
    operands = [word for word in words[1:] if not word.startswith("-")]
    is_filled_in = bool(operands) and all(word.startswith("$") for word in operands)
    if family and (is_filled_in or names_update(" ".join(words))):
        return Act.REFRESH, family, False
    if words[0].startswith("$"):
        act = act_of_any(words[1:])
        return (act, f"${words[0].strip('${}')}", False) if act else None
    act = None if family else act_of_unknown(words)
    return (act, words[0].partition(".")[0], False) if act else None


def _by_adding_a_source(words: Command) -> tuple[Act, object, bool] | None:
    """What a command does that adds a source of packages, or the script for it does that it fetches and that is run."""
    if words[0].rpartition("/")[2] in _SOURCE_ADDERS and _REFRESHES_NOT.isdisjoint(words):
        return Act.REFRESH, family_of("apt-get"), False
    sources = (_ADDS_SOURCE.match(word) for word in words if words[0] in ("curl", "wget"))
    kinds = [next(filter(None, each.groups())) for each in sources if each]
    return (Act.REFRESH, family_of(_INDEX[kinds[0]]), False) if kinds else None


def _runs_a_file(call: Call, script: Script) -> bool:
    """Whether it runs something of which the history does not tell what it does."""
    program = call.words[0]
    folder, slash, _ = call.path.rpartition("/")
    unusual = program.startswith("$") or program.endswith(".sh") or (slash and folder not in _USUAL_FOLDERS)
    return program in _MAY_INSTALL or program in script.functions or bool(unusual)


def _in_text(text: str, guards: frozenset[Guard], number: int, depth: int) -> Iterator[_Done]:
    """What would be done if *text*, which a command is given, were run."""
    script = read_script(text) if _NOT_PLAIN.intersection(text) else None
    if script is None:
        return
    done = tuple(_done(script, depth)) if depth < _DEEPEST else ()
    alone = _alone(done)
    if alone:
        yield replace(alone, guards=guards, number=number, certain=False)
    elif any(each.act is Act.INSTALL for each in done):
        yield _Done(Act.UNKNOWN, None, guards, number)
    elif not done and names_update(text):
        yield _Done(Act.REFRESH, None, guards, number, certain=False)
