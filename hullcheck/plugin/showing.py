"""`--show-probes`: what would be run on a target, printed."""

import pytest

from hullcheck.facts.containers.compose import COMPOSE_FILE
from hullcheck.gather import script_for
from hullcheck.inventory.specs import plain
from hullcheck.plugin import options
from hullcheck.plugin.session import session_of
from hullcheck.recording.backends import COMPOSE, RECORDED, backend_of


def probes(config: pytest.Config) -> int:
    """Print the script of each target; gives the exit status of pytest."""
    timeout = options.seconds(config, "probe_timeout")
    for target in session_of(config).targets:
        print(f"# ---- {target.name} ({plain(target.connect)})")
        if backend_of(target.connect) == RECORDED:
            print("# judged from a recording: nothing is run")
        elif backend_of(target.connect) == COMPOSE:
            print(f"# no host is asked; here: {COMPOSE_FILE.command}")
        else:
            print(script_for(target, session_of(config).probes, timeout, shown=True))
    return 0
