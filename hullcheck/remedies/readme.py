"""README.md of a folder of remedies: what each file does and may break, in which order, and how to go back."""

from collections.abc import Iterable, Iterator, Sequence

from hullcheck.remedies import script
from hullcheck.remedies.changes import (
    KERNEL_FILE,
    DaemonSettings,
    FileRights,
    KernelSetting,
    Limit,
    Options,
    Rule,
)
from hullcheck.remedies.plan import Plan
from hullcheck.remedies.table import REMEDIES
from hullcheck.remedies.words import code, prose, quoted
from hullcheck.results import sentences
from hullcheck.results.failures import Failure

_INTRODUCTION = """\
Made from what one audit found. Nothing was applied, and no host was contacted. Read `changes.sh` before you run
anything: it has a line for each change, and a line that you take out is not done. Try it on one host first, and have a
way in that does not depend on the engine.
"""
_SHELL = """\
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
_RESTART = """\
`restart.sh` stops the engine, starts it, and starts the containers again that ran before: they are down for that time.
Containers that were started with `--rm` would be removed, so it refuses while one of them runs.
"""


def readme(plan: Plan) -> str:
    """Return the page for one target."""
    head = f"# Remedies for {prose(plan.target)}\n\n{_INTRODUCTION}\nRun: {code(plan.run)}\n"
    order = "" if plan.is_empty else _order(plan)
    parts = (head, order, *_parts(plan), _asked(plan.asked), _left(plan))
    return "\n".join(part for part in parts if part)


def _order(plan: Plan) -> str:
    daemon = plan.daemon
    saved = code(f"/var/backups/hullcheck/{plan.run}")
    if not (daemon or plan.socket):
        lines = _SHELL.format(restart="", by_ansible="", saved=saved, back="", place=script.PLACE)
        return f"## Order\n\n{lines}"
    words = ["--new-data"] if daemon and "userns-remap" in daemon.put else []
    words += [quoted(daemon.unit)] if daemon and daemon.unit not in ("", "docker.service") else []
    command = " ".join(("sh", script.RESTART, *words))
    remote = quoted(" ".join(("sh", f"{script.PLACE}/{script.RESTART}", *words)))
    lines = _SHELL.format(
        restart=f"{command}    # restarts the engine, which reads its settings then\n",
        by_ansible=f"ansible -i INVENTORY HOST -b -m command -a {remote}\n",
        saved=saved,
        back=f"; then `{command}`",
        place=script.PLACE,
    )
    return f"## Order\n\n{lines}\n{_RESTART}"


def _parts(plan: Plan) -> Iterator[str]:
    if daemon := plan.daemon:
        names = ", ".join(code(each) for each in (*daemon.put, *daemon.without))
        how = (
            f"{names}: `apply.sh` merges {code(script.SETTINGS)} with the file on the host, by python3 or jq; other"
            " settings, and their order, stay."
        )
        yield _part(f"{code(daemon.path)}: settings of the engine", how, plan.mended(DaemonSettings))
    if rules := plan.of(Rule):
        yield _part(f"{code(script.RULES_FILE)}: audit rules", _how_rules(rules), plan.mended(Rule))
    if kernel := plan.mended(KernelSetting):
        how = f"{code(script.KERNEL)} is copied there, and the same is set at once."
        yield _part(f"{code(KERNEL_FILE)}: settings of the kernel", how, kernel)
    if rights := plan.mended(FileRights):
        how = "Of modes, rights are taken away and none is added. A path that has become a link is left as it is."
        if plan.socket:
            how += (
                f" {code(script.SOCKET)} becomes {code(script.SOCKET_FILE)}: without it systemd would make the socket"
                " with the old rights again."
            )
        yield _part("Owners and modes of files", how, rights)
    if limits := plan.mended(Limit):
        how = (
            "The engine changes these at once, and they stay with the container. Write the same where you create it:"
            " a Compose file, a unit, a script."
        )
        yield _part("Limits of containers", how, limits)
    if options := plan.options:
        lines = "\n".join(f"- {code(each.container)}: {_said(each)}" for each in options)
        how = (
            "No file does this: change the command, Compose file or unit that starts the container, remove the"
            f" container, and create it again, first where nobody depends on it.\n\n{lines}"
        )
        yield _part("Containers to create again", how, plan.mended(Options))


def _said(options: Options) -> str:
    parts = [("add", options.add), ("leave out", options.drop)]
    return "; ".join(f"{word} {', '.join(f'`{each}`' for each in found)}" for word, found in parts if found)


def _how_rules(rules: Sequence[Rule]) -> str:
    off = " Auditing is off in the kernel: `-e 1` switches it on." if any(each.off for each in rules) else ""
    late = (
        " What lies in /run is not there when the host starts: after that, run `augenrules --load` once more."
        if any("=/run/" in each.line for each in rules)
        else ""
    )
    return (
        f"{code(script.RULES)} is copied there and loaded by `augenrules --load`.{off}{late} Rules that are locked"
        " (`auditctl -s` says `enabled 2`) can be changed by a restart of the host only."
    )


def _part(title: str, how: str, failures: Iterable[Failure]) -> str:
    """Return a part with each control, what was found, and what its remedy may break."""
    by_control: dict[str, list[Failure]] = {}
    for each in failures:
        by_control.setdefault(each.control.id, []).append(each)
    lines = []
    for name, together in by_control.items():
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


def _asked(failures: Sequence[Failure]) -> str:
    if not failures:
        return ""
    names = " ".join(f"--also {quoted(each)}" for each in dict.fromkeys(f.control.id for f in failures))
    how = f"Their remedies are proven. To have them in these files, add {code(names)}."
    return _part("Left out, as they take something away", how, failures)


def _left(plan: Plan) -> str:
    if not plan.left:
        return ""
    why: dict[str, list[str]] = {}
    for each in plan.left:
        why.setdefault(each.why, []).extend((_title(each.failure), _found(each.failure)))
    parts = (
        f"\n{prose(reason[:1].upper() + reason[1:])}:\n\n{''.join(each)}" for reason, each in why.items()
    )
    return f"## Left to a person\n\nNothing in this folder mends these.\n{''.join(parts)}"
