"""Which tests are controls, and their properties for JUnit.

No hook is in here: pytest rewrites the assertions of a module of hooks when it loads it, and warns where another
module of the plugin has imported it before.
"""

import pytest
from msgspec import Struct

from hullcheck.controls.metadata import framework_line
from hullcheck.inventory import Target
from hullcheck.results import Attestation, Control, Result, Waiver

TARGET = "audit_target"
"""The fixture, asked for however indirectly, that makes a test a control."""
CONTROL = pytest.StashKey[Control]()
"""What a control's markers and docstring say, made once for all targets when it is collected."""
FIXTURE_FAILED = "a fixture failed"
"""How the reason begins where a fixture did not give what the control asks for."""


class Carried(Struct, frozen=True):
    """What the report of a control carries, maybe out of another process.

    Attributes:
        waivers: those that decided findings; so do *attestations*.
    """

    control: Control
    result: Result
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()


def is_control(item: pytest.Item) -> bool:
    """Whether *item* judges a target."""
    return TARGET in getattr(item, "fixturenames", ())


def target_of(item: pytest.Function) -> Target:
    """The target that the control *item* judges."""
    target = item.callspec.params[TARGET]
    assert isinstance(target, Target)
    return target


def id_of(item: pytest.Function) -> str:
    """The id of the control that *item* is."""
    return str(item.obj.__name__).removeprefix("test_")


def properties_of(control: Control, result: Result) -> list[tuple[str, object]]:
    """What JUnit readers get beside the outcome; pytest takes it from the report of the teardown."""
    return [
        ("control", control.id),
        ("target", result.target),
        ("verdict", str(result.verdict)),
        ("severity", result.severity or control.severity),
        ("frameworks", framework_line(control)),
    ]
