"""Products for runtime security: how their units and their images are called."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct


class Product(Struct, frozen=True):
    """A product that watches what containers do."""

    title: str
    units: Sequence[str]  # patterns of the names of its units, as systemctl takes them
    repository: str = ""  # the end of the repositories of its images, without the tag

    def has_image(self, name: str) -> bool:
        """Return whether the name of an image is one of its vendor's."""
        return bool(self.repository and re.search(rf"(?:^|/)(?:{self.repository})(?:[:@]|$)", name))


_KNOWN = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
PRODUCTS = {name: Product(**each) for name, each in _KNOWN.items()}
"""By the names that `runtime_security` of the policy has for them."""
