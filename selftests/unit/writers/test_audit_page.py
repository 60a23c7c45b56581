"""audit.html: what stands in the document, and what is embedded in it. test_snapshots.py has the whole text of one."""

import re
import subprocess
import sys
import zlib
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from hullcheck.recording import Recording
from hullcheck.results import Change, Changes, Finding, SwitchedOff
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page import blocks
from selftests import REPOSITORY
from selftests.kit.audit_pages import HOSTILE, Example, accepted, alike, block, demo, hostile
from selftests.kit.running import clean_environment
from selftests.unit.writers import formats

SCRIPTED = ("#control/", "#target/", "#requirement/", "#finding/")
"""Beginnings of addresses whose views a script draws."""


class Reader(HTMLParser):
    """The elements with their attributes, and the text outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.quiet = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.quiet = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self.quiet = ""

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.words.append(data)

    @property
    def text(self) -> str:
        """The text with single spaces."""
        return " ".join("".join(self.words).split())


def judged(*verdicts: Verdict, targets: int = 1, silent: int = 0) -> Example:
    """As many controls as there are verdicts, or one on each of some *targets*, of which the first gave no answer."""
    one = formats.small()
    names = [f"web{number}" for number in range(targets)]
    pairs = (
        [("c0", name) for name in names]
        if targets > 1
        else [(f"c{at}", "web0") for at in range(len(verdicts))]
    )
    audit = replace(
        one,
        targets=tuple(replace(one.targets[0], name=each) for each in names),
        controls=tuple(replace(one.controls[0], id=each) for each in dict(pairs)),
        results=tuple(
            replace(
                one.results[0],
                control=control,
                target=target,
                verdict=verdict,
                findings=(Finding("target", target, verdict, "moo"),),
            )
            for (control, target), verdict in zip(pairs, verdicts, strict=True)
        ),
    )
    return Example(audit, tuple(Recording(each, "ssh", failure="timed out") for each in names[:silent]))


FAIL, PASS, ERROR, MANUAL, WAIVED = Verdict.FAIL, Verdict.PASS, Verdict.ERROR, Verdict.MANUAL, Verdict.WAIVED
ATTESTED, NA = Verdict.ATTESTED, Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("verdicts", "targets", "silent", "said"),
    [
        ((FAIL,), 1, 0, "1 of 1 controls fails"),
        ((FAIL, ERROR, PASS), 1, 0, "1 of 3 controls fails; 1 could not be judged"),
        ((WAIVED,), 1, 0, "No control fails that the site has not accepted"),
        ((PASS, ATTESTED), 1, 0, "No control fails, and none is left open"),
        ((MANUAL, PASS), 1, 0, "No control fails; one control is left to a person"),
        ((ERROR, PASS), 1, 0, "1 of 2 controls could not be judged; of the rest, none fails"),
        ((ERROR, ERROR), 1, 0, "Nothing could be judged: 2 of 2 controls are errors"),
        ((ERROR, MANUAL, NA), 1, 0, "Nothing could be judged: 1 of 3 controls is an error"),
        ((MANUAL, MANUAL, NA), 1, 0, "Nothing was judged: 2 controls are left to a person"),
        ((NA, NA), 1, 0, "Nothing was there to be judged"),
        ((ERROR, ERROR), 2, 2, "Nothing could be judged: no target gave an answer"),
        ((ERROR, NA), 2, 1, "Nothing was judged: 1 of 2 targets gave no answer"),
        ((ERROR, PASS), 2, 1, "1 of 2 targets gave no answer; of the rest, none fails"),
        ((NA, PASS), 2, 0, "Nothing was judged on 1 of 2 targets; of the rest, none fails"),
        ((ERROR, FAIL), 2, 1, "1 of 1 controls fails; 1 of 2 targets gave no answer"),
    ],
)
def test_headline(verdicts: tuple[Verdict, ...], targets: int, silent: int, said: str) -> None:
    """A page of errors alone never begins with "No control fails", and is never called judged."""
    page = judged(*verdicts, targets=targets, silent=silent).page
    found = re.search(r'<h1 class="headline">.*?<span>(.*?)</span>', page, re.DOTALL)
    assert found is not None
    assert found[1] == said
    text = Reader(page).text
    is_judged = bool({FAIL, PASS, WAIVED, ATTESTED} & {*verdicts})
    assert ("No control was judged: " in text) is not is_judged
    assert ("Whatever was asked could be judged." in text) is (
        is_judged and not {ERROR, MANUAL, NA} & {*verdicts}
    )


def test_what_is_switched_off_is_no_pass() -> None:
    """A control that the inventory takes out is in the first sentence and in the list of what is not judged."""
    example = judged(PASS, NA)
    off = replace(example.audit.results[1], switched_off=SwitchedOff("site.yml:3", "Moo is wanted.", FAIL))
    text = Reader(Example(replace(example.audit, results=(example.audit.results[0], off)), ()).page).text
    assert "No control fails that the site has not accepted or switched off" in text
    assert "Not judged 1 " in text


def test_one_cause_of_many_errors_is_one_row() -> None:
    """A reason that keeps several controls from being judged stands there once, with their number."""
    example = judged(ERROR, ERROR, ERROR, PASS)
    other = replace(example.audit.results[2], findings=(Finding("target", "web0", ERROR, "baa"),))
    results = (*example.audit.results[:2], other, example.audit.results[3])
    text = Reader(Example(replace(example.audit, results=results), ()).page).text
    assert "2 controls could not be judged for one cause: moo; 1 more control for others. Which" in text
    rows = text.split("Not judged")[2]
    assert "2 controls moo" in rows
    assert "web0: baa" in rows


def test_changes_of_a_control_are_one_row() -> None:
    """With how many there are, the first names and the usual reason; alike on several targets, it is one row, too."""
    changes = [
        Change("c", target, "container", name, "flies" if name != "odd" else "swims")
        for target in ("web1", "web2")
        for name in (*(f"app-{number}" for number in range(12)), "odd")
    ]
    audit = formats.small()
    targets = tuple(replace(audit.targets[0], name=each) for each in ("web1", "web2"))
    since = Changes("r", "2026-11-24T03:00:00Z", 1, tuple(changes), (), 7)
    text = Reader(Example(replace(audit, targets=targets, since=since), ()).page).text
    assert (
        "New 26 findings of 1 control CIS 5.5container app-0, app-1, app-2, app-3 and 8 more: flies" in text
    )
    assert "; for other reasons odd on web1, web2" in text


@pytest.mark.parametrize(("count", "offered"), [(10, 1), (11, 0)])
def test_waiver_is_offered_for_what_is_shown(count: int, offered: int) -> None:
    """No button waives a subject that the list does not name."""
    audit = formats.small(*(Finding("container", f"c{number}", FAIL, "flies") for number in range(count)))
    assert Example(audit, ()).page.count(' data-waive="') == offered


def test_ids_are_there_once() -> None:
    """No two elements have one id, and every link of the document leads somewhere, but to what scripts draw."""
    reader = Reader(accepted().page)
    ids = [attributes["id"] for _, attributes in reader.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in reader.elements if tag == "a"}
    pages = {each for each in links if each and not each.startswith(SCRIPTED)}
    lost = {str(each).partition("?")[0] for each in pages if each and each[1:] not in ids}
    assert lost == {"#findings", "#map"}


# ---- many targets


def _targets(page: str) -> str:
    (part,) = re.findall(r'<section id="targets".*?</section>', page, re.DOTALL)
    return str(part)


def test_targets_alike_are_one_row() -> None:
    """Above a hundred; each is named with a link, notes are said, and one without an answer has a row of its own."""
    assert _targets(alike(100).page).count('<tr id="target/web') == 100
    made = alike(120)
    targets = tuple(
        replace(each, clock="its clock is wrong") if each.name == "web0100" else each
        for each in made.audit.targets
    )
    recordings = [
        replace(each, failure="timed out") if each.target == "web0007" else each for each in made.recordings
    ]
    part = _targets(Example(replace(made.audit, targets=targets), tuple(recordings)).page)
    assert "3 rows" in part
    assert (part.count("<b>and 59 alike</b>"), part.count("<b>and 58 alike</b>")) == (1, 1)
    assert {*re.findall(r'href="#target/(web\d+)"', part)} == {f"web{number:04}" for number in range(120)}
    assert "fails on 119 of 120 targets" in part
    assert "<b>its clock is wrong</b>: <bdi>web0100</bdi>" in part
    assert "<b>no answer</b>" in part


@pytest.mark.parametrize("count", [20, 200])
def test_groups_are_told_apart(count: int) -> None:
    """How many targets each has and fails, and the worst; a group is not worse because it is larger."""
    page = alike(count, grouped=True).page
    fails = {each.control for each in demo().audit.results if each.verdict is FAIL}
    assert (f"{len(fails)} controls fail on at least half of the targets" in page) is (count > 100)
    (table,) = re.findall(r'aria-label="Groups of the inventory">.*?</table>', page, re.DOTALL)
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", table, re.DOTALL)
    assert [re.findall(r"#group/(\w+)", each) for each in rows] == [["prod"], ["attic"], ["db"]]
    sizes, worst = (count * 9 // 10, count // 10, count // 4), ("web0001", "web0000", "web0000")
    for row, size, name in zip(rows, sizes, worst, strict=True):
        assert f"{size} of {size} targets fail" in row
        assert f'worst: <a href="#target/{name}">' in row


# ---- what is embedded


def test_embedded_results_are_those_of_the_audit() -> None:
    """Every result with every finding, whole."""
    example = accepted()
    page, verdicts = example.page, list(Verdict)
    index = block(page, "index")
    for number, target in enumerate(example.audit.targets):
        results = [each for each in example.audit.results if each.target == target.name]
        embedded = block(page, f"results-{number}")
        assert [index["controls"][each[0]]["id"] for each in embedded] == [each.control for each in results]
        for (_, verdict, _, evidence, findings, _, _), result in zip(embedded, results, strict=True):
            found = tuple(Finding(a, b, verdicts[c], d, e) for a, b, c, d, e in findings)
            assert (verdicts[verdict], tuple(evidence), found) == (
                result.verdict,
                result.evidence,
                result.findings,
            )


def test_embedded_answers_are_those_of_the_recordings() -> None:
    """Every command and every answer, to the last byte; a command that two targets share is there once."""
    example = demo()
    commands = block(example.page, "commands")
    assert len(commands) == len({tuple(each) for each in commands})
    for number, recording in enumerate(example.recordings):
        answers = block(example.page, f"answers-{number}")
        found = [(commands[at][0], commands[at][1], status, out, err) for at, status, out, err in answers]
        assert found == [
            (each.name, recording.commands.get(each.name, ""), each.status, each.stdout, each.stderr)
            for each in recording.answers.values()
        ]


def test_answers_of_a_large_fleet_stay_in_the_recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a number of targets the page says that the answers are not in it; the results are."""
    whole = demo().page
    monkeypatch.setattr(blocks, "MOST_TARGETS", 1)
    page = demo().page
    assert (block(page, "answers-0"), block(page, "index")["answers"]) == ([], False)
    assert block(page, "results-0") == block(whole, "results-0")
    assert "the answers of more than 1 targets are not embedded here" in Reader(page).text


