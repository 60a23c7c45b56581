"""The playbook for Ansible: it copies the files for the shell to a host, and runs apply.sh there."""

import re

import yaml

from hullcheck.remedies import script
from hullcheck.remedies.plan import Plan
from hullcheck.remedies.words import comment

NAME = "playbook.yml"
PLACE = "/var/lib/hullcheck/remedy"
"""The folder on the host to which our files go."""
_HOST = re.compile(r"(?!(?:all|ungrouped)$)[A-Za-z0-9][A-Za-z0-9_.-]*")


def playbook(plan: Plan) -> str:
    """Return the playbook for one target; nothing in it was written by a host but a plain name of the target."""
    folder = {"path": PLACE, "state": "directory", "owner": "root", "group": "root", "mode": "0700"}
    play = {
        "name": "Mend what hullcheck found",
        "hosts": _hosts(plan.target),
        "become": True,
        "gather_facts": False,
        "tasks": [
            {"name": "Make a folder for apply.sh", "ansible.builtin.file": folder},
            {
                "name": "Copy apply.sh and its files",
                "ansible.builtin.copy": {"src": "{{ item }}", "dest": f"{PLACE}/", "mode": "0600"},
                "loop": list(script.files(plan)),
            },
            {
                "name": "Run apply.sh",
                "ansible.builtin.command": {
                    "argv": ["sh", f"{PLACE}/{script.APPLY}", "{{ todo | default('check') }}"]
                },
                "register": "done",
                "changed_when": "todo | default('check') != 'check'",
            },
            {"name": "Show what it said", "ansible.builtin.debug": {"var": "done.stdout_lines"}},
        ],
    }
    head = (
        f"# For {comment(plan.target)}, see README.md: ansible-playbook -i INVENTORY {NAME} -e todo=check\n"
    )
    return head + yaml.safe_dump([play], sort_keys=False, width=1000, explicit_start=True)


def _hosts(target: str) -> str:
    """Return the host of this name, or another one that is named when the playbook is run."""
    named = f"{{{{ host | default('{target}') }}}}"
    return named if _HOST.fullmatch(target) else "{{ host }}"
