"""`hullcheck remedy --apply` for Compose files: only what has to change does, and docker compose accepts it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from hullcheck import cli, private_files
from hullcheck.compose import writing
from hullcheck.results import document
from selftests.kit.running import Project
from selftests.needs import need

PARTS = re.split(r"^==== (.*)\n", Path(__file__).with_name("mended.txt").read_text(), flags=re.MULTILINE)[1:]
FILES = dict(zip(PARTS[::2], PARTS[1::2], strict=True))
LISTS = re.compile("host_ip|cap_add:|security_opt:|tmpfs: .")
"""Lines that change with items in or behind them, or go with the last item."""


class Shop:
    """A project with one Compose file."""

    def __init__(self, project: Project) -> None:
        self.project, self.path = project, project.folder / "compose.yml"

    def audit(self, name: str = "compose.yml") -> dict[tuple[str, str], tuple[str, set[int]]]:
        """What fails by control and service: the reason, and the lines."""
        self.project.pytest("-m", "cis or guide", f"--compose={name}")
        audit = document.load(self.project.folder / "reports/latest", "")
        return {
            (result.control, each.subject): (each.bare_reason, {place.line for place in each.places})
            for result in audit.results
            for each in result.findings
            if each.verdict == "fail"
        }

    def remedy(self, *words: str) -> int:
        """The exit status."""
        return cli.main(["remedy", str(self.project.folder / "reports/latest"), *words])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """One in the current folder."""
    need("docker-compose")
    monkeypatch.chdir(tmp_path)
    return Shop(Project(tmp_path))


def is_part(some: Iterable[str], lines: Iterable[str]) -> bool:
    """Whether the lines are there in this order."""
    left = iter(lines)
    return all(each in left for each in some)


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", FILES)
def test_files_in_all_forms(shop: Shop, name: str, ending: str) -> None:
    """What no finding names is there as before; nothing fails that did not, and a second time nothing changes."""
    text = FILES[name].replace("\n", ending)
    text = text.rstrip() if "has no end" in name else text
    shop.path.write_bytes(text.encode())
    shop.path.chmod(0o640)
    before = shop.audit()
    assert shop.remedy("--apply", "--also=all") == 0
    changed = shop.path.read_bytes().decode()
    after = shop.audit()
    assert after.keys() <= before.keys()
    assert len(after) < 0.6 * len(before) or "nothing" in name or "left" in name
    named = set[int]().union(*(lines for _, lines in before.values()))
    lines = enumerate(text.split("\n"), 1)
    kept = [line for number, line in lines if number not in named and not LISTS.search(line)]
    assert is_part(kept[:-1], changed.split("\n"))
    assert (changed.count("\r") == changed.count("\n")) is (ending == "\r\n")
    assert shop.path.stat().st_mode & 0o777 == 0o640
    assert shop.remedy("--apply", "--also=all") == 0
    assert shop.path.read_bytes().decode() == changed


def test_safe_remedies_alone(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a word nothing is taken away; what a diff shows is what is written."""
    shop.path.write_text(FILES["block lists, comments and blank lines everywhere"])
    shop.audit()
    assert shop.remedy() == 0
    said = capsys.readouterr().out
    gone = [line for line in said.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert gone == []
    assert "# only with --also 5.14: CIS 5.14 in web. May break: Only the host itself" in said
    assert shop.remedy("--also", "5.14", "--apply") == 0
    text = shop.path.read_text()
    assert '- "127.0.0.1:80:80" # plain' in text
    assert "- '127.0.0.1:443:443'" in text
    assert "read_only" not in text


SHARED = """
x-caps: &caps [NET_ADMIN, {}]
services:
  one: {{image: alpine:3, cap_add: *caps, cap_drop: [ALL]}}
  two: {{image: alpine:3, cap_add: *caps, cap_drop: [ALL]}}
"""


def test_what_others_share(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """An anchor changes if all who use it want the same; else it is said what to write."""
    shop.path.write_text(SHARED.format("SYS_TIME"))
    shop.audit()
    assert shop.remedy("--also=all", "--apply") == 0
    assert "&caps" not in shop.path.read_text() or "NET_ADMIN" in shop.path.read_text()
    text = "services:\n  one: &one\n    image: alpine:3\n    privileged: true\n  two: *one\n"
    shop.path.write_text(text)
    shop.audit()
    assert shop.remedy("--also=all", "--apply") == 0
    assert shop.path.read_text().count("privileged: false") == 1
    base = (
        "x-base: &base {image: alpine:3, network_mode: host}\nservices:\n  one:\n    <<: *base\n  two:\n    <<: *base\n"
    )
    shop.path.write_text(f"{base}    network_mode: none\n")
    shop.audit()
    capsys.readouterr()
    assert shop.remedy("--also=all", "--apply") == 0
    assert "network_mode: host" in shop.path.read_text()
    assert re.search(r"by hand: CIS 5.10 in one: .*Write", capsys.readouterr().out)


def test_what_a_service_extends(shop: Shop) -> None:
    """Docker compose adds the lists of both: they have each item once, also if the other is in a file of its own."""
    common = shop.project.folder / "common.yml"
    common.write_text("services:\n  base:\n    image: alpine:3\n    cap_add: [SYS_ADMIN]\n    ports: ['81:81']\n")
    web = "    extends: {file: common.yml, service: base}\n    ports: ['80:80']\n    cap_add: [NET_ADMIN]\n"
    other = "    extends: {file: compose.yml, service: web}\n"
    shop.path.write_text(f"services:\n  web:\n{web}  other:\n{other}")
    before = shop.audit()
    assert shop.remedy("--apply", "--also=all") == 0
    after = shop.audit()
    assert after.keys() <= before.keys()
    assert not {name for name, _ in after} & {"container_capabilities_are_needed", "container_gains_no_privileges"}
    assert "127.0.0.1:81:81" in common.read_text()
    assert (shop.path.read_text() + common.read_text()).count("no-new-privileges") == 1


WEB = "services:\n  web:\n    image: nginx:1.27\n"


def as_a_link(path: Path) -> None:
    """Another file behind its name."""
    path.rename(path.with_name("real.yml"))
    path.symlink_to("real.yml")


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (lambda path: path.write_text(f"{WEB}    read_only: true\n"), "changed since the audit: audit it again"),
        (lambda path: path.chmod(0o444), "is read-only: nothing was changed"),
        (lambda path: path.unlink(), "there is no such file"),
        (lambda path: os.link(path, path.with_name("b.yml")), "has several names: nothing was changed"),
    ],
    ids=["changed", "read-only", "gone", "several names"],
)
def test_files_that_are_left_alone(
    shop: Shop, capsys: pytest.CaptureFixture[str], spoiled: Callable[[Path], object], said: str
) -> None:
    """It is an error, and the file is as it was."""
    shop.path.write_text(WEB)
    shop.audit()
    spoiled(shop.path)
    before = shop.path.read_text() if shop.path.exists() else ""
    assert shop.remedy("--apply") == 1
    assert said in capsys.readouterr().err
    assert (shop.path.read_text() if shop.path.exists() else "") == before


