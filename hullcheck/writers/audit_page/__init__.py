"""audit.html: the auditors' page, one file that asks for nothing (docs/results.md).

What an auditor has to see stands in the document itself, and can be read and printed without scripts. The depth
(every finding, every command with its answers) is embedded compressed, and opened when somebody asks for it.
"""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Sequence
from datetime import date as Date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullcheck.inventory import acceptance
from hullcheck.messages import printable
from hullcheck.recording import Recording
from hullcheck.results import Audit, Run, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page import blocks, changed, links, problems, summary

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_SCRIPTS = (
    "dom.js",
    "copy.js",
    "data.js",
    "evidence.js",
    "views.js",
    "groups.js",
    "findings.js",
    "map.js",
    "pages.js",
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NO_NAME = re.compile(
    r"[^\w-]", re.ASCII
)  # what no id of a run has, and what could end a string of the style
_LONGEST = 600  # characters of a text in the document; all of it is in the embedded data


def render(audit: Audit, recordings: Sequence[Recording]) -> str:
    """Render *audit* with the evidence of *recordings*; equal audits give equal text."""
    from markupsafe import Markup

    style = _static("style.css").replace("RUN", _NO_NAME.sub("", audit.run.id))
    early = _static("early.js")
    script = "(() => {\n'use strict';\n" + "".join(map(_static, _SCRIPTS)) + "})();\n"
    page = _environment().get_template("page.html")
    return page.render(
        audit=audit,
        page=summary.summarize(audit, recordings),
        blocks=list(blocks.embedded(audit, recordings)),
        most_targets=blocks.MOST_TARGETS,
        style=Markup(style),
        early=Markup(early),
        script=Markup(script),
        style_hash=_digest(style),
        early_hash=_digest(early),
        script_hash=_digest(script),
    )


@cache
def _environment() -> Environment:
    """The templates, which are compiled once, with what they may call."""
    # late: most of what pytest does needs no page
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from hullcheck.writers.audit_page.compiled import Compiled

    templates = _HERE / "templates"
    environment = Environment(
        loader=FileSystemLoader(templates),
        bytecode_cache=Compiled(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: fit(value) if type(value) in (str, Verdict) else value,
    )
    environment.filters |= {
        "many": many,
        "day": day,
        "moment": moment,
        "who": who,
        "prose": prose,
        "shell": shlex.join,
        "title_of": problems.title_of,
        "number": sentences.number,
        "state": acceptance.words_of,
        "few": changed.Names.of,
        "capitalize_first": lambda words: words[:1].upper() + words[1:],
    }
    environment.globals |= {
        "link": links.to,
        "anchor": links.anchor,
        "glyphs": summary.GLYPHS,
        "joint": sentences.joint,
        "stale": acceptance.STALE,
        "same": sentences.SAME,
        "kind_before": sentences.kind_before,
    }
    return environment


def _static(name: str) -> str:
    return (_HERE / "static" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def fit(text: str) -> str:
    """*text* as it is shown in the document: nothing in it hides or steers, and it does not fill the page."""
    shown = printable(text[: _LONGEST + 1])
    return shown if len(text) <= _LONGEST else f"{shown[:_LONGEST]}… ({len(text)} characters)"


def many(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 target`, `2 targets`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def prose(words: str) -> Any:
    """Words of a docstring, what is between backticks as code."""
    from markupsafe import Markup, escape

    parts = (escape(each) for each in fit(words).split("`"))
    return Markup().join(
        Markup("<code>{}</code>").format(each) if number % 2 else each for number, each in enumerate(parts)
    )


def day(date: str) -> str:
    """A day as a person writes it; what is no day stays as it is."""
    try:
        found = Date.fromisoformat(date[:10])
    except ValueError:
        return date
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def who(run: Run) -> str:
    """Who ran it, and on which machine; empty where the results do not say so."""
    return f"{run.user} on {run.machine}" if run.user else ""


def moment(time: Any) -> str:
    """A time of RFC 3339 in UTC as a person writes it."""
    return f"{day(time)}, {time[11:16]} UTC" if len(time) >= 16 else time
