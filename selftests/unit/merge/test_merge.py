"""`hullcheck merge`: the bundles of all shards give the audit of one run, and nothing else is merged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hullcheck.bundle import junit
from hullcheck.results import run_files
from selftests import REPOSITORY
from selftests.kit.bundles import Bundle, allow, make_key, signing
from selftests.kit.checks import faults
from selftests.kit.running import Project, Run, hullcheck

DEMO = REPOSITORY / "inventories" / "demo"
CONTROLS = "tests/test_5_container_runtime.py"
OF_ONE_RUN = ("id", "started", "finished", "arguments", "user", "machine")
INVENTORY = """
targets:
{targets}
policy:
  all: {{trusted_users: [audit]}}
  groups:
    even: {{allowed_ports: [443]}}
waivers:
  cis-5.5: {{targets: [web0], justification: "a sensor", last_day: 2099-12-31, approved_by: Ops}}
  cis-5.6: {{targets: ["web*"], subjects: [nothing], justification: "of old", last_day: 2099-12-31}}
"""


@dataclass(frozen=True)
class Fleet:
    """Some recorded hosts, and what audits of them leave."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, hosts: int = 5) -> Fleet:
        """Hosts of the demo under other names."""
        targets = []
        for number in range(hosts):
            kind = ("careless", "hardened")[number % 2]
            path = folder / "answers" / f"web{number}" / "recording.json"
            path.parent.mkdir(parents=True)
            text = (DEMO / kind / "recording.json").read_text()
            path.write_text(text.replace(kind, path.parent.name))
            group = "even" if number % 2 == 0 else "odd"
            targets.append(f'  web{number}: {{connect: "recorded://answers/web{number}", groups: [{group}]}}')
        (folder / "site.yml").write_text(INVENTORY.format(targets="\n".join(reversed(targets))))
        return cls(folder)

    def audit(self, name: str, *arguments: str) -> Run:
        """Audit them; the reports lie in the folder *name*."""
        return Project(self.folder / name).pytest(
            *("-m", "cis", CONTROLS, f"--inventory={self.folder}/site.yml"),
            *(f"--reports={self.folder}/{name}/reports", *arguments),
            cwd=REPOSITORY,
        )

    def shard(self, number: int, of: int, *arguments: str) -> Path:
        """The folder of the run that audits one shard."""
        name = f"{number}-of-{of}{''.join(arguments).replace('/', '')}"
        path = self.folder / name / "reports" / "latest"
        if not path.exists():
            assert self.audit(name, f"--shard={number}/{of}", *arguments).status in (0, 1)
        return path

    def shards(self, of: int) -> list[Path]:
        """Those of all shards."""
        return [self.shard(number, of, *signing(self.folder)) for number in range(1, of + 1)]

    def merge(self, name: str, shards: Sequence[Path], *arguments: str) -> Merged:
        """Merge what lies in the folders *shards*."""
        out = self.folder / name
        done = hullcheck("merge", str(out), *map(str, shards), *arguments, cwd=REPOSITORY)
        return Merged(out, done.returncode, done.stdout + done.stderr)


@dataclass(frozen=True)
class Merged:
    """What `hullcheck merge` left."""

    out: Path
    status: int
    said: str

    def require_refused(self, said: str) -> None:
        """See that it has said so, and left nothing."""
        assert said in self.said
        assert (self.status, self.out.exists()) == (3, False)
        assert "NOT merged: nothing was written" in self.said


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """Five hosts."""
    return Fleet.make(tmp_path_factory.mktemp("fleet"))


