"""A recording as a file: written in one way, and packed by gzip."""

import zlib

from hullcheck import inputs

LARGEST = 256 * inputs.MIB
"""The most bytes of one, unpacked: of 5,000 containers it has 7 MiB, of 10,000 images some 100."""
VALUES = 100_000
"""The most values in its document, whose answers are texts."""
GZIP = b"\x1f\x8b"
PACKED_HEAD = GZIP + b"\x08\0\0\0\0\0\x02\xff"
"""Begins what is packed here: without a name and a time. How gzip goes on differs between its releases."""


def packed(content: bytes) -> bytes:
    """*content* as a file of gzip that says neither when nor where it was made."""
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    body = deflate.compress(content) + deflate.flush()
    ends = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return PACKED_HEAD + body + ends


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
