"""The names of the files that a run leaves."""

from datetime import UTC, datetime

from hullcheck.lazy import regex
from hullcheck.unpacked import DIGESTS as DIGESTS
from hullcheck.unpacked import MANIFEST as MANIFEST

RESULTS = "results.json"
FINDINGS = "findings.csv"
AUDIT_PAGE = "audit.html"
REQUIREMENTS = "requirements.csv"

GITHUB = "annotations.txt"
FORMATS = {
    "sarif": "results.sarif",
    "github": GITHUB,
    "summary": "summary.md",
    "prometheus": "hullcheck.prom",
    "oscal": "oscal-assessment-results.json",
    "ocsf": "ocsf.jsonl",
    "hdf": "hdf.json",
    "jsonl": "findings.jsonl",
    "defectdojo": "defectdojo.json",
    "xlsx": "findings.xlsx",
}
"""The files that `--format` adds, by the name that it takes."""

JUNIT = "junit.xml"

FOLDER = regex(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
"""The name of the folder of a run: its beginning, and four digits for runs of the same second."""

STAMP = "%Y%m%dT%H%M%SZ"
"""The beginning of that name, for strftime(3)."""

LATEST = "latest"
"""The link to the newest run, and with `.zip` to its bundle."""

INVENTORY = "inventory"
"""The folder with the inventory, and with the files that it names."""

POLICY = "policy.json"

RELEASES = "releases.json"
"""The release table, if `--releases` named one."""

SIGNATURE = f"{DIGESTS}.sig"

NAMES = (
    *(RESULTS, JUNIT, AUDIT_PAGE, FINDINGS, REQUIREMENTS, *FORMATS.values()),
    *(INVENTORY, POLICY, RELEASES, MANIFEST, DIGESTS, SIGNATURE),
)
"""The files in the folder of a run or in its bundle, next to the folder of each target."""


def began(folder: str) -> float:
    """Return when the run of this folder began, in seconds since the epoch, or raise ValueError."""
    return datetime.strptime(folder.partition("-")[0], STAMP).replace(tzinfo=UTC).timestamp()