def _document(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    document["run"] = {key: each for key, each in document["run"].items() if key not in OF_ONE_RUN}
    return document


def _tests(path: Path) -> tuple[str, Mapping[str, list[str]]]:
    root = junit.read(path.read_bytes())
    (suite,) = root
    return junit.parts(root, suite.get("hostname", ""))


@cache
def _whole(fleet: Fleet) -> Path:
    assert fleet.audit("whole", "--bundle").status == 1
    return fleet.folder / "whole" / "reports"


# ---- all of them


@pytest.mark.parametrize("of", [2, 5])
def test_shards_give_the_one_run(fleet: Fleet, of: int) -> None:
    """Every verdict, requirement, waiver, policy and test is that of the one run, in its order, and can be verified."""
    whole = _whole(fleet)
    merged = fleet.merge(f"merged{of}", list(reversed(fleet.shards(of))))
    assert merged.status == 1, merged.said
    assert f"merged {of} shards, 5 targets" in merged.said
    for name in ("findings.csv", "requirements.csv", *(f"web{number}/recording.json" for number in range(5))):
        assert (merged.out / "latest" / name).read_bytes() == (whole / "latest" / name).read_bytes(), name
    found, wanted = (_document(each / "latest/results.json") for each in (merged.out, whole))
    assert found == wanted
    assert [each["state"] for each in found["waivers"]] == ["in force", "matches nothing"]
    assert list(found["targets"]) == list(wanted["targets"]) == [f"web{number}" for number in (4, 3, 2, 1, 0)]
    assert _tests(merged.out / "latest/junit.xml") == _tests(whole / "latest/junit.xml")
    bundles = Bundle.read(merged.out / "latest.zip"), Bundle.read(whole / "latest.zip")
    assert {name for name in bundles[0].files if not name.startswith("shards/")} == set(bundles[1].files)
    for name in ("policy.json", "inventory/site.yml", "web0/recording.json.gz"):
        assert bundles[0].files[name] == bundles[1].files[name]
    one, other = (each.document("manifest.json") for each in bundles)
    for key in ("selection", "targets", "made_by", "inventory", "left_out"):
        assert one[key] == other[key], key
    assert "--shard" not in str(one["run"]["arguments"])
    assert faults(merged.out / "latest.zip") == []
    assert (merged.out / ".gitignore").exists()


def test_formats_of_the_shards_are_written(fleet: Fleet) -> None:
    """Of all targets: what any of the shards has in its bundle, and what the command asks for, too."""
    first, second = fleet.shard(1, 2, "--format=jsonl"), fleet.shard(2, 2, "--format=prometheus")
    merged = fleet.merge("formats", [first, second], "--format=sarif,xlsx")
    assert merged.status == 1, merged.said
    there = {each.name for each in (merged.out / "latest").iterdir()} & {*run_files.FORMATS}
    assert there == {"findings.jsonl", "hullcheck.prom", "results.sarif", "findings.xlsx"}
    packed = {*Bundle.read(merged.out / "latest.zip").files} & {*run_files.FORMATS}
    assert packed == there - {"findings.xlsx"}
    lines = (merged.out / "latest/findings.jsonl").read_text().splitlines()
    assert {json.loads(each)["target"] for each in lines} == {f"web{each}" for each in range(5)}
    assert not faults(merged.out / "latest.zip")


def test_next_merge_says_what_changed(fleet: Fleet) -> None:
    """A merged run is a run among the others in its folder."""
    bundles = [Path(f"{each.resolve()}.zip") for each in fleet.shards(2)]
    assert fleet.merge("again", bundles).status == 1
    assert "since" not in json.loads((fleet.folder / "again/latest/results.json").read_text())


def test_strict_waivers_count_over_all(fleet: Fleet) -> None:
    """No shard alone can tell that a waiver matches nothing; all of them together do, and the run is not green."""
    selected = ("-k", "5.6", "--strict-waivers")
    shards = [fleet.folder / f"strict{number}" for number in (1, 2)]
    for number, path in enumerate(shards, 1):
        run = fleet.audit(path.name, f"--shard={number}/2", *selected)
        assert run.lines("bundle:")
    merged = fleet.merge("strict", [path / "reports/latest" for path in shards])
    assert merged.status == fleet.audit("strict-whole", *selected).status == 1


# ---- signatures


@pytest.mark.needs("ssh-keygen")
def test_signatures_of_the_shards_are_checked(fleet: Fleet) -> None:
    """They stay in the merged bundle, and vouch for each recording in it."""
    shards = fleet.shards(3)
    allowed = fleet.folder / "allowed_signers"
    merged = fleet.merge("signed", shards, f"--allowed-signers={allowed}", f"--sign={fleet.folder / 'key'}")
    assert merged.status == 1, merged.said
    assert faults(merged.out / "latest.zip", allowed) == []
    stranger = allow(make_key(fleet.folder.parent, "stranger"))
    fleet.merge("unknown", shards, f"--allowed-signers={stranger}").require_refused(
        "is not that of an allowed signer"
    )
    bundle = Bundle.read(merged.out / "latest.zip").unsigned()
    assert faults(bundle.write(fleet.folder / "un.zip"), allowed) == [
        "manifest-sha256.txt.sig: is missing; the bundle is not signed"
    ]
    other = Bundle.read(merged.out / "latest.zip").unsigned()
    other.files["shards/2/manifest-sha256.txt.sig"] = other.files["shards/1/manifest-sha256.txt.sig"]
    assert any(each.startswith("shards/2/manifest-sha256.txt.sig: ") for each in _faults(fleet, other))


def _faults(fleet: Fleet, bundle: Bundle) -> list[str]:
    return faults(bundle.fitting().write(fleet.folder / "forged.zip"))


def test_what_no_shard_has_is_found(fleet: Fleet) -> None:
    """Whoever puts another recording, inventory or shard into a merged bundle, or takes one out, is found."""
    merged = fleet.merge("forged", fleet.shards(3))
    bundle = Bundle.read(merged.out / "latest.zip")
    other = bundle.copy()
    other.files["web0/recording.json.gz"] = other.files["web2/recording.json.gz"]
    assert "web0/recording.json.gz: is not the recording that one shard lists" in _faults(fleet, other)
    other = bundle.copy()
    other.files["inventory/site.yml"] += b"# mine\n"
    assert "inventory/site.yml: is not what all shards list" in _faults(fleet, other)
    other = bundle.copy()
    other.files["shards/4/manifest.json"] = other.files["shards/3/manifest.json"]
    assert "shards/4/: manifest.json does not name it" in _faults(fleet, other)
    other = bundle.copy()
    del other.files["shards/3/manifest-sha256.txt"]
    assert "shards/3/: is not there, or not all of it" in _faults(fleet, other)
    other = bundle.copy()
    other.edit(run_files.MANIFEST, lambda document: document["shards"].pop())
    assert any("says that it is shard 1 of 3" in each for each in _faults(fleet, other))


# ---- what is not merged


def test_shard_that_is_missing(fleet: Fleet) -> None:
    """Its number is said, and the hosts that nobody has looked at."""
    one, _, three = fleet.shards(3)
    fleet.merge("missing", [one, three]).require_refused("shard 2/3 is missing")
    said = fleet.merge("missing", [one, three]).said
    assert "2 of 5 targets are in no shard: web4, web1" in said


def test_shard_that_is_there_twice(fleet: Fleet) -> None:
    """The same file or another run of it: nobody can say which counts."""
    one, two = fleet.shards(2)
    fleet.merge("twice", [one, two, one]).require_refused("shard 1/2 is there 2 times")
    again = fleet.shard(1, 2, "--bundle")
    fleet.merge("twice", [one, two, again]).require_refused("shard 1/2 is there 2 times")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-k", "5.5"), "has another selection than"),
        (("--containers=agent",), "has another selection than"),
        (("--targets=web[0-3]",), "has other targets in all (web4) than"),
        (("--strict-waivers",), "has another word on --strict-waivers than"),
    ],
)
def test_shard_of_another_audit(fleet: Fleet, arguments: tuple[str, ...], said: str) -> None:
    """What the others were not asked."""
    fleet.merge("other", [fleet.shard(1, 2), fleet.shard(2, 2, *arguments)]).require_refused(said)


