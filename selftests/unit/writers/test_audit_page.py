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
from hullcheck.remedies.offered import file_of
from hullcheck.results import Finding
from hullcheck.results.failures import fixes
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page import blocks, model
from selftests import REPOSITORY
from selftests.kit.audit_pages import HOSTILE, Example, alike, block, demo, hostile, site, small
from selftests.kit.running import clean_environment

SCRIPTED = ("#control/", "#target/", "#requirement/", "#finding/", "#group/")
"""Beginnings of addresses whose views a script draws."""
FAIL, PASS, ERROR, MANUAL, WAIVED = Verdict.FAIL, Verdict.PASS, Verdict.ERROR, Verdict.MANUAL, Verdict.WAIVED
ATTESTED, NA = Verdict.ATTESTED, Verdict.NOT_APPLICABLE


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
    one = small()
    names = [f"web{number}" for number in range(targets)]
    pairs = [("c0", each) for each in names] if targets > 1 else [(f"c{at}", "web0") for at in range(len(verdicts))]
    results = [
        replace(
            one.results[0],
            control=control,
            target=target,
            verdict=verdict,
            findings=(Finding("target", target, verdict, "moo"),),
        )
        for (control, target), verdict in zip(pairs, verdicts, strict=True)
    ]
    audit = replace(
        one,
        targets=tuple(replace(one.targets[0], name=each) for each in names),
        controls=tuple(replace(one.controls[0], id=each) for each in dict(pairs)),
        results=tuple(results),
    )
    return Example(audit, tuple(Recording(each, "ssh", failure="timed out") for each in names[:silent]))


@pytest.mark.parametrize(
    ("verdicts", "targets", "silent", "sign", "said"),
    [
        ((FAIL,), 1, 0, FAIL, "1 of 1 controls fail, 0 pass"),
        ((FAIL, ERROR, PASS), 1, 0, FAIL, "1 of 3 controls fail, 1 pass, 1 could not be judged"),
        ((FAIL, FAIL, PASS, ATTESTED), 1, 0, FAIL, "2 of 4 controls fail, 2 pass"),
        ((WAIVED,), 1, 0, WAIVED, "0 of 1 controls fail, 0 pass, 1 waived"),
        ((PASS, ATTESTED), 1, 0, PASS, "0 of 2 controls fail, 2 pass"),
        ((MANUAL, PASS), 1, 0, MANUAL, "0 of 2 controls fail, 1 pass"),
        ((ERROR, PASS), 1, 0, ERROR, "0 of 2 controls fail, 1 pass, 1 could not be judged"),
        ((ERROR, ERROR), 1, 0, ERROR, "Nothing was judged: 2 could not be judged"),
        ((ERROR, MANUAL, NA), 1, 0, ERROR, "Nothing was judged: 1 could not be judged; 1 for manual review"),
        ((MANUAL, MANUAL, NA), 1, 0, MANUAL, "Nothing was judged: 2 for manual review"),
        ((NA, NA), 1, 0, NA, "Nothing was judged"),
        ((ERROR, ERROR), 2, 2, ERROR, "Nothing was judged: 2 of 2 targets gave no answer"),
        ((ERROR, NA), 2, 1, ERROR, "Nothing was judged: 1 of 2 targets gave no answer"),
        ((ERROR, PASS), 2, 1, ERROR, "0 of 1 controls fail, 1 pass; 1 of 2 targets gave no answer"),
        ((NA, PASS), 2, 0, ERROR, "0 of 1 controls fail, 1 pass; 1 of 2 targets have no verdict"),
        ((ERROR, FAIL), 2, 1, FAIL, "1 of 1 controls fail, 0 pass; 1 of 2 targets gave no answer"),
    ],
)
def test_headline(verdicts: tuple[Verdict, ...], targets: int, silent: int, sign: Verdict, said: str) -> None:
    """A page of errors alone never begins with figures, and is never called judged."""
    example = judged(*verdicts, targets=targets, silent=silent)
    page = model.Page(example.audit, example.recordings)
    assert page.headline == (said, sign)
    is_judged = bool({FAIL, PASS, WAIVED, ATTESTED} & {*verdicts})
    assert page.nothing_judged is not is_judged
    assert page.all_judged is (is_judged and not {ERROR, MANUAL, NA} & {*verdicts})


def test_one_cause_of_many_errors_is_one_row() -> None:
    """A reason that keeps several controls from being judged stands there once, with their number."""
    example = judged(ERROR, ERROR, ERROR, PASS)
    other = replace(example.audit.results[2], findings=(Finding("target", "web0", ERROR, "baa"),))
    results = (*example.audit.results[:2], other, example.audit.results[3])
    text = Reader(Example(replace(example.audit, results=results)).page).text
    assert "2 controls could not be judged for one cause: moo; 1 more control for others. Which" in text
    rows = text.split("What was not tested")[2]
    assert "2 controls web0: moo Which controlsCIS 5.5" in rows
    assert "web0: baa" in rows


