"""The answer on the files of the engine."""

from hullcheck.facts.engine.files_answer import FILES
from selftests.kit.files import answer


def test_what_is_kept() -> None:
    """Of a unit only what is judged, and of a file of TLS no private key."""
    said = answer(
        units=("manager 0", "Id=x.service", "Environment=PASSWORD=geheim",
               "ExecStart={ path=/usr/bin/dockerd ; argv[]=dockerd --password geheim ; x }"),
        certificates=("/tls/cert:MIIB+/=", "/tls/cert:-----BEGIN PRIVATE KEY-----"),
        devices=('{"blockdevices":[{"kname":"sda","name":"sda","maj:min":"8:0","type":"disk","uuid":"geheim"}]}',),
    )  # fmt: skip
    kept = FILES.keep(said)
    assert ("geheim" in kept, "PRIVATE" in kept, kept.count("(dropped)")) == (False, False, 2)
    assert "\nprogram=/usr/bin/dockerd\n" in kept
