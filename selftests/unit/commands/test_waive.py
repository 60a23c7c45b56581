"""`hullcheck waive` and `hullcheck attest`: what they write is read again, and nothing else in the file changes."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from hullcheck.inventory import load
from hullcheck.inventory.acceptance import entries
from hullcheck.messages import WrongUse
from selftests.kit.running import Project, containers, hullcheck, info
from selftests.needs import need
from selftests.unit.commands.test_cli import wrong_use
from selftests.unit.inventory.acceptance.test_waivers import TESTS

HOSTS = "targets:\n  web1: {connect: local://}   # ours\n"
ENTRY = {"justification": "so: it is", "last_day": "2027-01-31", "subjects": ["w*", "[[]1]"]}
LINES = """- justification: "so: it is"
  last_day: 2027-01-31
  subjects: ["w*", "[[]1]"]
"""
SEEN = {
    "control_id": "5.5",
    "explanation": "looked",
    "frequency": "1y",
    "status": "passed",
    "updated": "2026-11-24",
    "updated_by": "Zoë Ray",
}
SEEN_LINES = """- control_id: "5.5"
  explanation: looked
  frequency: "1y"
  status: passed
  updated: 2026-11-24
  updated_by: "Zoë Ray"
"""
TODAY = datetime.now(UTC).date()


def indented(lines: str, spaces: int) -> str:
    """*lines* moved to the right."""
    return "".join(f"{' ' * spaces}{line}" for line in lines.splitlines(keepends=True))


def waived(path: Path, text: str, control: str = "a") -> str:
    """What becomes of an inventory with this text."""
    path.write_bytes(text.encode())
    entries.add(path, "waivers", control, ENTRY)
    return path.read_bytes().decode()


ITEM = indented(LINES, 4)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"waivers:\n  a:\n{ITEM}"),
        ("# waivers:\n#   a: ...\n", f"# waivers:\n#   a: ...\nwaivers:\n  a:\n{ITEM}"),
        (
            "waivers:   # of the year\n  b: {justification: x}   # keep\n\n# end\nprofiles: {p: cis}\n",
            "waivers:   # of the year\n  b: {justification: x}   # keep\n"
            f"  a:\n{ITEM}\n# end\nprofiles: {{p: cis}}\n",
        ),
        (
            "waivers:\n    b:\n        justification: >\n            two\n            lines\n\n    # above c\n"
            "    c: {justification: x}\n        # below c\n# end\n",
            "waivers:\n    b:\n        justification: >\n            two\n            lines\n\n    # above c\n"
            f"    c: {{justification: x}}\n        # below c\n    a:\n{indented(LINES, 6)}# end\n",
        ),
        (
            "waivers:\n  a:\n  - justification: |\n      x\n      y\n\nprofiles: {p: cis}\n",
            f"waivers:\n  a:\n  - justification: |\n      x\n      y\n{indented(LINES, 2)}\nprofiles: {{p: cis}}\n",
        ),
        ("profiles: {p: cis}", f"profiles: {{p: cis}}\nwaivers:\n  a:\n{ITEM}"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("mark", "end"), [("", "\n"), ("\ufeff", "\r\n")])
def test_entry_is_added_and_nothing_else(
    tmp_path: Path, before: str, after: str, end: str, mark: str
) -> None:
    """Comments, order and form of all that is there stay."""
    path = tmp_path / "site.yml"
    expected = (mark + HOSTS + after).replace("\n", end)
    assert waived(path, (mark + HOSTS + before).replace("\n", end)) == expected
    added = [each.record for each in load(path).waivers if each.record.control == "a"][-1]
    assert (added.reason, added.last_day, added.subjects) == ("so: it is", "2027-01-31", ("w*", "[[]1]"))
    assert [each.name for each in tmp_path.iterdir()] == ["site.yml"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", SEEN_LINES),
        ("# none yet\n", f"# none yet\n{SEEN_LINES}"),
        (SEEN_LINES, SEEN_LINES * 2),
        (f"attestations:\n{SEEN_LINES}# end\n", f"attestations:\n{SEEN_LINES}{SEEN_LINES}# end\n"),
    ],
)
def test_attestation_is_added_to_its_file(tmp_path: Path, before: str, after: str) -> None:
    """The last of those that the inventory names, which itself stays as it is; the way there may be a link."""
    path = tmp_path / "site.yml"
    path.write_text(f"{HOSTS}attestations: [old.json, sub/new.yml]\n")
    (tmp_path / "old.json").write_text("[]")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/real.yml").write_text(before)
    (tmp_path / "sub/real.yml").chmod(0o640)
    (tmp_path / "sub/new.yml").symlink_to("real.yml")
    written = entries.add(path, "attestations", "5.5", SEEN)
    assert dedent(written.text.removeprefix("attestations:\n")) + "\n" == SEEN_LINES
    assert written.place.startswith(f"{tmp_path}/sub/new.yml:")
    assert load(path).attestations[-1].record.person == "Zoë Ray"
    assert (tmp_path / "sub/real.yml").read_text() == after
    assert (tmp_path / "sub/new.yml").is_symlink()
    assert (tmp_path / "sub/real.yml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "more",
    [
        "...\n",  # the document ends before the file does
        "waivers: {b: {justification: x}}\n",
        "waivers:\n  a: {justification: x}\n",
        "waivers:\n  a:\n    justification: x\n",
    ],
)
def test_what_cannot_be_added_to_is_left_alone(tmp_path: Path, more: str) -> None:
    """Nothing is written unless all that was there is there, and the entry; it is shown instead."""
    path, text = tmp_path / "site.yml", f"{HOSTS}{more}"
    with pytest.raises(WrongUse, match=r"(?s)site\.yml: is written in a way that .*  last_day: 2027-01-31"):
        waived(path, text)
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["site.yml"]


def test_wrong_entry_is_not_written(tmp_path: Path) -> None:
    """What an audit would refuse is refused here, under the name of the real file."""
    path = tmp_path / "site.yml"
    path.write_text(HOSTS)
    with pytest.raises(
        WrongUse, match=r"site\.yml:6: waivers\.a\[0\]\.last_day: 'soon' is not a day"
    ) as refused:
        entries.add(path, "waivers", "a", {"justification": "x", "last_day": "soon"})
    assert "/.site-" not in str(refused.value)
    assert path.read_text() == HOSTS
    path.write_text("targets: 5\n")
    with pytest.raises(WrongUse, match=r"mend the inventory first: .*site\.yml:1: targets: 5 is not"):
        entries.add(path, "waivers", "a", ENTRY)


# ---- the commands


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A recorded host whose inventory has comments."""
    made = Project(tmp_path / "project", TESTS)
    made.recorded("web1", info(), containers(), gathered=datetime.now(UTC).timestamp())
    made.write(
        "inventories/local.yml", 'targets:   # ours\n  web1: {connect: "recorded://recordings/web1"}\n'
    )
    return made