def test_cause_of_failures_is_one_block() -> None:
    """Its waiver names each subject; controls are counted, each has its anchor once, and its other findings below."""
    example = judged(FAIL, FAIL, FAIL, PASS)
    files = [Finding("file", f"/{at}", FAIL, f"no rule{' (a waiver ended: s.yml:1)' * (at > 3)}") for at in range(5)]
    found = [
        files[:2],
        [*files[2:4], Finding("target", "web0", FAIL, "no rule")],
        [files[4], Finding("file", "/x", FAIL, "odd")],
    ]
    results = [replace(each, findings=tuple(some)) for each, some in zip(example.audit.results, found, strict=False)]
    page = Example(replace(example.audit, results=(*results, example.audit.results[3]))).page
    reader = Reader(page)
    rows = reader.text.split("Failures")[2]
    assert "3 controls with evidence" in rows
    assert "high 3 controls 3 controls no rule Which controlsCIS 5.5No cow flies /0, /1CIS 5.5" in rows, rows
    assert "file /x: odd" in rows
    waivers = [each["data-waiver"] for _, each in reader.elements if "data-waiver" in each]
    assert waivers == [
        '[["", ["web0"], ["/0", "/1", "/2", "/3"], "no rule"], ["", ["web0"], ["web0"], "no rule"],'
        ' ["", ["web0"], ["/4"], "no rule"]]',
        '[["c2", ["web0"], ["/x"]]]',
    ]
    anchors = [each["id"] for _, each in reader.elements if str(each.get("id")).startswith("control/")]
    assert anchors == ["control/c0", "control/c1", "control/c2"]
    assert page.index('id="control/c2"') < page.index("data-waiver=")


@pytest.mark.parametrize(("count", "offered"), [(10, 1), (11, 0)])
def test_waiver_is_offered_for_what_is_shown(count: int, offered: int) -> None:
    """No button waives a subject that the list does not name."""
    audit = small(*(Finding("container", f"c{number}", FAIL, "flies") for number in range(count)))
    assert Example(audit).page.count(' data-waiver="') == offered


def test_change_with_a_file_is_always_shown() -> None:
    """The first six stand there, and of the others those with a file to copy; the rest can be unfolded."""
    page = demo().page.split('id="fixes"')[1].split("<h2>By severity")[0]
    found = fixes(demo().audit)
    files = [each for each in found if file_of(each)]
    shown = 6 + sum(each in files for each in found[6:])
    assert page.count('class="fix-first"') == shown > 6
    assert page.count('aria-label="Copy file for ') == len(files) > 1
    assert f"<summary>{len(found) - shown} more changes</summary>" in page


