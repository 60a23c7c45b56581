"""Checks the reports of a bundle against its results, and against those of judging again."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from jinja2 import TemplateError

from hullcheck.bundle import junit
from hullcheck.recording import Recording
from hullcheck.results import run_files
from hullcheck.verify.documents import DAMAGED, Documents
from hullcheck.writers.audit_page import blocks
from hullcheck.writers.formats import BUNDLED
from hullcheck.writers.run_folder import WRITERS


def rendered(files: Mapping[str, bytes], known: Documents, recordings: Sequence[Recording]) -> list[str]:
    """Return a fault for each report that is not what its writer makes of the results and the recordings."""
    wrong = [
        f"{name}: is not what follows from {run_files.RESULTS}"
        for name, each in BUNDLED.items()
        if name in files and files[name] != b"".join(each.render(known.audit).parts)
    ]
    for name, write in WRITERS.items():
        if name in files and name != run_files.RESULTS:
            try:
                is_same = _is_same(files[name], b"".join(write(known.audit, recordings)))
            except TemplateError:  # of results with a word that the page does not know
                is_same = False
            if not is_same:
                wrong.append(f"{name}: is not what follows from {run_files.RESULTS} and the recordings")
    return wrong


def _is_same(content: bytes, rendered: bytes) -> bool:
    """Return whether a report is what its writer makes, however the data in it are compressed."""
    try:
        return content == rendered or blocks.opened(content.decode()) == blocks.opened(rendered.decode())
    except ValueError:
        return False


def compared(
    files: Mapping[str, bytes], made: Mapping[str, bytes], known: Documents, again: Documents
) -> list[str]:
    """junit.xml against that which judging *again* *made*: every byte, except times and the name of the machine."""
    if run_files.JUNIT not in files:
        return []
    if run_files.JUNIT not in made:
        return [f"{run_files.JUNIT}: is not here, though it is in the bundle"]
    try:
        root = junit.read(files[run_files.JUNIT])
        written = junit.is_canonical(root, files[run_files.JUNIT])
        whole, tests = junit.parts(root, known.manifest["run"]["machine"])
        wanted, judged = junit.parts(junit.read(made[run_files.JUNIT]), again.manifest["run"]["machine"])
    except (*DAMAGED, ElementTree.ParseError) as error:
        return [f"{run_files.JUNIT}: damaged ({type(error).__name__}: {error})"]
    faults = [
        f"{run_files.JUNIT}: {name or 'a test that is no control'} is not what judging it again gives"
        for name in sorted(tests.keys() | judged.keys())
        if tests.get(name) != judged.get(name)
    ]
    if whole != wanted or not written:
        faults.append(f"{run_files.JUNIT}: is not what pytest writes of such a run")
    return faults
