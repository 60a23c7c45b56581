"""The files that `--format` writes, a module each (docs/results.md)."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec

from msgspec import Struct

from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import Audit, run_files


class Rendering(Struct, frozen=True):
    """The content of a file, in parts that are read once, and in words what a limit of its readers *left out*."""

    parts: Iterable[bytes]
    left_out: str = ""


class Format(Struct, frozen=True):
    """A *file* for `--format`, the *name* of the module whose `render` writes it, and a library that it *needs*."""

    name: str
    file: str
    needs: str

    def render(self, audit: Audit) -> Rendering:
        """Render the file of *audit*; equal audits give equal bytes."""
        made = import_module(f"hullcheck.writers.formats.{self.name}").render(audit)
        if isinstance(made, Rendering):
            return made
        parts = [made] if isinstance(made, str) else made
        return Rendering(each.encode("utf-8") for each in parts)


_NEEDS = {"xlsx": "xlsxwriter"}
FORMATS = {name: Format(name, file, _NEEDS.get(name, "")) for name, file in run_files.FORMATS.items()}
_ALWAYS = ("json", "csv", "html", "junit")

BUNDLED = {each.file: each for each in FORMATS.values() if not each.needs}
"""What lies in a bundle if the run wrote it, by its file; what a library packs may differ with its version."""


def chosen(names: Iterable[str]) -> Sequence[Format]:
    """Return the formats of these names, each once; raise WrongUse if one is unknown or needs a library."""
    found = []
    for name in dict.fromkeys(each.lower() for each in names):
        if name in _ALWAYS:
            files = f"{run_files.RESULTS}, {run_files.FINDINGS}, {run_files.AUDIT_PAGE} and {run_files.JUNIT}"
            raise WrongUse(f"--format {name}: leave it out; every run writes {files}")
        if name not in FORMATS:
            raise WrongUse(f"--format {name}: {did_you_mean(name, FORMATS)}")
        each = FORMATS[name]
        if each.needs and find_spec(each.needs) is None:
            raise WrongUse(f"--format {name}: needs {each.needs}; install hullcheck[{name}], or leave the option out")
        found.append(each)
    return found
