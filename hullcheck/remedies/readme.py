"""README.md of a remedy folder: what each file changes and may break, in which order, and how to undo it."""

from collections.abc import Iterable

from hullcheck.parsing.answer_lines import grouped
from hullcheck.remedies import script
from hullcheck.remedies.plan import Plan
from hullcheck.remedies.script import code, prose, quoted
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import sentences
from hullcheck.results.failures import Failure

_INTRODUCTION = """\
These files fix what one audit found. Nothing was applied, and no host was contacted. Read `changes.sh` before you run
anything: it has a line for each change; delete the lines that you do not want. Try it on one host first, and keep
access to the host that does not depend on the engine.
"""
_ORDER = """\
## Order

Copy this folder to the host, and there, as root:

```sh
sh apply.sh check    # shows what would change
sh apply.sh apply    # changes it
{restart}```

Or with Ansible, from here; use `-e host=NAME` if the inventory has another name for the target:

```sh
ansible-playbook -i INVENTORY playbook.yml                  # copies the files to {place}, and runs apply.sh check
ansible-playbook -i INVENTORY playbook.yml -e todo=apply    # runs apply.sh apply
{by_ansible}```

Then audit again. To undo, `sh apply.sh back` (`-e todo=back`) restores what was there before, from
{saved}{back}.
"""
_RESTART = """
`restart.sh` restarts the engine and the containers that ran before; they are down for that time. It refuses while a
container with `--rm` runs, because that would be removed.
"""


def readme(plan: Plan) -> str:
    """Return the page for one target."""
    pages = [f"# Remedies for {prose(plan.target)}\n\n{_INTRODUCTION}\nRun: {code(plan.run)}\n"]
    if script.APPLY in script.files(plan):
        pages.append(_order(plan))
    pages += [_part(f"## {each.title}\n\n{each.how}", each.fixed) for each in script.parts(plan)]
    if plan.optional:
        names = " ".join(f"--also {quoted(each)}" for each in dict.fromkeys(f.control.id for f in plan.optional))
        how = f"Their remedies are proven. To include them, add {code(names)}."
        pages.append(_part(f"## Left out, because they take something away\n\n{how}", plan.optional))
    if plan.left:
        pages.append("## To fix by hand\n\nThese files do not fix the following.\n")
    for why, left in grouped((why, failure) for failure, why in plan.left).items():
        pages.append(_part(f"{script.marked(why[:1].upper() + why[1:])}:", left, by_hand=True))
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
        restart=f"{command:<17}    # restarts the engine, which then reads its settings\n",
        by_ansible=f"ansible -i INVENTORY HOST -b -m command -a {remote}\n",
        saved=saved,
        back=f"; then `{command}`",
        place=script.PLACE,
    )
    return lines + _RESTART


def _part(head: str, failures: Iterable[Failure], *, by_hand: bool = False) -> str:
    """Return each control, what was found, and what its remedy may break, or how to fix it *by_hand*."""
    lines = []
    for name, together in grouped((each.control.id, each) for each in failures).items():
        text = script.marked(together[0].control.remedy) if by_hand else REMEDIES[name].risk
        last = f"  - {'fix' if by_hand else 'may break'}: {text}\n" if text else ""
        lines += [_title(together[0]), *map(_found, together), last]
    return f"{head}\n\n{''.join(lines)}"


def _title(failure: Failure) -> str:
    number = sentences.number(failure.control)
    title = prose(failure.control.title)
    return f"- **{number}** {title}\n" if number else f"- {title} ({code(failure.control.id)})\n"


def _found(failure: Failure) -> str:
    return f"  - found: {code(sentences.of_finding(failure.finding))}\n"
