"""Fix Compose files: what their services should have, the changed texts, and what is left to a person."""

import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from io import StringIO
from pathlib import Path

from msgspec import Struct

from hullcheck import remedies
from hullcheck.compose.edit import Editor, Wish
from hullcheck.compose.source import Project
from hullcheck.remedies import Setting
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import grouped
from hullcheck.results.failures import Failure

_SENSITIVE = "container_mounts_no_sensitive_host_path"


class Mended(Struct, frozen=True):
    """The changes of the Compose files of one target."""

    project: Project
    texts: Mapping[Path, str]  # of the files that change, by path
    done: tuple[tuple[Failure, str], ...]  # each failure that is fixed, and the lines for its service
    left: tuple[tuple[Failure, str], ...]  # each failure to fix by hand, and why
    optional: tuple[Failure, ...]  # failures whose remedy takes something away

    def diff(self) -> str:
        """Return the changes as a unified diff."""
        parts = []
        for path, text in self.texts.items():
            name, before = f"{os.path.relpath(path)}\t", self.project.texts[path]
            for line in difflib.unified_diff([*StringIO(before, "\n")], [*StringIO(text, "\n")], name, name):
                parts += [line] if line.endswith("\n") else [f"{line}\n\\ No newline at end of file\n"]
        return "".join(parts)


def mended(failed: Iterable[Failure], project: Project, also: Collection[str]) -> Mended:
    """Return the changes that fix the failures of services, with remedies of *also*, which take something away."""
    editor, wanted, found = Editor(project), list[tuple[Failure, Setting, list[Wish]]](), list(failed)
    left, optional = list[tuple[Failure, str]](), list[Failure]()
    unclear = {each.finding.subject for each in found if each.control.id == _SENSITIVE and _is_unclear(each)}
    for failure in found:
        service, reason = failure.finding.subject, failure.finding.bare_reason
        remedy = REMEDIES.get(failure.control.id)
        setting = remedies.setting_for(remedy, reason, partial(editor.names, service, reason))
        if remedy is None or setting is None or not (setting.put or setting.away):
            left.append((failure, "it depends on what the service is for"))
        elif (remedy.asks or setting.asks) and failure.control.id not in also:
            optional.append(failure)
        elif why := _against(editor, service, setting, unclear):
            left.append((failure, why))
        else:
            wanted.append((failure, setting, [*_wishes(editor, service, setting, reason)]))
    while True:  # what is refused takes the other lines of its remedy along
        whole = _together(wish for _, _, wishes in wanted for wish in wishes)
        texts, refused = editor.edited(dict.fromkeys(whole.values()).keys())
        said_of = [
            next((refused[x] for each in wishes if (x := whole[each.service, each.key]) in refused), "")
            for _, _, wishes in wanted
        ]
        if not any(said_of):
            break
        left += [(each[0], said) for each, said in zip(wanted, said_of, strict=True) if said]
        wanted = [each for each, said in zip(wanted, said_of, strict=True) if not said]
    done = tuple((failure, setting.words) for failure, setting, _ in wanted)
    return Mended(project, texts, done, tuple(left), tuple(optional))


def _is_unclear(failure: Failure) -> bool:
    """Return whether a sensitive mount stays: only shared memory has a remedy of its own."""
    return not re.fullmatch("mounts /dev/shm of the host at [^,]+", failure.finding.bare_reason)


def _against(editor: Editor, service: str, setting: Setting, unclear: Collection[str]) -> str:
    """Return what speaks against a setting, or an empty string."""
    if present := [key for key in setting.unless if editor.has(service, key)]:
        return f"{present[0]} is set too, and both have to fit"
    if "read_only" in setting.put and (service in unclear or "" in editor.mounted(service).values()):
        return "first give a name to its anonymous volumes, and take sensitive mounts away"
    return ""


def _wishes(editor: Editor, service: str, setting: Setting, reason: str) -> Iterator[Wish]:
    """Yield what a service should have with this setting."""
    put = remedies.pairs(setting.put)
    for key, value in put.items():
        if isinstance(value, tuple):
            yield Wish(service, key, items=value, reasons=(reason,) * (key == setting.away))
        elif value != "false" or editor.has(service, key):  # that is so without a word
            yield Wish(service, key, value)
    if setting.away and setting.away not in put and (setting.put == "" or editor.names(service, reason, setting.away)):
        yield Wish(service, setting.away, reasons=(reason,))


def _together(wishes: Iterable[Wish]) -> dict[tuple[str, str], Wish]:
    """Return one wish for each key of each service."""
    found = dict[tuple[str, str], Wish]()
    for (service, key), alike in grouped(wishes, lambda each: (each.service, each.key)).items():
        items = tuple(dict.fromkeys(item for each in alike for item in each.items))
        items = ("ALL",) if "ALL" in items else items
        reasons = tuple(dict.fromkeys(reason for each in alike for reason in each.reasons))
        found[service, key] = Wish(service, key, alike[0].value, items, reasons)
    for service, key in list(found):
        if key == "cpu_shares" and (service, "cpus") in found:  # a limit is also a share
            found[service, key] = found[service, "cpus"]
    return found
