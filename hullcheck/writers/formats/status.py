"""What the seven verdicts are called in other formats; docs/formats.md has the table."""

from collections.abc import Mapping
from dataclasses import dataclass

from hullcheck.verdicts import Verdict

SATISFIED = "satisfied"
NOT_SATISFIED = "not-satisfied"


@dataclass(frozen=True)
class Status:
    """The words for one verdict.

    Attributes:
        junit: what pytest makes of the test.
        hdf: of one result; what makes a control *waived* or *not applicable* there stands beside it.
        sarif: the kind of the result.
        oscal: the state of a finding; empty where there is an observation alone.
        ocsf: `status_id` and `status` of the compliance object.
        xccdf: the word of that standard, which readers of others know.
    """

    junit: str
    hdf: str
    sarif: str
    oscal: str
    ocsf: tuple[int, str]
    xccdf: str


STATUS: Mapping[Verdict, Status] = {
    Verdict.PASS: Status("passed", "passed", "pass", SATISFIED, (1, "Pass"), "pass"),
    Verdict.FAIL: Status("failure", "failed", "fail", NOT_SATISFIED, (3, "Fail"), "fail"),
    Verdict.ERROR: Status("error", "error", "fail", "", (99, "Error"), "error"),
    Verdict.NOT_APPLICABLE: Status(
        "skipped", "skipped", "notApplicable", "", (99, "Not Applicable"), "notapplicable"
    ),
    Verdict.MANUAL: Status("skipped", "skipped", "review", "", (2, "Warning"), "notchecked"),
    Verdict.ATTESTED: Status("passed", "passed", "pass", SATISFIED, (1, "Pass"), "pass"),
    Verdict.WAIVED: Status("skipped", "failed", "fail", NOT_SATISFIED, (3, "Fail"), "fail"),
}
