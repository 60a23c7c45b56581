"""The names of the images that the engine holds."""

from hullcheck.probes import Probe
from hullcheck.recording import Recording, decode_json
from hullcheck.verdicts import EvidenceError

DOCKER_IMAGES = Probe(
    "docker_images",
    "docker image ls --no-trunc --format "
    """'{"Id":{{json .ID}},"Name":{{json .Repository}},"Tag":{{json .Tag}}}'""",
)

PROBES = (DOCKER_IMAGES,)


def image_names(recording: Recording) -> dict[str, str]:
    """The image id that each `repository:tag` names now.

    Raises:
        EvidenceError: the engine did not say.
    """
    documents = (
        decode_json(line, DOCKER_IMAGES.name) for line in recording.text(DOCKER_IMAGES).split("\n") if line
    )
    try:
        return {f"{each['Name']}:{each['Tag']}": each["Id"] for each in documents}
    except (KeyError, TypeError):
        raise EvidenceError("docker image ls: the answer is not what was asked for") from None
