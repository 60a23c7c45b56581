"""The official readers of the formats read our files, and count what we count. `tox -e readers` brings the readers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck.results import Audit
from hullcheck.verdicts import Verdict
from selftests.unit.writers.formats import AUDITS, found, rendered

MODULES = Path(os.environ.get("HULLCHECK_READERS", "/nowhere")) / "node_modules"
pytestmark = pytest.mark.skipif(not MODULES.is_dir(), reason="`tox -e readers` brings the readers")
each_real = pytest.mark.parametrize(
    "audit", [pytest.param(each, id=name) for name, each in AUDITS.items() if name != "hostile"]
)
"""The times of the hostile one are none, which no run has."""
COUNT = """
const { convertFile, contextualizeEvaluation } = require("inspecjs");
const read = convertFile(require("fs").readFileSync(process.argv[1], "utf8"));
const counts = {};
for (const profile of contextualizeEvaluation(read["1_0_ExecJson"]).contains)
  for (const each of profile.contains.filter((control) => control.extendedBy.length === 0))
    counts[each.root.hdf.status] = (counts[each.root.hdf.status] || 0) + 1;
console.log(JSON.stringify(counts));
"""
SHOWN = {
    "Passed": (Verdict.PASS, Verdict.ATTESTED),
    "Failed": (Verdict.FAIL,),
    "Profile Error": (Verdict.ERROR,),
    "Not Reviewed": (Verdict.MANUAL,),
    "Not Applicable": (Verdict.NOT_APPLICABLE, Verdict.WAIVED),
}
EVENTS = """
import sys
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
events = [ComplianceFinding.model_validate_json(each) for each in open(sys.argv[1], encoding="utf-8")]
print(len(events), sum(each.compliance.status_id.value == 3 for each in events))
"""
ASSESSMENT = """
import pathlib, sys
from trestle.oscal.assessment_results import AssessmentResults
(result,) = AssessmentResults.oscal_read(pathlib.Path(sys.argv[1])).results
print(len(result.observations or []), len(result.findings or []), len(result.risks or []))
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, Audit], Path]:
    """Write a file of this format."""

    def write(name: str, audit: Audit) -> Path:
        path = tmp_path / ("results.sarif" if name == "sarif" else "file.json")
        path.write_bytes(rendered(name, audit))
        return path

    return write


def run(*command: str, **environment: str) -> str:
    """What a reader prints; it has to end well."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        cwd=MODULES.parent,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@each_real
def test_sarif_multitool_has_nothing_against_it(
    written: Callable[[str, Audit], Path], audit: Callable[[], Audit]
) -> None:
    """But that the project has no address; the rules of GitHub are looked at, too."""
    path = written("sarif", audit())
    log, program = path.with_name("log.sarif"), MODULES / "@microsoft/sarif-multitool-linux/Sarif.Multitool"
    program.chmod(0o755)  # which its package leaves to a script that was not run
    run(
        *(str(program), "validate", str(path), "--rule-kind", "Sarif;Ghas"),
        *("--output", str(log), "--level", "Error;Warning", "--quiet", "true"),
        DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1",
    )
    (told,) = json.loads(log.read_text(encoding="utf-8-sig"))["runs"]
    assert {each["ruleId"] for each in told["results"]} <= {"SARIF2005"}


@each_real
def test_inspecjs_counts_the_verdicts(
    written: Callable[[str, Audit], Path], audit: Callable[[], Audit]
) -> None:
    """Heimdall works by it."""
    counts = json.loads(run("node", "-e", COUNT, str(written("hdf", audit()))))
    verdicts = Counter(each.verdict for each in audit().results)
    wanted = {name: sum(verdicts[each] for each in some) for name, some in SHOWN.items()}
    assert counts == {name: many for name, many in wanted.items() if many}


@each_real
def test_ocsf_models_read_the_events(
    written: Callable[[str, Audit], Path], audit: Callable[[], Audit]
) -> None:
    """As Compliance Findings."""
    failing = len(found(audit(), Verdict.FAIL, Verdict.WAIVED))
    said = run(sys.executable, "-c", EVENTS, str(written("ocsf", audit())))
    assert said.split() == [str(len(found(audit(), *Verdict))), str(failing)]


@each_real
def test_trestle_reads_the_assessment(
    written: Callable[[str, Audit], Path], audit: Callable[[], Audit]
) -> None:
    """By the models of OSCAL 1.2."""
    good_or_bad = (Verdict.PASS, Verdict.ATTESTED, Verdict.FAIL, Verdict.WAIVED)
    findings = sum(each.verdict in good_or_bad for each in audit().results)
    said = run(sys.executable, "-c", ASSESSMENT, str(written("oscal", audit())))
    waived = len(found(audit(), Verdict.WAIVED))
    assert said.split() == [str(len(found(audit(), *Verdict))), str(findings), str(waived)]
