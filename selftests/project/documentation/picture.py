"""docs/images/audit.png, the page of a run as the README shows it: `tox -e picture` takes it anew with Chromium.

The page is that of the demo, with a run that names no machine and no person. Beside the picture lies a digest of what
it was made from: the parts of the page, and how many controls of each severity have which verdict.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter

from msgspec.structs import replace

from hullcheck.results import User
from hullcheck.writers import audit_page
from selftests import REPOSITORY
from selftests.kit.audit_pages import demo
from selftests.kit.judging import controls
from selftests.project.documentation.control_pages import recorded
from selftests.rig import removal

FOLDER = REPOSITORY / "docs" / "images"
PICTURE = FOLDER / "audit.png"
DIGEST = FOLDER / "audit.sha256"
PARTS = REPOSITORY / "hullcheck" / "writers" / "audit_page"
CHROMIUM = "chromium-headless-shell"
SIZE = {"width": 1200, "height": 800}
SHOWN = "performance.getEntriesByName('shown').length"


def page() -> str:
    """The page of `hullcheck audit --demo`, of a run that everybody could have made."""
    audit = demo().audit
    chosen = tuple(each for each in audit.controls if "cis" in each.frameworks)
    ids = {each.id for each in chosen}
    run = replace(
        audit.run,
        id="20261124T162102Z-93b7",
        started="2026-11-24T16:21:02Z",
        finished="2026-11-24T16:21:04Z",
        arguments=("-m", "cis", "--inventory=inventories/demo.yml"),
        user=User("audit", "audit"),
        machine="audits.example.com",
    )
    targets = tuple(replace(each, connect=f"recorded://inventories/demo/{each.name}") for each in audit.targets)
    results = tuple(each for each in audit.results if each.control in ids)
    shown = replace(audit, run=run, targets=targets, controls=chosen, results=results)
    return audit_page.render(shown, demo().recordings)


def digest() -> str:
    """What the picture depends on, as far as that is cheap to tell."""
    made = hashlib.sha256()
    for path in sorted(each for each in PARTS.rglob("*.*") if each.suffix in (".css", ".html", ".js", ".py")):
        made.update(str(path.relative_to(PARTS)).encode() + b"\0" + path.read_bytes())
    severities = {each.__name__: _severity(each) for each in controls()}
    for host, verdicts in recorded().items():
        counted = Counter((severities[control], str(verdict)) for control, verdict in verdicts.items())
        made.update(json.dumps([host, sorted((*key, count) for key, count in counted.items())]).encode())
    return made.hexdigest()


def _severity(control: object) -> str:
    (mark,) = (each for each in getattr(control, "pytestmark", ()) if each.name == "severity")
    return str(mark.args[0])


def main() -> None:
    """Take the picture."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with removal.temporary() as folder, sync_playwright() as driver:
        path = folder / "audit.html"
        path.write_text(page(), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=shutil.which(CHROMIUM), args=["--no-sandbox"])
        shown = browser.new_page(viewport=SIZE, color_scheme="light")
        shown.goto(path.as_uri())
        shown.wait_for_function(SHOWN)
        shown.screenshot(path=PICTURE)
        browser.close()
    DIGEST.write_text(f"{digest()}\n", encoding="ascii")


if __name__ == "__main__":
    main()
