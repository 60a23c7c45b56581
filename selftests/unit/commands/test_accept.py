"""`hullcheck accept`: what it writes is read again, and nothing else in the file changes."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hullcheck import cli
from hullcheck.inventory import load
from hullcheck.inventory.acceptance import entries
from hullcheck.messages import WrongUse

HOSTS = "targets:\n  web1: {connect: local://}   # ours\n"
ENTRY = {"reason": "so: it is", "until": "2027-01-31", "subjects": ["w*", "[[]1]"]}
LINES = """- reason: "so: it is"
  until: 2027-01-31
  subjects: ["w*", "[[]1]"]
"""
SEEN = {"control_id": "5.5", "checked": "looked", "valid_for": "1y", "status": "passed"}
SEEN |= {"on": "2026-11-24", "by": "Zoë Ray"}
SEEN_LINES = """- control_id: "5.5"
  checked: looked
  valid_for: "1y"
  status: passed
  on: 2026-11-24
  by: "Zoë Ray"
"""
OTHER = SEEN_LINES.replace("looked", "saw")
TODAY = datetime.now(UTC).date()


def indented(lines: str, spaces: int) -> str:
    """*lines* moved to the right."""
    return "".join(f"{' ' * spaces}{line}" for line in lines.splitlines(keepends=True))


ITEM = indented(LINES, 4)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# waivers:\n#   a: ...\n", f"# waivers:\n#   a: ...\nwaivers:\n  a:\n{ITEM}"),
        (
            "waivers:   # of the year\n  b: {reason: x}   # keep\n\n# end\nprofiles: {p: cis}\n",
            f"waivers:   # of the year\n  a:\n{ITEM}  b: {{reason: x}}   # keep\n\n# end\nprofiles: {{p: cis}}\n",
        ),
        (
            "waivers:\n    # above c\n    c: {reason: x}\n        # below c\n# end\n",
            f"waivers:\n    a:\n{indented(LINES, 6)}    # above c\n    c: {{reason: x}}\n        # below c\n# end\n",
        ),
        (
            "waivers:\n  a:\n  - reason: |\n      x\n\nprofiles: {p: cis}\n",
            f"waivers:\n  a:\n{indented(LINES, 2)}  - reason: |\n      x\n\nprofiles: {{p: cis}}\n",
        ),
        ("profiles: {p: cis}", f"profiles: {{p: cis}}\nwaivers:\n  a:\n{ITEM}"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_entry_is_added_and_nothing_else(tmp_path: Path, before: str, after: str, end: str) -> None:
    """Comments, order and form of all that is there stay."""
    path = tmp_path / "site.yml"
    path.write_bytes((HOSTS + before).replace("\n", end).encode())
    entries.add(path, "waivers", ("a",), ENTRY)
    assert path.read_bytes().decode() == (HOSTS + after).replace("\n", end)
    added = next(each.record for each in load(path).waivers if each.record.control == "a")
    assert (added.reason, added.last_day, added.subjects) == ("so: it is", "2027-01-31", ("w*", "[[]1]"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# none yet\n", f"# none yet\n{SEEN_LINES}"),
        (f"# one\n{OTHER}", f"# one\n{SEEN_LINES}{OTHER}"),
        (f"attestations:\n{OTHER}# end\n", f"attestations:\n{SEEN_LINES}{OTHER}# end\n"),
    ],
)
def test_attestation_is_added_to_its_file(tmp_path: Path, before: str, after: str) -> None:
    """The last of those that the inventory names, by way of a link; the file keeps owner and mode."""
    path, real = tmp_path / "site.yml", tmp_path / "real.yml"
    path.write_text(f"{HOSTS}attestations: [old.json, new.yml]\n")
    (tmp_path / "old.json").write_text("[]")
    real.write_text(before)
    real.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(real, 1234, 2345)
    old = real.stat()
    (tmp_path / "new.yml").symlink_to("real.yml")
    place, _ = entries.add(path, "attestations", (), SEEN)
    assert place == f"{tmp_path}/new.yml:2"
    assert load(path).attestations[0].record.statement == "looked"
    assert (real.read_text(), (tmp_path / "new.yml").is_symlink()) == (after, True)
    now = real.stat()
    assert (now.st_uid, now.st_gid, now.st_mode) == (old.st_uid, old.st_gid, old.st_mode)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "more",
    [
        "...\n",  # the document ends before the file does
        "waivers: {b: {reason: x}}\n",
        "waivers:\n  a: {reason: x}\n",
        "waivers:\n  a:\n    reason: x\n",
    ],
)
def test_what_cannot_be_added_to_is_left_alone(tmp_path: Path, more: str) -> None:
    """Nothing is written unless all that was there is there, and the entry; it is shown instead."""
    path = tmp_path / "site.yml"
    path.write_text(HOSTS + more)
    with pytest.raises(WrongUse, match=r"(?s)site\.yml: is written in a way that .*  until: 2027-01-31"):
        entries.add(path, "waivers", ("a",), ENTRY)
    assert path.read_text() == HOSTS + more


@pytest.mark.parametrize("more", ["", "waivers: w.yml\n"])
def test_wrong_entry_is_not_written(tmp_path: Path, more: str) -> None:
    """What an audit would refuse is refused here; so is an inventory with faults."""
    path = tmp_path / "site.yml"
    path.write_text(HOSTS + more)
    (tmp_path / "w.yml").write_text("")
    with pytest.raises(WrongUse, match=r"yml:\d: .*a\[0\]\.until: 'soon' is not a day"):
        entries.add(path, "waivers", ("a",), {"reason": "x", "until": "soon"})
    assert (path.read_text(), (tmp_path / "w.yml").read_text()) == (HOSTS + more, "")
    path.write_text("targets: 5\n")
    with pytest.raises(WrongUse, match=r"fix the inventory first: .*site\.yml:1: targets: 5 is not"):
        entries.add(path, "waivers", ("a",), ENTRY)


# ---- the commands


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The inventory of the current directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "inventories/local.yml"
    path.parent.mkdir()
    path.write_text(HOSTS)
    return path


def test_waiver_and_attestation(local: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By number or by name; the place is named, and how wide a waiver is."""
    waive = f"accept 5.5 --reason 'bücher:\n need it' --until {TODAY} --target 'web*' --ticket OPS-118"
    assert cli.main(shlex.split(waive)) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("inventories/local.yml:5: written\nwaivers:\n  container_is_not_privileged:\n")
    assert printed.err == (
        "The waiver covers every subject, names no approver; to narrow it, add --subject, --approved-by.\n"
    )
    looked = TODAY - timedelta(days=3)
    attest = f"accept 1.1.1 --checked 'all needed' --by Zoë --valid-for 6m --evidence https://w/7 --on {looked}"
    assert cli.main(shlex.split(attest)) == 0
    found = load(local)
    waiver, attestation = found.waivers[0].record, found.attestations[0].record
    assert (waiver.place, waiver.reason, waiver.ticket) == ("local.yml:5", "bücher: need it", "OPS-118")
    assert (waiver.last_day, waiver.targets) == (str(TODAY), ("web*",))
    assert (attestation.person, attestation.date, attestation.evidence) == ("Zoë", str(looked), ("https://w/7",))
    capsys.readouterr()
    cause = "accept --cause 'auditctl is not installed*' --reason so"
    assert cli.main(shlex.split(f"{cause} --target web1")) == 0
    written = 'waivers:\n  causes:\n    "auditctl is not installed*":\n      - reason: so\n        targets: ["web1"]\n'
    assert capsys.readouterr().out == f"inventories/local.yml:6: written\n{written}"
    record = load(local).waivers[-1].record
    assert (record.control, record.cause, record.targets) == ("", "auditctl is not installed*", ("web1",))
    wide = "--subject a --until 2999-01-01 --approved-by owner --target web1"
    capsys.readouterr()
    assert cli.main(shlex.split(f"accept 5.5 --reason so {wide}")) == 0
    assert capsys.readouterr().err == ""


