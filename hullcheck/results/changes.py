"""What changed since an earlier run of the same targets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """A finding that fails in one of two runs alone.

    Attributes:
        kind: of the subject, as in a `Finding`.
        reason: why it fails, or failed then.
    """

    control: str
    target: str
    kind: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Changes:
    """The failed findings of a run beside those of an earlier one; only what both runs judged is compared.

    Attributes:
        run: the id of the earlier run, which is the name of its folder.
        finished: when that ended, in RFC 3339 and UTC.
        compared: how many results (a control on a target) both runs judged.
        new: what fails now and did not fail then, whether it was there then or not.
        gone: what failed then and does not fail now: it passes, or is no longer there.
        still: how many findings fail in both.
    """

    run: str
    finished: str
    compared: int
    new: tuple[Change, ...]
    gone: tuple[Change, ...]
    still: int
