"""`python -m selftests.rig` puts back what self-tests that were killed left on this machine, and starts none."""

from selftests.rig import cleanup
from selftests.rig.laboratory import BASE


def main() -> None:
    """Take down the laboratories of dead processes; the exit status is 1 if something of them resists."""
    if resisting := cleanup.sweep(BASE) if BASE.is_dir() else []:
        raise SystemExit("\n".join(resisting))


if __name__ == "__main__":
    main()
