"""Compare the results and reports of a bundle with those that follow from its recordings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import TemplateError

from hullcheck.gates import NEW, held
from hullcheck.lazy import regex
from hullcheck.recording import Recording
from hullcheck.results import Audit, run_files
from hullcheck.verify import layout
from hullcheck.verify.documents import Documents, first_difference
from hullcheck.writers.audit_page import blocks
from hullcheck.writers.formats import BUNDLED
from hullcheck.writers.run_folder import WRITERS

_DERIVED = ("controls", "requirements", "waivers", "attestations")
_BY = "the recordings give"
_SECONDS = regex(r"(<test(?:suite|case) [^<>]*) time=\"[0-9]+\.[0-9]{3}\"")
_TIMESTAMP = regex(r" timestamp=\"[0-9:T-]{19}(?:\.[0-9]{6})?\+00:00\" hostname")
_END = "</testsuite></testsuites>"


def rendered(files: Mapping[str, bytes], audit: Audit, recordings: Sequence[Recording]) -> Iterator[str]:
    """Yield a fault for each report that does not follow from the results and the recordings."""
    for name, each in BUNDLED.items():
        if name in files and files[name] != b"".join(each.render(audit).parts):
            yield f"{name}: is not what follows from {run_files.RESULTS}"
    for name, write in WRITERS.items():
        if name in files and name != run_files.RESULTS:
            try:
                made = b"".join(write(audit, recordings))
                # the data may be compressed differently
                is_same = files[name] == made or blocks.opened(files[name].decode()) == blocks.opened(made.decode())
            except (TemplateError, ValueError):  # unknown words in the results, or damaged data
                is_same = False
            if not is_same:
                yield f"{name}: is not what follows from {run_files.RESULTS} and the recordings"


def other_maker(known: Documents, again: Documents) -> str:
    """Return the program that made the bundle, or an empty string if it is the one that runs now."""
    there, here = known.manifest["made_by"], again.manifest["made_by"]
    made = f"hullcheck {there['hullcheck']}"
    if there["hullcheck"] != here["hullcheck"]:
        return made
    if there["content"] != here["content"]:
        return f"{made} with other controls or code (content {there['content'][:12]})"
    return f"{made} with pytest {there['pytest']}" if there["pytest"] != here["pytest"] else ""


def differences(
    files: Mapping[str, bytes], made: Mapping[str, bytes], known: Documents, again: Documents
) -> Iterator[str]:
    """Yield the first difference of each part; *made* are the files of *again*."""
    for said, found in zip(_derived(known), _derived(again), strict=True):
        yield from first_difference(said, found, run_files.RESULTS, _BY)
    if files[run_files.POLICY] != made[run_files.POLICY]:
        yield f"{run_files.POLICY}: is not the policy that the inventory gives"
    for name in sorted(layout.inventory(files).keys() - layout.inventory(made).keys()):
        yield f"{name}: the inventory does not name it"
    selected, selects = ({**each.manifest["selection"], "partial": ""} for each in (known, again))
    yield from first_difference(selected, selects, f"{run_files.MANIFEST}: what pytest selected", _BY)
    status, is_now = (each.audit.run.exit_status for each in (known, again))
    if status == 0 and is_now != 0 and not held(known.audit):
        yield f"{run_files.MANIFEST}: the exit status is said to be 0, and the recordings give {is_now}"
    if run_files.JUNIT in files:
        cases = _test_cases(files[run_files.JUNIT], known.audit.run.machine)
        judged = _test_cases(made.get(run_files.JUNIT, b""), again.audit.run.machine)
        yield from first_difference(cases, judged, run_files.JUNIT, _BY)


def _derived(documents: Documents) -> tuple[dict[str, Any], ...]:
    """Return the results, and what follows from them."""
    results = {f"{each['target']} {each['control']}": each for each in documents.results["results"]}
    parts = {part: documents.results[part] for part in _DERIVED}
    targets = {name: {**each, "connect": ""} for name, each in documents.results["targets"].items()}
    gates = [each for each in documents.results.get("gates", ()) if NEW not in each["asked"]]
    return results, {"order": list(results), "targets": targets, "gates": gates, **parts}


def _test_cases(content: bytes, machine: str) -> list[str]:
    """Return junit.xml in sorted pieces, without times and the *machine*, so that two runs can be compared."""
    text = _TIMESTAMP.sub(" hostname", _SECONDS.sub(r"\1", content.decode("utf-8", "surrogateescape")), 1)
    head, *cases = text.replace(f' hostname="{machine}"', "", 1).removesuffix(_END).split("<testcase ")
    return [head, *sorted(cases)]
