"""`hullcheck waive` and `hullcheck attest`: what they write is read again, and nothing else in the file changes."""

from __future__ import annotations

import os
import subprocess
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
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
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


def test_table_is_left_to_the_person(tmp_path: Path) -> None:
    """A CSV file of InSpec has no place for what we write."""
    path = tmp_path / "site.yml"
    path.write_text(f"{HOSTS}waivers: w.csv\n")
    (tmp_path / "w.csv").write_text("control_id,justification\n")
    with pytest.raises(WrongUse, match=r"w\.csv: a table; add a line to it"):
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
    done = hullcheck(
        *(
            "waive",
            "5.10",
            "tests",
            "--reason",
            "bücher:\n need it",
            "--until",
            str(TODAY),
            "--target",
            "web*",
        ),
        *("--subject", "bad", "--subject", "wors?", "--ticket", "OPS-118", "--approved-by", "Jane Döe"),
        cwd=project.folder,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "inventories/local.yml:5: written\nwaivers:\n  two_fail:\n    - justification: "
    )
    done = hullcheck(
        *(
            "attest",
            "a_person_looks",
            "tests",
            "--statement",
            "all needed",
            "--by",
            "Zoë",
            "--valid-for",
            "6m",
        ),
        *("--evidence", "https://w/7", "--on", str(TODAY - timedelta(days=3))),
        cwd=project.folder,
    )
    assert done.returncode == 0, done.stderr
    run = project.pytest("-k", "two_fail or person")
    assert (run.status, run.verdicts) == (0, {"two_fail": "waived", "a_person_looks": "attested"})
    (waiver,), (attestation,) = run.results["waivers"], run.results["attestations"]
    assert waiver["place"] == "local.yml:5"
    assert (waiver["reason"], waiver["last_day"], waiver["state"]) == (
        "bücher: need it",
        str(TODAY),
        "in force",
    )
    assert (waiver["targets"], waiver["subjects"]) == (["web*"], ["bad", "wors?"])
    assert attestation["evidence"] == ["https://w/7"]
    assert "# ours" in (project.folder / "inventories/local.yml").read_text()


REASON = ("--reason", "so")
SEEN_BY = ("--statement", "so", "--by", "Ann")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("waive", "two_fial", *REASON), "two_fial: no such control; did you mean 'two_fail'?"),
        (("waive", "*", *REASON), "*: no such control; hullcheck controls lists them"),
        (("waive", "pci-2.2.6", *REASON), "pci-2.2.6: no such control"),
        (("waive", "passes", "--reason", "  "), "--reason: '  ' says nothing; write it in words"),
        (
            ("waive", "passes", "--reason", "a\u200bb"),
            "--reason: a\\u200bb holds characters that cannot be seen",
        ),
        (
            ("waive", "passes", *REASON, "--until", "2026-02-30"),
            "--until: '2026-02-30': there is no such day",
        ),
        (
            ("waive", "passes", *REASON, "--until", "tomorrow"),
            "--until: 'tomorrow' is not a day, as 2027-01-31",
        ),
        (
            ("waive", "passes", *REASON, "--until", str(TODAY - timedelta(days=1))),
            f"--until: {TODAY - timedelta(days=1)} is over; today is {TODAY} (UTC)",
        ),
        (
            ("waive", "passes", *REASON, "--approved-on", "2999-01-01"),
            "--approved-on: 2999-01-01 is yet to come",
        ),
        (("waive", "passes", *REASON, "--inventory=gone.yml"), "gone.yml: not there; name the inventory"),
        (
            ("waive", "passes", *REASON, "--target", " "),
            "inventories/local.yml:6: waivers.passes[0].targets[0]: ' '",
        ),
        (
            ("attest", "passes", *SEEN_BY, "--valid-for", "long"),
            "--valid-for: 'long' is no period: write annually",
        ),
        (("attest", "passes", *SEEN_BY, "--until", "2026-01-01"), "--until: 2026-01-01 is over; today is"),
        (
            ("attest", "passes", *SEEN_BY, "--valid-for", "1d", "--on", "2026-01-01"),
            "--valid-for: 1d from 2026-01-01",
        ),
        (
            ("attest", "passes", *SEEN_BY, "--valid-for", "1d", "--on", "2999-01-01"),
            "--on: 2999-01-01 is yet to come",
        ),
        (
            ("attest", "passes", "--statement", "so", "--by", "-", "--until", "2999-01-01"),
            "--by: '-' says nothing",
        ),
    ],
)
def test_wrong_use_writes_nothing(project: Project, arguments: tuple[str, ...], said: str) -> None:
    """It is said in one line what to write instead."""
    before = (project.folder / "inventories/local.yml").read_text()
    command, control, *options = arguments
    done = hullcheck(command, control, "tests", *options, cwd=project.folder)
    assert wrong_use(done).startswith(f"hullcheck: {said}")
    assert (project.folder / "inventories/local.yml").read_text() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("waive", "passes"),
        ("attest", "passes", "--statement", "so", "--valid-for", "1d"),
        ("attest", "passes", "--by", "Ann", "--valid-for", "1d"),
        ("attest", "passes", *SEEN_BY),
    ],
)
def test_nobody_is_made_up(project: Project, arguments: tuple[str, ...]) -> None:
    """Reason, statement, person and validity have to be said."""
    done: subprocess.CompletedProcess[str] = hullcheck(*arguments, cwd=project.folder)
    assert done.returncode == 2
    assert "required" in done.stderr