def test_equal_audits_give_equal_bytes() -> None:
    """No time, no random number and no order of a set is in the page, in another process neither."""
    script = "import sys; from selftests.kit.audit_pages import hostile; sys.stdout.write(hostile().page)"
    environment = clean_environment() | {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    pages = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=environment | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert pages == {hostile().page.encode()}


# ---- nothing from outside, nothing from a host


def test_policy_of_the_page_lets_its_own_scripts_alone() -> None:
    """The hashes of the Content-Security-Policy are those of the only style and of the two scripts that run."""
    page = demo().page
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert (len(style), len(scripts)) == (1, 2)
    hashes = ["sha256-" + b64encode(sha256(each.encode()).digest()).decode() for each in (*style, *scripts)]
    policy = next(
        str(attributes["content"])
        for tag, attributes in Reader(page).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src '{hashes[0]}'; script-src '{hashes[1]}' '{hashes[2]}'" in policy
    assert "unsafe" not in policy


def test_page_asks_for_nothing() -> None:
    """No element loads anything, and no rule of the style does."""
    page = accepted().page
    for tag, attributes in Reader(page).elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "audio", "video")
        assert not {"src", "srcset", "action", "style"} & attributes.keys()
        assert all(not name.startswith("on") for name in attributes)
        assert str(attributes.get("href", "#")).startswith("#")
    assert set(re.findall(r"url\((.*?)\)", page)) == {"#p-error", "#p-incomplete"}


def test_hostile_names_are_text() -> None:
    """Whatever is named anywhere, the document has the elements that it has anyway, and no hidden character."""
    page = hostile().page
    plain = {tag for tag, _ in Reader(accepted().page).elements}
    reader = Reader(page)
    assert {tag for tag, _ in reader.elements} <= plain
    assert HOSTILE[0] in reader.text
    assert "\\u202egnp.exe\\u2066" in reader.text
    assert not re.search("[\u202e\u2066\u200b\u2028\u2029\x00\x1b\r\ud800-\udfff]", page)
    assert "49" not in re.findall(r"7\*7|\b49\b", reader.text)
    assert all(all(not name.startswith("on") for name in attributes) for _, attributes in reader.elements)


def test_long_name_does_not_fill_the_page() -> None:
    """A name of a megabyte is cut in the document, and whole in what is embedded."""
    page = hostile().page
    assert max(map(len, Reader(page).text.split())) < 1000
    assert "(1000003 characters)" in page
    assert any(len(each[1]) == 1_000_003 for each in block(page, "results-0")[0][4])


def test_blocks_are_alike_however_they_are_compressed() -> None:
    """Another library or level makes other bytes of the same data; other data are never alike, damaged ones refused."""
    page = demo().page
    found = re.search(r'id="data-commands">([^<]*)<', page)
    assert found is not None
    packed = found[1]
    plain = zlib.decompress(b64decode(packed))

    def changed(data: bytes) -> str:
        return page.replace(packed, b64encode(data).decode())

    assert changed(zlib.compress(plain, 1)) != page
    assert blocks.opened(changed(zlib.compress(plain, 1))) == blocks.opened(page)
    assert blocks.opened(changed(zlib.compress(plain + b" ", 6))) != blocks.opened(page)
    for damaged in (b"", b"no block", zlib.compress(plain)[:-1], zlib.compress(plain) + b"x"):
        with pytest.raises(ValueError, match="an embedded block is damaged"):
            blocks.opened(changed(damaged))
