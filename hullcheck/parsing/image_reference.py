"""Image references, as a person types them."""

import re

from msgspec import Struct


class Reference(Struct, frozen=True):
    """The reference with which a container was created.

    Attributes:
        name: `repository:tag`, with the tag that the engine takes where none is given.
        tag: empty where the image was named by its id or a digest.
        digest: `sha256:...` of a reference that ends in one.
    """

    name: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read a reference, or an image's id."""
        repository, at, digest = text.partition("@")
        if not at and re.fullmatch(r"(sha256:)?[0-9a-f]{12,64}", text):
            return cls(text, "", text)
        last = repository.rpartition("/")[2]
        tag = last.partition(":")[2] or ("" if digest else "latest")
        plain = repository if ":" in last or digest else f"{repository}:{tag}"
        return cls(plain, tag, digest)

    @property
    def familiar_name(self) -> str:
        """The name as the engine lists it: without the registry and folder that it takes by default."""
        name = self.name
        for default in ("docker.io/", "index.docker.io/"):
            name = name.removeprefix(default)
        return name.removeprefix("library/")

    @property
    def is_pinned(self) -> bool:
        """Whether it says which version is meant."""
        return bool(self.digest) or self.tag != "latest"
