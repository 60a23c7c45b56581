"""README.md of a folder of remedies: what each file does and may break, in which order, and how to go back."""

from collections.abc import Iterable, Iterator, Sequence

from hullcheck.remedies import containers, host_files, playbook, script
from hullcheck.remedies.plan import KERNEL, LIMITS, OPTIONS, RIGHTS, RULES, SETTINGS, Plan
from hullcheck.remedies.table import REMEDIES
from hullcheck.remedies.words import code, comment, prose, quoted
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
    """The page for one target."""
    parts = (
        _head(plan),
        "" if plan.is_empty else _order(plan),
        *_parts(plan),
        _asked(plan.asked),
        _left(plan),
    )
    return "\n".join(part for part in parts if part)


def _head(plan: Plan) -> str:
    return f"# Remedies for {prose(plan.target)}\n\n{_INTRODUCTION}\nRun: {code(plan.run)}\n"


def _order(plan: Plan) -> str:
    restart = plan.daemon is not None or bool(plan.socket)
    unit = plan.daemon.unit if plan.daemon else ""
    words = ["sh", script.RESTART]
    words += ["--new-data"] if plan.daemon and plan.daemon.moves_data else []
    words += [quoted(unit)] if unit not in ("", "docker.service") else []
    command = (
        f"{' '.join(words)}    # restarts the engine, which reads its settings then\n" if restart else ""
    )
    remote = " ".join(["sh", f"{playbook.PLACE}/{script.RESTART}", *words[2:]])
    by_ansible = f"ansible -i INVENTORY HOST -b -m command -a {quoted(remote)}\n" if restart else ""
    saved = code(f"/var/backups/hullcheck/{plan.run}")
    back = f"; then `{' '.join(words)}`" if restart else ""
    said = f"\n{_RESTART}" if restart else ""
    lines = _SHELL.format(
        restart=command, by_ansible=by_ansible, saved=saved, back=back, place=playbook.PLACE
    )
    return f"## Order\n\n{lines}{said}"


def _parts(plan: Plan) -> Iterator[str]:
    if plan.daemon:
        yield _part(
            f"{code(plan.daemon.path)}: settings of the engine", _how_daemon(plan), plan.mended[SETTINGS]
        )
    if plan.rules:
        yield _part(f"{code(host_files.RULES_FILE)}: audit rules", _how_rules(plan), plan.mended[RULES])
    if plan.kernel:
        how = f"{code(script.KERNEL_FILE)} is copied there, and the same is set at once."
        yield _part(f"{code(host_files.KERNEL_FILE)}: settings of the kernel", how, plan.mended[KERNEL])
    if plan.rights:
        how = "Of modes, rights are taken away and none is added. A path that has become a link is left as it is."
        if plan.socket:
            how += (
                f" {code(script.SOCKET_FILE)} becomes {code(host_files.SOCKET_FILE)}: without it systemd would"
                " make the socket with the old rights again."
            )
        yield _part("Owners and modes of files", how, plan.mended[RIGHTS])
    yield from _of_containers(plan)


def _of_containers(plan: Plan) -> Iterator[str]:
    if plan.limits:
        how = (
            "The engine changes these at once, and they stay with the container. Write the same where you create it:"
            " a Compose file, a unit, a script."
        )
        yield _part("Limits of containers", how, plan.mended[LIMITS])
    if plan.options:
        lines = "".join(
            f"- {code(name)}: {words}\n" for name, words in containers.by_container(plan.options).items()
        )
        how = (
            "No file does this: change the command, Compose file or unit that starts the container, remove the"
            f" container, and create it again, first where nobody depends on it.\n\n{lines.rstrip()}"
        )
        yield _part("Containers to create again", how, plan.mended[OPTIONS])


def _how_daemon(plan: Plan) -> str:
    daemon = plan.daemon
    assert daemon is not None
    names = ", ".join(code(each) for each in (*daemon.put, *daemon.without))
    if daemon.merged:
        return (
            f"{code(script.DAEMON_FILE)} is the file of the host with these changed: {names}. Other settings, and their"
            " order, are those of the audit; if the file was changed since, `apply.sh` stops."
        )
    return (
        f"The audit did not keep all that is in the file, as settings that it does not judge may be secret. So"
        f" {code(script.SETTINGS_FILE)} has what is changed ({names}), and `apply.sh` merges it with the file on the"
        " host, by python3 or jq."
    )


def _how_rules(plan: Plan) -> str:
    assert plan.rules is not None
    off = " Auditing is off in the kernel: `-e 1` switches it on." if plan.rules.switch_on else ""
    late = (
        " What lies in /run is not there when the host starts: after that, run `augenrules --load` once more."
        if "=/run/" in plan.rules.text
        else ""
    )
    return (
        f"{code(script.RULES_FILE)} is copied there and loaded by `augenrules --load`.{off}{late} Rules that are locked"
        " (`auditctl -s` says `enabled 2`) can be changed by a restart of the host only."
    )


def _part(title: str, how: str, mended: Sequence[Failure]) -> str:
    return f"## {title}\n\n{how}\n\n{''.join(_mended(mended, with_risk=True))}"


def _mended(failures: Iterable[Failure], *, with_risk: bool = False) -> Iterator[str]:
    """Each control with what was found, and what its remedy may break."""
    by_control: dict[str, list[Failure]] = {}
    for each in failures:
        by_control.setdefault(each.control.id, []).append(each)
    for name, together in by_control.items():
        yield f"- {_title(together[0])}\n"
        yield from (f"  - found: {_found(each)}\n" for each in together)
        if risk := REMEDIES[name].risk if with_risk else "":
            yield f"  - may break: {risk}\n"


def _title(failure: Failure) -> str:
    number = sentences.number(failure.control)
    title = prose(failure.control.title)
    return f"**{number}** {title}" if number else f"{title} ({code(failure.control.id)})"


def _found(failure: Failure) -> str:
    finding = failure.finding
    return code(comment(sentences.sentence(finding.kind, finding.subject, finding.verdict, finding.reason)))


def _asked(failures: Sequence[Failure]) -> str:
    if not failures:
        return ""
    lines = "".join(_mended(failures, with_risk=True))
    names = " ".join(f"--also {quoted(each)}" for each in dict.fromkeys(f.control.id for f in failures))
    return (
        "## Left out, as they take something away\n\nTheir remedies are proven. To have them in these files, add"
        f" {code(names)}.\n\n{lines}"
    )


def _left(plan: Plan) -> str:
    if not plan.left:
        return ""
    why: dict[str, list[str]] = {}
    for each in plan.left:
        why.setdefault(each.why, []).append(f"- {_title(each.failure)}\n  - found: {_found(each.failure)}\n")
    parts = "".join(
        f"\n{prose(reason[:1].upper() + reason[1:])}:\n\n{''.join(lines)}" for reason, lines in why.items()
    )
    return f"## Left to a person\n\nNothing in this folder mends these.\n{parts}"
