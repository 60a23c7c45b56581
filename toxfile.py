"""What tox says after an audit: that a host fails is a result and no failure of tox, which would be its last words."""

from tox.execute.api import Outcome
from tox.plugin import impl
from tox.tox_env.api import ToxEnv

AUDITS = {"cis", "guide", "pci", "hipaa", "nist"}
JUDGED = 1  # pytest's exit status where tests ran, and not all of them passed


@impl
def tox_after_run_commands(tox_env: ToxEnv, exit_code: int, outcomes: list[Outcome]) -> None:
    """Say what status 1 of an audit means, and let tox add nothing to it; the status stays."""
    if tox_env.conf.name in AUDITS and exit_code == JUDGED:
        print("The audit ended with status 1: a control fails or could not be judged, or none was judged.")
        tox_env.options.quiet = tox_env.options.verbose  # verbosity is the difference