def test_shard_of_another_policy(fleet: Fleet) -> None:
    """The file is named."""
    inventory = fleet.folder / "site.yml"
    text = inventory.read_text()
    inventory.write_text(text.replace("443", "444"))
    try:
        other = fleet.shard(2, 2, "-v")
    finally:
        inventory.write_text(text)
    fleet.merge("policy", [fleet.shard(1, 2), other]).require_refused(
        "has another policy (inventory/site.yml) than"
    )


def test_shard_of_another_division(fleet: Fleet) -> None:
    """A half and a third are not a whole, and a whole is no shard."""
    merged = fleet.merge("division", [fleet.shard(1, 2), fleet.shard(2, 3)])
    merged.require_refused("has another number of shards (3, and not 2) than")
    whole = _whole(fleet) / "latest"
    fleet.merge("division", [fleet.shard(1, 2), whole]).require_refused("is the bundle of a whole audit")


@pytest.mark.parametrize("key", ["hullcheck", "content"])
def test_shard_of_another_version(fleet: Fleet, key: str, tmp_path: Path) -> None:
    """Of hullcheck, or of the controls: among themselves, and beside what is here."""
    shards = [Bundle.read(Path(f"{each.resolve()}.zip")).unsigned() for each in fleet.shards(2)]
    plain = [each.write(tmp_path / f"{number}.zip") for number, each in enumerate(shards)]

    def change(document: dict[str, Any]) -> None:
        document["made_by"][key] = "0" * 64

    if key == "hullcheck":
        for each in shards:
            each.edit(run_files.RESULTS, lambda document: document["run"].update(hullcheck="0" * 64))
    other = [
        each.edit(run_files.MANIFEST, change).fitting().write(tmp_path / f"other{number}.zip")
        for number, each in enumerate(shards)
    ]
    fleet.merge("version", [plain[0], other[1]]).require_refused("other1.zip")
    fleet.merge("version", other).require_refused("the shards were made by")