def test_what_is_written_is_in_force(project: Project) -> None:
    """By number or by name; the next audit tells of both, and the line is the one that was said."""
    waive = (
        f"waive 5.10 tests --reason 'bücher:\n need it' --until {TODAY} --target 'web*'"
        " --subject bad --subject 'wors?' --ticket OPS-118 --approved-by 'Jane Döe'"
    )
    done = hullcheck(*shlex.split(waive), cwd=project.folder)
    assert done.returncode == 0, done.stderr
    said = "inventories/local.yml:5: written\nwaivers:\n  two_fail:\n    - justification: "
    assert done.stdout.startswith(said)
    attest = (
        "attest a_person_looks tests --statement 'all needed' --by Zoë --valid-for 6m"
        f" --evidence https://w/7 --on {TODAY - timedelta(days=3)}"
    )
    done = hullcheck(*shlex.split(attest), cwd=project.folder)
    assert done.returncode == 0, done.stderr
    run = project.pytest("-k", "two_fail or person")
    assert (run.status, run.verdicts) == (0, {"two_fail": "waived", "a_person_looks": "attested"})
    (waiver,), (attestation,) = run.results["waivers"], run.results["attestations"]
    assert (waiver["place"], waiver["reason"]) == ("local.yml:5", "bücher: need it")
    assert (waiver["last_day"], waiver["state"]) == (str(TODAY), "in force")
    assert (waiver["targets"], waiver["subjects"]) == (["web*"], ["bad", "wors?"])
    assert attestation["evidence"] == ["https://w/7"]
    assert "# ours" in (project.folder / "inventories/local.yml").read_text()


