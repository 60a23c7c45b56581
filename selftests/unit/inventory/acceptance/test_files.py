"""Files of waivers and attestations: those of InSpec and of MITRE SAF load unchanged, and each fault has its line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hullcheck.inventory import Inventory, InventoryError, load
from hullcheck.inventory.acceptance import days
from hullcheck.results import Attestation, Waiver

ONE = "targets:\n  web1: {connect: local://}\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with inventories; the current one is above it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inventories").mkdir()
    return tmp_path / "inventories"


def read(site: Path, part: str, **files: str) -> Inventory:
    """The inventory with this part, beside these files."""
    for name, text in files.items():
        (site / name.replace("_", ".")).write_text(text, encoding="utf-8")
    (site / "site.yml").write_text(ONE + part, encoding="utf-8")
    return load(Path("inventories/site.yml"))


def faults(site: Path, part: str, **files: str) -> list[str]:
    """What is said of it, without the directory."""
    with pytest.raises(InventoryError) as refused:
        read(site, part, **files)
    return [each.removeprefix("inventories/") for each in refused.value.faults]


# ---- waivers

INSPEC = """---
# Waivers of the quarter
cis-docker-5.5:
  expiration_date: 2077-11-10
  run: false
  justification: "the sound of the police"
"5.10":
  run: yes
  justification: >
    memory is bounded
    by the machine
"""
OURS = """waivers:
  container_is_not_privileged:
    - reason: "a mirror"
      targets: ["web*"]
      subjects: [mirror, "bü*"]
      until: 2027-01-31
      ticket: OPS-118
      approved_by: Jane Döe
      approved_on: 2026-11-24
      risk: "owns the host"
    - reason: "another"
  causes:
    "no rule*": {reason: "next year", targets: ["web*"]}
"""


def test_waivers(site: Path) -> None:
    """Files of InSpec load unchanged: the day of expiration is the first on which it does not hold."""
    found = [read(site, "waivers: w.yml\n", w_yml=INSPEC), read(site, OURS)]
    assert [[each.record for each in one.waivers] for one in found] == [
        [
            Waiver("cis-docker-5.5", "the sound of the police", last_day="2077-11-09", place="w.yml:3"),
            Waiver("5.10", "memory is bounded by the machine", place="w.yml:7"),
        ],
        [
            Waiver(
                *("container_is_not_privileged", "a mirror", ("web*",), ("mirror", "bü*"), "2027-01-31"),
                *("OPS-118", "Jane Döe", "2026-11-24", "owns the host", "site.yml:5"),
            ),
            Waiver("container_is_not_privileged", "another", place="site.yml:13"),
            Waiver("", "next year", ("web*",), place="site.yml:15", cause="no rule*"),
        ],
    ]
    assert found[0].waivers[0].ends == datetime(2077, 11, 10, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("a: {}\nb: {reason: so}", "1: a.reason: is missing; write the reason, in words"),
        (
            "causes: {'no*': {until: 2027-01-31}}",
            "1: causes.no*.reason: is missing; write the reason",
        ),
        ("causes: {reason: so}", "1: causes.reason: 'so' is not a waiver, as '{reason"),
        ("a: {reason: '...'}", "1: a.reason: '...' is not the reason, in words"),
        ("'*': {reason: so}", "1: *: '*' is not the name or the number of one control; patterns are"),
        ("a: {reason: so, expiraton_date: 2027-01-31}", "1: a.expiraton_date: unknown key; did you"),
        ("a: {reason: so, until: 2027-02-29}", "1: a.until: '2027-02-29': there is no such day"),
        (
            "a: {reason: so, until: 2027-01-31, expiration_date: 2027-01-31}",
            "1: a.expiration_date: is there beside until; write one of them",
        ),
        ("a: {reason: so}\na: {reason: so}", "2: a: is there already, in line 1"),
    ],
)
def test_waiver_that_is_wrong(site: Path, entry: str, fault: str) -> None:
    """Nothing is waived by it, and it is told with its line."""
    (said,) = faults(site, "waivers: w.yml\n", w_yml=entry)
    assert said.startswith(f"w.yml:{fault}")


@pytest.mark.parametrize("section", ["waivers", "attestations"])
def test_file_that_is_something_else_is_not_quoted(site: Path, section: str) -> None:
    """A path that leads to a file of secrets tells one line: file, number and what is expected."""
    for text in (
        "root:$y$j9T$geheim:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
        "db:\n  password: geheim\ngeheim: [geheim]\n",
        "geheim: [geheim,\n",
    ):
        (said,) = faults(site, f"{section}: f.yml\n", f_yml=text)
        assert re.match(r"f\.yml:\d+: ", said)
        assert "geheim" not in said


def test_faults_of_all_files_are_told_at_once(site: Path) -> None:
    """Those of the inventory first; a section of another form is told once, with what to write."""
    part = "waivers: [w.yml, gone.yml]\nattestations: [{control_id: a}]\nzzz: 1\n"
    said = faults(site, part, w_yml="a: {}\nb: {}\nc: {reason: so}\n")
    places = ["site.yml:5", "w.yml:1", "w.yml:2", "gone.yml:1", *["site.yml:4"] * 4]
    assert [each.partition(": ")[0] for each in said] == places
    for part in ("waivers: 5", "waivers: [a.yml, {b: c}]", "attestations: {a: b}"):
        (said,) = faults(site, f"{part}\n")
        assert re.match(r"site\.yml:3: .*path of a file", said)


# ---- attestations

SAF = """- control_id: V-61409
  explanation: Audit logs are backed up
  frequency: monthly
  status: passed
  updated: 2026-05-31
  updated_by: Yamilia Smith, Security
