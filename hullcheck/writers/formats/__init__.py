"""Files that an audit writes where `--format` asks for them, a module each (docs/formats.md)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from hullcheck.messages import did_you_mean
from hullcheck.results import Audit, run_files


class FormatError(Exception):
    """A format is unknown, or cannot be written here; the message says what to do."""


@dataclass(frozen=True)
class Rendering:
    """The content of a file.

    Attributes:
        left_out: what a limit of its readers left out, in words; empty where all is there.
    """

    content: bytes
    left_out: str = ""


@dataclass(frozen=True)
class Format:
    """A file that can be asked for.

    Attributes:
        file: its name in the folder of the run.
        module: what renders it, by its `render`; imported where the format is asked for.
        function: another name than `render`.
        needs: the module of an extra, and *extra* its name; empty where hullcheck is enough.
    """

    file: str
    module: str
    function: str = "render"
    needs: str = ""
    package: str = ""
    extra: str = ""

    @property
    def is_bundled(self) -> bool:
        """Whether every byte can be derived again; what a library packs may differ with its version."""
        return not self.needs

    def render(self, audit: Audit) -> Rendering:
        """The file of *audit*; equal audits give equal bytes."""
        made = getattr(import_module(f"hullcheck.writers.{self.module}"), self.function)(audit)
        if isinstance(made, Rendering):
            return made
        return Rendering(made if isinstance(made, bytes) else made.encode("utf-8"))


FORMATS = {
    "sarif": Format(run_files.SARIF, "formats.sarif"),
    "code-scanning": Format(run_files.CODE_SCANNING, "formats.sarif", "render_problems"),
    "summary": Format(run_files.SUMMARY, "formats.summary"),
    "annotations": Format(run_files.ANNOTATIONS, "formats.annotations"),
    "prometheus": Format(run_files.PROMETHEUS, "formats.prometheus"),
    "jsonl": Format(run_files.JSONL, "formats.jsonl"),
    "oscal": Format(run_files.OSCAL, "formats.oscal"),
    "ocsf": Format(run_files.OCSF, "formats.ocsf"),
    "hdf": Format(run_files.HDF, "formats.hdf"),
    "defectdojo": Format(run_files.DEFECTDOJO, "formats.defectdojo"),
    "xlsx": Format(run_files.XLSX, "formats.xlsx", needs="xlsxwriter", package="XlsxWriter", extra="xlsx"),
}
"""By the name that `--format` takes."""

BUNDLED = {each.file: each for each in FORMATS.values() if each.is_bundled}
"""What lies in a bundle where the run wrote it, by its file."""


def chosen(names: Iterable[str]) -> Sequence[Format]:
    """The formats of these names, each once.

    Raises:
        FormatError: there is none of a name, or what it needs is not installed.
    """
    found = []
    for name in dict.fromkeys(names):
        if name not in FORMATS:
            raise FormatError(f"--format {name}: {did_you_mean(name, FORMATS)}")
        each = FORMATS[name]
        if each.needs and find_spec(each.needs) is None:
            raise FormatError(
                f"--format {name}: needs {each.package}; install hullcheck[{each.extra}], or leave the option out"
            )
        found.append(each)
    return found
