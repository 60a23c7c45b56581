"""The names of the files that a run leaves."""

RESULTS = "results.json"

JUNIT = "junit.xml"

INVENTORY = "inventory"
"""The folder with the inventory, and with the files that it names."""

POLICY = "policy.json"

MANIFEST = "manifest.json"

DIGESTS = "manifest-sha256.txt"
"""Of every file but itself and the two below, as sha256sum reads and writes it; BagIt names it so."""

SIGNATURE = f"{DIGESTS}.sig"

STATEMENT = "statement.dsse.json"

NAMES = (
    *(RESULTS, JUNIT, "report.html", "audit.html", "findings.csv", "requirements.csv"),
    *(INVENTORY, POLICY, MANIFEST, DIGESTS, SIGNATURE, STATEMENT),
)
"""What lies in the folder of a run or in its bundle, beside the folder of each target."""