- control_id: "5.5"
  explanation: not at all
  frequency: 18m
  status: failed
  updated: 2026-01-02T15:04:05.678Z
  updated_by: Alec Hardison
"""
ENTRY = {"control_id": "a", "checked": "seen", "valid_for": "1d", "status": "passed"}
ENTRY |= {"on": "2026-11-24", "by": "Ann"}
INLINE = (
    "attestations:\n  - control_id: a\n    checked: seen\n    status: passed\n    on: 2026-11-24\n"
    "    by: Ann\n    until: 2026-11-24\n    targets: [web1]\n    subjects: ['i*']\n"
    "    evidence: ['https://u:secret@w/7', files/7.png]\n"
)


def test_attestations(site: Path) -> None:
    """Files of SAF load unchanged, also below a key; of a time the day counts."""
    older = json.dumps({"attestations": [ENTRY]}, indent=1)
    found = [read(site, "attestations: a.yml\n", a_yml=SAF), read(site, INLINE)]
    found.append(read(site, "attestations: a.json\n", a_json=older))
    known = [[each.record for each in one.attestations] for one in found]
    assert known == [
        [
            Attestation(
                *("V-61409", "Audit logs are backed up", "Yamilia Smith, Security", "2026-05-31"),
                *("2026-06-29", "passed", (), (), (), "a.yml:1"),
            ),
            Attestation(
                *("5.5", "not at all", "Alec Hardison", "2026-01-02", "2027-07-01", "failed"),
                place="a.yml:7",
            ),
        ],
        [
            Attestation(
                *("a", "seen", "Ann", "2026-11-24", "2026-11-24", "passed", ("web1",), ("i*",)),
                *(("https://u:***@w/7", "files/7.png"), "site.yml:4"),
            )
        ],
        [Attestation("a", "seen", "Ann", "2026-11-24", "2026-11-24", place="a.json:3")],
    ]
    first, second = found[0].attestations
    assert first.ends == datetime(2026, 6, 30, tzinfo=UTC).timestamp()
    assert second.ends == datetime(2027, 7, 2, tzinfo=UTC).timestamp()
    assert second.begins == datetime(2026, 1, 2, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"checked": None}, "checked: is missing; write what the person found"),
        ({"by": "?"}, "by: '?' is not the person"),
        ({"on": "yesterday"}, "on: 'yesterday' is not a day, as 2027-01-31"),
        ({"valid_for": "custom"}, "valid_for: 'custom' is no period: write annually, semiannually"),
        ({"valid_for": "9999y"}, "valid_for: '9999y' ends beyond the year 9999"),
        ({"until": "2027-01-31"}, "until: is there beside valid_for"),
        ({"valid_for": None}, "valid_for: is missing; write how long"),
        ({"valid_for": None, "until": "2026-01-31"}, "until: '2026-01-31' is before 2026-11-24"),
    ],
)
def test_attestation_that_is_wrong(site: Path, change: dict[str, object], fault: str) -> None:
    """Nothing is attested by it."""
    text = json.dumps([{key: value for key, value in (ENTRY | change).items() if value is not None}])
    (said,) = faults(site, "attestations: a.json\n", a_json=text)
    assert said.startswith(f"a.json:1: [0].{fault}")


@pytest.mark.parametrize(
    ("updated", "frequency", "ends"),
    [
        ("2026-11-24", "annually", "2027-11-24"),
        ("2026-11-24", "every2weeks", "2026-12-08"),
        ("2026-11-24", "2 weeks", "2026-12-08"),
        ("2026-11-30", "3m", "2027-02-28"),
        ("2028-02-29", "1y", "2029-02-28"),
    ],
)
def test_periods_are_those_of_saf(updated: str, frequency: str, ends: str) -> None:
    """The day of the month stays, or is the last one."""
    assert days.after(days.start(updated), frequency) == days.start(ends)


def test_days_are_written_in_one_way() -> None:
    """What else a library would read is refused."""
    assert days.end("2026-11-24") == days.start("2026-11-25T23:30:00-02:00")
    for text in ("20261124", "2026-W48-2", "2026-11-24 12:00", "2026-11-24\n", "2026-02-30"):
        for reader in (days.start, days.end):
            with pytest.raises(ValueError, match=r"2026|day"):
                reader(text)
