"""README.md of a folder of remedies."""

from collections.abc import Iterable

from hullcheck.parsing.answer_lines import grouped
from hullcheck.remedies import script
from hullcheck.remedies.plan import Plan
from hullcheck.remedies.script import code, prose, quoted
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import sentences
from hullcheck.results.failures import Failure

_INTRODUCTION = """\
Made from what one audit found. Nothing was applied, and no host was contacted. Read `changes.sh` before you run
anything: it has a line for each change, and a line that you take out is not done. Try it on one host first, and have a
way in that does not depend on the engine.
"""
_ORDER = """\
## Order

Copy this folder to the host, and there, as root:

```sh
sh apply.sh check    # says what would be changed
sh apply.sh apply    # changes it
{restart}```

Or by Ansible, from here; the host has this target's name in the inventory, or `-e host=NAME` names it:

```sh
ansible-playbook -i INVENTORY playbook.yml                  # copies the files to {place}, and runs apply.sh check
ansible-playbook -i INVENTORY playbook.yml -e todo=apply    # runs apply.sh apply
{by_ansible}```

Then audit again. To go back, `sh apply.sh back` (`-e todo=back`) puts back what was there before: it is kept in
{saved}{back}.
"""
_RESTART = """
`restart.sh` stops the engine, starts it, and starts the containers again that ran before: they are down for that time.
Containers that were started with `--rm` would be removed, so it refuses while one of them runs.
"""


def readme(plan: Plan) -> str:
    """Return the page for one target."""
    pages = [f"# Remedies for {prose(plan.target)}\n\n{_INTRODUCTION}\nRun: {code(plan.run)}\n"]
    if not plan.is_empty:
        pages.append(_order(plan))
    pages += [_part(each.title, each.how, each.mended) for each in script.parts(plan)]
    if plan.asked:
        names = " ".join(f"--also {quoted(each)}" for each in dict.fromkeys(f.control.id for f in plan.asked))
        how = f"Their remedies are proven. To have them in these files, add {code(names)}."
        pages.append(_part("Left out, as they take something away", how, plan.asked))
    by_reason = grouped((why, _title(failure) + _found(failure)) for failure, why in plan.left)
    if by_reason:
        pages.append("## Left to you\n\nNothing in this folder fixes these.\n")
    pages += [f"{prose(why[:1].upper() + why[1:])}:\n\n{''.join(texts)}" for why, texts in by_reason.items()]
    return "\n".join(pages)


def _order(plan: Plan) -> str:
    daemon = plan.daemon
    saved = code(f"/var/backups/hullcheck/{plan.run}")
    if not (daemon or plan.socket):
        return _ORDER.format(restart="", by_ansible="", saved=saved, back="", place=script.PLACE)
    words = ["--new-data"] if daemon and "userns-remap" in daemon.put else []
    words += [quoted(daemon.unit)] if daemon and daemon.unit not in ("", "docker.service") else []
    command = " ".join(("sh", script.RESTART, *words))
    remote = quoted(" ".join(("sh", f"{script.PLACE}/{script.RESTART}", *words)))
    lines = _ORDER.format(
        restart=f"{command}    # restarts the engine, which reads its settings then\n",
        by_ansible=f"ansible -i INVENTORY HOST -b -m command -a {remote}\n",
        saved=saved,
        back=f"; then `{command}`",
        place=script.PLACE,
    )
    return lines + _RESTART


def _part(title: str, how: str, failures: Iterable[Failure]) -> str:
    """Return a part with each control, what was found, and what its remedy may break."""
    lines = []
    for name, together in grouped((each.control.id, each) for each in failures).items():
        risk = REMEDIES[name].risk
        lines += [_title(together[0]), *map(_found, together), *[f"  - may break: {risk}\n"] * bool(risk)]
    return f"## {title}\n\n{how}\n\n{''.join(lines)}"


def _title(failure: Failure) -> str:
    number = sentences.number(failure.control)
    title = prose(failure.control.title)
    return f"- **{number}** {title}\n" if number else f"- {title} ({code(failure.control.id)})\n"


def _found(failure: Failure) -> str:
    finding = failure.finding
    words = sentences.sentence(finding.kind, finding.subject, finding.verdict, finding.reason)
    return f"  - found: {code(words)}\n"
