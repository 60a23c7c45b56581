"""The documents of scanners by type, as far as they are read, and what is kept of them."""

import re

from hullcheck.parsing.documents import COUNT, INTEGER

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DAY = (None, str)
_TIME = (None, INTEGER, float)
TRIVY = {
    "SchemaVersion": range(2, 3),
    "ArtifactType": frozenset(("container_image",)),
    "CreatedAt?": _DAY,
    "Metadata": {
        "ImageID": DIGEST,
        "OS?": (None, {"Family?": str, "EOSL?": bool}),
    },
    "Results?": (
        None,
        [
            {
                "Class?": str,
                "Vulnerabilities?": (
                    None,
                    [
                        {
                            "Severity": frozenset(("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")),
                            "PublishedDate?": _DAY,
                            "LastModifiedDate?": _DAY,
                            "FixedVersion?": (None, str),
                        }
                    ],
                ),
                "ExperimentalModifiedFindings?": (None, [object]),
            }
        ],
    ),
}
_CLAIR_WORDS = frozenset(("Unknown", "Negligible", "Low", "Medium", "High", "Critical"))
CLAIR = {
    "manifest_hash": DIGEST,
    "packages": (None, {"*": object}),
    "package_vulnerabilities": (None, {"*": (None, [str])}),
    "vulnerabilities": (
        None,
        {"*": {"normalized_severity": _CLAIR_WORDS, "issued?": _DAY, "fixed_in_version?": (None, str)}},
    ),
}
_FILE = {"File": str, "Changed": COUNT}
FAULT = {**_FILE, "Fault": str}
"""What is kept of a report that says nothing."""
REPORT = {
    **_FILE,
    "Tool": frozenset(("Trivy", "Clair")),
    "Digest": DIGEST,
    "Created": _TIME,
    "Counts": {"*": COUNT},
    "Packages": bool,
    **dict.fromkeys(("Ended?", "FixedAlone?"), bool),
    **dict.fromkeys(("Unfixed?", "Hidden?"), COUNT),
    "Newest?": _TIME,
}
"""What is kept of one that says something."""
