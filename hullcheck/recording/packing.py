"""A recording as a file: written in one way, and packed by gzip."""

import json
import zlib

from hullcheck import inputs

LARGEST = 256 * inputs.MIB
"""The most bytes of one, unpacked: of 5,000 containers it has 7 MiB, of 10,000 images some 100."""
VALUES = 100_000
"""The most values in its document, whose answers are texts."""
GZIP = b"\x1f\x8b"
_PACKED_HEAD = GZIP + b"\x08\0\0\0\0\0\x02\xff"  # without a name and a time


def packed(content: bytes) -> bytes:
    """*content* as a file of gzip that says neither when nor where it was made."""
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    body = deflate.compress(content) + deflate.flush()
    ends = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return _PACKED_HEAD + body + ends


def is_canonical(content: bytes) -> bool:
    """Whether *content* is a recording that was written and packed here, so that no byte of it is free.

    How gzip packs differs between its releases.

    Raises:
        ValueError: it cannot be unpacked, or is no JSON.
    """
    plain = unpacked(content)
    return content.startswith(_PACKED_HEAD) and canonical(inputs.decode(plain, VALUES)) == plain.decode(
        "ascii", "replace"
    )


def canonical(document: object) -> str:
    """The text of a recording's file."""
    return json.dumps(document, indent=1) + "\n"


def unpacked(content: bytes) -> bytes:
    """*content*, out of gzip where it is packed.

    Raises:
        ValueError: it is damaged, goes on after its end, or is far larger than any recording.
    """
    if not content.startswith(GZIP):
        return content
    inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = inflate.decompress(content, LARGEST)
    except zlib.error:
        raise ValueError("damaged: it cannot be unpacked") from None
    if not inflate.eof or inflate.unused_data:
        raise ValueError("damaged: it is cut off, too large, or goes on after its end")
    return plain