def test_links_and_other_folders(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """A link is not written through to another folder, nor is a file that lies in none of the project's."""
    inside = shop.project.folder / "inside"
    inside.mkdir()
    (inside / "compose.yml").write_text(WEB)
    shop.path.write_text(f"{WEB}    restart: always\n")
    shop.audit("inside/compose.yml+compose.yml")
    before = shop.path.read_text()
    assert shop.remedy("--apply", "--also=all") == 1
    assert "is not in the folder of the project: nothing was changed" in capsys.readouterr().err
    (inside / "compose.yml").rename(shop.project.folder / "real.yml")
    (inside / "compose.yml").symlink_to("../real.yml")
    shop.audit("inside/compose.yml")
    assert shop.remedy("--apply") == 1
    assert "is not in the folder of the project: nothing was changed" in capsys.readouterr().err
    assert (shop.path.read_text(), (shop.project.folder / "real.yml").read_text()) == (before, WEB)


def test_full_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What was there is there."""
    shop.path.write_text(WEB)
    shop.audit()

    def full(_: Path, __: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_files.Path, "write_bytes", full)
    assert shop.remedy("--apply") == 1
    assert "compose.yml: cannot be written: No space left on device" in capsys.readouterr().err
    assert [each.name for each in shop.project.folder.glob("*compose*")] == ["compose.yml"]
    assert shop.path.read_text() == WEB
    assert not list(shop.project.folder.glob(".hullcheck-*"))


def test_all_files_or_none(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If the second file cannot be written, the first one is as it was."""
    other = shop.project.folder / "compose.override.yml"
    shop.path.write_text(WEB)
    other.write_text(f"{WEB}    restart: always\n    cap_add: [SYS_ADMIN]\n")
    shop.audit()
    before, replaced, calls = shop.path.read_text(), writing._replace, list[Path]()

    def full(path: Path, state: os.stat_result, content: bytes) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", str(path))
        replaced(path, state, content)

    monkeypatch.setattr(writing, "_replace", full)
    assert shop.remedy("--apply", "--also=all") == 1
    assert "No space left on device" in capsys.readouterr().err
    assert len(set(calls)) == 2
    assert (shop.path.read_text(), "restart: always" in other.read_text()) == (before, True)


def test_what_docker_compose_refuses(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change that it does not accept is not made."""
    shop.path.write_text(WEB)
    shop.audit()
    numbers = {"memory": "512m", "cpus": "1.0", "pids": "many"}
    monkeypatch.setattr("hullcheck.remedies.filled.__defaults__", (numbers,))
    monkeypatch.setattr("hullcheck.remedies.pairs.__defaults__", (numbers,))
    assert shop.remedy("--apply") == 1
    assert "docker compose refuses the changed files, so nothing was changed" in capsys.readouterr().err
    assert shop.path.read_text() == WEB
