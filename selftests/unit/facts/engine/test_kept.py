"""What is kept of the answers on the files of the engine and on the packet filter."""

from hullcheck.facts.engine.files_answer import FILES
from hullcheck.facts.engine.firewall import FIREWALL
from selftests.kit.facts import in_parts
from selftests.kit.files import answer


def test_files() -> None:
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


def test_firewall() -> None:
    """Of rules no comment, and of nftables the names of chains."""
    rule = '7/iptables:-A DOCKER-USER -m comment --comment "geheim -j b" -j DROP'
    place = '"family":"ip","table":"t"'
    chain = f'{{"chain":{{{place},"name":"c","comment":"geheim"}}}},{{"rule":{{{place},"expr":["geheim"]}}}}'
    kept = FIREWALL.keep(in_parts(rules=f'{rule}\n7/nft:{{"nftables":[{chain}]}}\nother'))
    assert ("geheim" in kept, '"name":"c"' in kept) == (False, True)
    assert "-A DOCKER-USER -m comment --comment - -j DROP\n" in kept
