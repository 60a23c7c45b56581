"""Which products watch what containers do."""

from collections.abc import Mapping

from hullcheck.data.runtime_security import PRODUCTS
from hullcheck.facts.containers.sensors import Sensor
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual, NotApplicable


def require_product(name: str, sensors: Mapping[str, Sensor], policy: Policy) -> str:
    """Require that a product runs and starts with the host; return what shows that.

    Raises:
        Manual: the policy does not name it, so that somebody has to check what it does.
        NotApplicable: others are used in its place.
    """
    title, used = PRODUCTS[name].title, policy.runtime_security or tuple(sensors)
    if used and name not in used:
        raise NotApplicable(f"{', '.join(PRODUCTS[each].title for each in used)} is used in its place")
    sensor = sensors.get(name)
    assert sensor, f"no unit and no container of {title} runs"
    found = f"{title} runs ({sensor.place}, {sensor.at_boot})"
    assert sensor.starts, f"{found}, but does not start with the host"
    if policy.runtime_security:
        return f"{found}; the policy states that it watches the containers"
    raise Manual(
        f"{found}. Check that its rules are loaded, and that its alerts arrive where somebody reads them; then name"
        f" it in the policy: runtime_security: [{name}]"
    )