@pytest.mark.parametrize("example", [demo, site, hostile], ids=lambda each: each.__name__)
def test_page_is_safe_and_whole(example: object) -> None:
    """Nothing is loaded or runs but what is in it; an id is there once, and every link leads to one or to a view."""
    page = example().page  # type: ignore[operator]
    reader = Reader(page)
    ids = [attributes["id"] for _, attributes in reader.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for tag, attributes in reader.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "audio", "video")
        assert not {"src", "srcset", "action", "style"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
        href = str(attributes.get("href", "#summary")).partition("?")[0]
        assert href in ("#findings", "#map") or href.startswith(SCRIPTED) or href[1:] in ids
    assert set(re.findall(r"url\((.*?)\)", page)) == {"#p-error"}
    style, early, script = re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", page, re.DOTALL)
    hashes = ["sha256-" + b64encode(sha256(each.encode()).digest()).decode() for each in (style, early, script)]
    (policy,) = (str(attributes["content"]) for _, attributes in reader.elements if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src '{hashes[0]}'; script-src '{hashes[1]}' '{hashes[2]}'" in policy
    assert "unsafe" not in policy


def test_hostile_names_are_text() -> None:
    """The document has the elements that it has anyway, no hidden character, and no name that fills it."""
    page = hostile().page
    reader = Reader(page)
    assert {tag for tag, _ in reader.elements} <= {tag for tag, _ in Reader(site().page).elements}
    assert HOSTILE[0] in reader.text
    assert "\\u202egnp.exe\\u2066" in reader.text
    assert not re.search("[\u202e\u2066\u200b\u2028\u2029\x00\x1b\r\ud800-\udfff]", page)
    assert "49" not in re.findall(r"7\*7|\b49\b", reader.text)
    assert max(map(len, reader.text.split())) < 1000
    assert "(1000003 characters)" in page
    assert any(len(each[1]) == 1_000_003 for each in block(page, "results-0")[0][4])


def test_equal_audits_give_equal_bytes() -> None:
    """No time, no random number and no order of a set is in the page, in another process neither."""
    script = "import sys; from selftests.kit.audit_pages import site; sys.stdout.write(site().page)"
    environment = clean_environment() | {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    environment["PYTHONHASHSEED"] = "7"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert done.stdout == site().page.encode()


# ---- many targets


def test_targets_alike_are_one_row() -> None:
    """Above a hundred; each is named with a link, notes are said, and one without an answer has a row of its own."""
    made = alike(104)
    odd = {"clock": "its clock is wrong", "neighbours": ("podman",)}
    targets = tuple(replace(each, **odd) if each.name == "web0100" else each for each in made.audit.targets)
    recordings = tuple(
        replace(each, failure="timed out") if each.target == "web0007" else each for each in made.recordings
    )
    page = Example(replace(made.audit, targets=targets), recordings).page
    (part,) = re.findall(r'<section id="targets".*?</section>', page, re.DOTALL)
    assert "3 rows" in part
    assert (part.count("<b>and 51 alike</b>"), part.count("<b>and 50 alike</b>")) == (1, 1)
    assert {*re.findall(r'href="#target/(web\d+)"', part)} == {f"web{number:04}" for number in range(104)}
    assert "fails on 103 of 104 targets" in part
    assert "<b>its clock is wrong; not judged: podman</b>: <bdi>web0100</bdi>" in part
    assert '<bdi>podman</bdi> <span class="note">on <bdi>web0100</bdi></span>' in page.partition("Left out")[2]
    assert "<b>no answer</b>" in part


def test_groups_are_told_apart() -> None:
    """How many targets each has and fails, and the worst; a group is not worse because it is larger."""
    (table,) = re.findall(r'aria-label="Groups of the inventory">.*?</table>', alike(20).page, re.DOTALL)
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", table, re.DOTALL)
    assert [re.findall(r"#group/(\w+)", each) for each in rows] == [["prod"], ["attic"], ["db"]]
    for row, size, name in zip(rows, (18, 2, 5), ("web0001", "web0000", "web0000"), strict=True):
        assert f"{size} of {size} targets fail" in row
        assert f'worst: <a href="#target/{name}">' in row


# ---- what is embedded


def test_embedded_results_are_those_of_the_audit() -> None:
    """Every result with every finding, whole."""
    page, audit, verdicts = site().page, site().audit, list(Verdict)
    controls = [each["id"] for each in block(page, "index")["controls"]]
    for number, results in enumerate(audit.by_target.values()):
        embedded = [
            (
                controls[each[0]],
                verdicts[each[1]],
                [Finding(a, b, verdicts[c], d, e) for a, b, c, d, e, _ in each[4]],
            )
            for each in block(page, f"results-{number}")
        ]
        assert embedded == [(each.control, each.verdict, list(each.findings)) for each in results]


def test_embedded_answers_are_those_of_the_recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last byte; a command that two targets share is there once.

    Of many targets the answers, and so the lines that decided, are in the recordings alone.
    """
    whole = demo().page
    commands = block(whole, "commands")
    assert len(commands) == len({tuple(each) for each in commands})
    for number, recording in enumerate(demo().recordings):
        answers = block(whole, f"answers-{number}")
        found = [(commands[at][0], commands[at][1], status, out, err) for at, status, out, err in answers]
        assert found == [
            (each.name, recording.commands.get(each.name, ""), each.status, each.stdout, each.stderr)
            for each in recording.answers.values()
        ]
    monkeypatch.setattr(blocks, "MOST_TARGETS", 1)
    page = demo().page
    assert (block(page, "answers-0"), block(page, "index")["answers"]) == ([], False)
    lines = [finding.pop() for each in block(whole, "results-0") for finding in each[4]]
    assert any(lines)
    assert not any(finding.pop() for each in block(page, "results-0") for finding in each[4])
    assert "the answers of more than 1 targets are not embedded here" in Reader(page).text


def test_blocks_are_alike_however_they_are_compressed() -> None:
    """Another library or level makes other bytes of the same data; other data are never alike, damaged ones refused."""
    page = site().page
    found = re.search(r'id="data-commands">([^<]*)<', page)
    assert found is not None
    plain = zlib.decompress(b64decode(found[1]))

    def changed(data: bytes) -> str:
        return page.replace(f">{found[1]}<", f">{b64encode(data).decode()}<")

    assert changed(zlib.compress(plain, 0)) != page
    assert blocks.opened(changed(zlib.compress(plain, 0))) == blocks.opened(page)
    assert blocks.opened(changed(zlib.compress(plain + b" ", 6))) != blocks.opened(page)
    for damaged in (b"", b"no block", zlib.compress(plain)[:-1], zlib.compress(plain) + b"x"):
        with pytest.raises(ValueError, match="an embedded block is damaged"):
            blocks.opened(changed(damaged))