def test_shard_that_does_not_follow_from_its_recordings(fleet: Fleet, tmp_path: Path) -> None:
    """A verdict that was changed, and everything with it, is found: the recordings are judged again."""
    one, two = (Bundle.read(Path(f"{each.resolve()}.zip")).unsigned() for each in fleet.shards(2))

    def acquit(document: dict[str, Any]) -> None:
        failed = next(each for each in document["results"] if each["verdict"] == "fail")
        failed["verdict"] = "pass"

    paths = (
        one.edit(run_files.RESULTS, acquit).fitting().write(tmp_path / "1.zip"),
        two.write(tmp_path / "2.zip"),
    )
    fleet.merge("forger", paths).require_refused("the bundle says pass, the recording says fail")


def test_shard_that_did_not_end(fleet: Fleet) -> None:
    """One that stopped at its first failure is not the whole shard."""
    stopped = fleet.shard(1, 2, "-x")
    fleet.merge("stopped", [stopped, fleet.shard(2, 2)]).require_refused(
        "did not judge all that was selected"
    )


def test_damaged_shard(fleet: Fleet, tmp_path: Path) -> None:
    """It is named with what is wrong, and the others are still looked at."""
    one, two = (Path(f"{each.resolve()}.zip") for each in fleet.shards(2))
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(one.read_bytes()[:-1])
    merged = fleet.merge("damaged", [damaged, two])
    merged.require_refused(f"{damaged}: WRONG")
    assert "shard 2/2: " in merged.said


def test_wrong_use(fleet: Fleet, tmp_path: Path) -> None:
    """Nothing there, a folder without a bundle, a key that is none."""
    for arguments, said in (
        ((str(tmp_path / "none.zip"),), "not there; name the bundle"),
        ((str(tmp_path),), "beside it; a run with --shard leaves one"),
        ((str(fleet.shard(1, 2)), f"--sign={tmp_path}/key"), "there is no such file"),
        ((str(fleet.shard(1, 2)), f"--allowed-signers={tmp_path}/none"), "there is no such file"),
        ((str(fleet.shard(1, 2)), "--format=sarfi"), "--format sarfi: did you mean 'sarif'?"),
    ):
        done = hullcheck("merge", str(tmp_path / "out"), *arguments, cwd=REPOSITORY)
        assert done.returncode == 2
        assert said in done.stderr
        assert not (tmp_path / "out").exists()