def test_number_of_several_controls_is_ambiguous(tmp_path: Path) -> None:
    """They are named, and one has to be chosen."""
    text = "import pytest\n" + "".join(
        f'@pytest.mark.cis("5.5", level=1)\ndef test_{name}(policy):\n    """So."""\n' for name in ("b", "a")
    )
    project = Project(tmp_path / "project", {"test_a.py": text})
    line = wrong_use(hullcheck("waive", "cis-5.5", "tests", *REASON, cwd=project.folder))
    assert line == "hullcheck: cis-5.5: names 2 controls; write one of a, b"


def test_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """It is said, and nothing is lost."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    path = tmp_path / "site.yml"
    path.write_text(HOSTS)
    tmp_path.chmod(0o500)
    with pytest.raises(WrongUse, match="cannot be written"):
        entries.add(path, "waivers", "a", ENTRY)


def test_file_for_reading_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not replaced, though its directory would allow that."""
    path = tmp_path / "site.yml"
    path.write_text(HOSTS)
    path.chmod(0o400)
    monkeypatch.setattr("os.access", lambda *_: False)  # as for anybody but root
    with pytest.raises(WrongUse, match="it is for reading only"):
        entries.add(path, "waivers", "a", ENTRY)
    assert path.read_text() == HOSTS


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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            (),
            "on every target, of every subject, without an end, approved by nobody; limit it by --target, --subject,",
        ),
        (
            ("--target", "web1", "--subject", "a", "--until", str(TODAY)),
            "failure approved by nobody; limit it by --ap",
        ),
        (("--target", "web1", "--subject", "a", "--until", str(TODAY), "--approved-by", "the owner"), ""),
    ],
    ids=["all", "one", "none"],
)
def test_what_is_accepted_for_want_of_limits(project: Project, options: tuple[str, ...], said: str) -> None:
    """A wide waiver is written, and a line says how wide it is."""
    done = hullcheck("waive", "passes", "tests", *REASON, *options, cwd=project.folder)
    assert done.returncode == 0, done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == bool(said)


@pytest.mark.parametrize("pattern", ["web99", "Web1", "wbe*"])
def test_target_that_is_not_there(project: Project, pattern: str) -> None:
    """A waiver that could match nothing is not written."""
    before = (project.folder / "inventories/local.yml").read_text()
    done = hullcheck("waive", "passes", "tests", *REASON, "--target", pattern, cwd=project.folder)
    assert (
        done.returncode,
        f"--target {pattern}: inventories/local.yml has no such target" in done.stderr,
    ) == (2, True)
    assert (project.folder / "inventories/local.yml").read_text() == before


@pytest.mark.parametrize("text", ["all:\n  hosts:\n    web1:\n", "[web]\nweb1\n"])
def test_inventory_of_ansible_stays_as_it_is(tmp_path: Path, text: str) -> None:
    """Ansible would not know the key, and hullcheck would not look for it there."""
    path = tmp_path / "hosts.yml"
    with pytest.raises(
        WrongUse, match="an inventory of Ansible cannot hold waivers; write an inventory of hullcheck"
    ):
        waived(path, text)
    assert path.read_text() == text
