"""The official readers of the formats read our files, and count what we count. `tox -e readers` brings the readers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from hullcheck.results import Audit
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import entries
from hullcheck.writers.formats import FORMATS
from selftests.kit.audit_pages import demo, named, site

MODULES = Path(os.environ.get("HULLCHECK_READERS", "/nowhere")) / "node_modules"
pytestmark = pytest.mark.skipif(not MODULES.is_dir(), reason="`tox -e readers` brings the readers")
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


def written(folder: Path, name: str, audit: Audit) -> str:
    """The path of the file of this format."""
    path = folder / ("results.sarif" if name == "sarif" else "file.json")
    path.write_bytes(b"".join(FORMATS[name].render(audit).parts))
    return str(path)


def run(*command: str, **environment: str) -> str:
    """What a reader prints; it has to end well."""
    environment = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=MODULES.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["demo", "site", "names"])
def test_readers_count_what_we_count(name: str, tmp_path: Path) -> None:
    """inspecjs, by which Heimdall works, the models of OCSF and OSCAL, and the SARIF multitool with GitHub's rules."""
    audit = named() if name == "names" else {"demo": demo, "site": site}[name]().audit
    verdicts, findings = (Counter(each.verdict for each in some) for some in (audit.results, entries(audit)))
    wanted = {word: sum(verdicts[each] for each in some) for word, some in SHOWN.items()}
    counts = json.loads(run("node", "-e", COUNT, written(tmp_path, "hdf", audit)))
    assert counts == {word: many for word, many in wanted.items() if many}
    said = run(sys.executable, "-c", EVENTS, written(tmp_path, "ocsf", audit))
    assert said.split() == [str(findings.total()), str(findings[Verdict.FAIL] + findings[Verdict.WAIVED])]
    said = run(sys.executable, "-c", ASSESSMENT, written(tmp_path, "oscal", audit))
    judged = sum(verdicts[each] for each in (Verdict.PASS, Verdict.ATTESTED, Verdict.FAIL, Verdict.WAIVED))
    assert said.split() == [str(findings.total()), str(judged), str(findings[Verdict.WAIVED])]
    log, program = tmp_path / "log.sarif", MODULES / "@microsoft/sarif-multitool-linux/Sarif.Multitool"
    program.chmod(0o755)  # which its package leaves to a script that was not run
    run(
        *(str(program), "validate", written(tmp_path, "sarif", audit), "--rule-kind", "Sarif;Ghas"),
        *("--output", str(log), "--level", "Error;Warning", "--quiet", "true"),
        DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1",
    )
    (told,) = json.loads(log.read_text(encoding="utf-8-sig"))["runs"]
    assert {each["ruleId"] for each in told["results"]} <= {"SARIF2005"}  # the project has no address