SEEN_BY = "accept 5.5 --checked so --by Ann"
PASSES = "accept 5.5 --reason so"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("accept icc_is --reason so", "icc_is: no such control; `hullcheck explain` lists them; one of your own"),
        (
            "accept container_is_not_privilege --reason so",
            "container_is_not_privilege: no such control; did you",
        ),
        ("accept 5.5 --cause x --reason so", "name either a CONTROL, or by --cause=TEXT the reason"),
        ("accept 5.5 --reason '  '", "--reason: '  ' says nothing; write it in words"),
        ("accept 5.5 --reason a\u200bb", "--reason: a\\u200bb holds characters that cannot be seen"),
        (f"{PASSES} --until tomorrow", "--until: 'tomorrow' is not a day, as 2027-01-31"),
        (f"{PASSES} --until 2026-01-01", f"--until: 2026-01-01 is over; today is {TODAY} (UTC)"),
        (f"{PASSES} --by Ann", "--by does not go with --reason"),
        (f"{SEEN_BY} --valid-for 1d --risk x", "--risk does not go with --checked"),
        (f"{SEEN_BY} --valid-for 1d --until 2999-01-01", "--checked needs --by=PERSON, and either"),
        ("accept 5.5", "write either --reason=TEXT"),
        (f"{PASSES} --inventory=gone.yml", "gone.yml: not there; write it with your targets"),
        (f"{PASSES} --target Web1", "--target Web1: inventories/local.yml has no such target"),
        (f"{SEEN_BY} --valid-for long", "--valid-for: 'long' is not a period: write annually"),
        (f"{SEEN_BY} --until 2026-01-01", "--until: 2026-01-01 is over; today is"),
        (f"{SEEN_BY} --valid-for 1d --on 2026-01-01", "--valid-for: 1d from 2026-01-01"),
        (f"{SEEN_BY} --valid-for 1d --on 2999-01-01", "--on: 2999-01-01 is yet to come"),
    ],
)
def test_wrong_use_writes_nothing(local: Path, capsys: pytest.CaptureFixture[str], command: str, said: str) -> None:
    """It is said in one line what to write instead."""
    assert cli.main(shlex.split(command)) == 2
    assert capsys.readouterr().err.startswith(f"hullcheck accept: {said}")
    assert local.read_text() == HOSTS