SEEN_BY = "attest passes tests --statement so --by Ann"
PASSES = "waive passes tests --reason so"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("waive two_fial tests --reason so", "two_fial: no such control; did you mean 'two_fail'?"),
        ("waive '*' tests --reason so", "*: no such control; hullcheck controls lists them"),
        ("waive passes tests --reason '  '", "--reason: '  ' says nothing; write it in words"),
        ("waive passes tests --reason a\u200bb", "--reason: a\\u200bb holds characters that cannot be seen"),
        (f"{PASSES} --until 2026-02-30", "--until: '2026-02-30': there is no such day"),
        (f"{PASSES} --until tomorrow", "--until: 'tomorrow' is not a day, as 2027-01-31"),
        (f"{PASSES} --until 2026-01-01", f"--until: 2026-01-01 is over; today is {TODAY} (UTC)"),
        (f"{PASSES} --approved-on 2999-01-01", "--approved-on: 2999-01-01 is yet to come"),
        (f"{PASSES} --inventory=gone.yml", "gone.yml: not there; name the inventory"),
        (f"{PASSES} --target ' '", "inventories/local.yml:6: waivers.passes[0].targets[0]: ' '"),
        (f"{PASSES} --target Web1", "--target Web1: inventories/local.yml has no such target"),
        (f"{SEEN_BY} --valid-for long", "--valid-for: 'long' is no period: write annually"),
        (f"{SEEN_BY} --until 2026-01-01", "--until: 2026-01-01 is over; today is"),
        (f"{SEEN_BY} --valid-for 1d --on 2026-01-01", "--valid-for: 1d from 2026-01-01"),
        (f"{SEEN_BY} --valid-for 1d --on 2999-01-01", "--on: 2999-01-01 is yet to come"),
        ("attest passes tests --statement so --by - --until 2999-01-01", "--by: '-' says nothing"),
    ],
)
def test_wrong_use_writes_nothing(project: Project, command: str, said: str) -> None:
    """It is said in one line what to write instead."""
    before = (project.folder / "inventories/local.yml").read_text()
    done = hullcheck(*shlex.split(command), cwd=project.folder)
    assert wrong_use(done).startswith(f"hullcheck: {said}")
    assert (project.folder / "inventories/local.yml").read_text() == before


def test_owner_and_rights_stay(tmp_path: Path) -> None:
    """A file of somebody else to which root adds an entry is still his."""
    path = tmp_path / "site.yml"
    path.write_text(HOSTS)
    path.chmod(0o640)
    if os.geteuid() == 0:
        need("chown")
        os.chown(path, 1234, 2345)
    before = path.stat()
    entries.add(path, "waivers", "a", ENTRY)
    after = path.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


# ---- how much is accepted


def test_what_is_accepted_for_want_of_limits(project: Project) -> None:
    """A wide waiver is written, and a line says how wide it is."""
    done = hullcheck(*shlex.split(PASSES), "--target", "web1", cwd=project.folder)
    assert (done.returncode, done.stderr) == (
        0,
        "It accepts the failure of every subject, without an end, approved by nobody; limit it by --subject,"
        " --until, --approved-by.\n",
    )
    limits = f"--target web1 --subject a --until {TODAY} --approved-by owner"
    assert hullcheck(*shlex.split(f"{PASSES} {limits}"), cwd=project.folder).stderr == ""
