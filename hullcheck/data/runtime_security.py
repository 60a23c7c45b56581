"""Runtime security products, and the names of their units and images."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct


class Product(Struct, frozen=True):
    """A product that monitors containers at run time."""

    title: str
    units: Sequence[str]  # patterns of the names of its units, as systemctl takes them
    repository: str = ""  # the end of the repositories of its images, without the tag

    def has_image(self, name: str) -> bool:
        """Return whether an image has a name of this vendor."""
        return bool(self.repository and re.search(rf"(?:^|/)(?:{self.repository})(?:[:@]|$)", name))


_KNOWN = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
PRODUCTS = {name: Product(**each) for name, each in _KNOWN.items()}
"""By their names in `runtime_security` of the policy."""
