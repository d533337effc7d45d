"""Damage, by chance but always the same for the same number."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable

import numpy as np

from tests.fuzz.seeds import KINDS, seeds

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
WORDS = (
    b"-1", b"0", b"1e999", b"nan", b"99999999999999999999", b"2147483647", b"65535", b"\xff\xfe",
    b'"', b",", b";", b"\n", b"\0", b"T", b"F", b"'", b"COMMENT", b"http://", b"../",
)  # fmt: skip
Random = np.random.Generator


def damaged(number: int) -> tuple[str, bytes]:
    """Give the kind and the bytes of the damaged file of this number."""
    random = np.random.default_rng([20, number])
    kind = list(KINDS)[number % len(KINDS)]
    sound = seeds(kind)
    data = bytearray(sound[random.integers(len(sound))])
    for _ in range(random.integers(1, 6)):
        data = _DAMAGES[random.integers(len(_DAMAGES))](data, random)
    if kind == "png" and random.random() < 0.7:
        data = _checked(data)
    return kind, bytes(data)


def _place(data: bytearray, random: Random) -> int:
    """Anywhere, and often near the front, where headers are."""
    if random.random() < 0.5:
        return int(random.integers(min(len(data), 400) + 1))
    return int(random.integers(len(data) + 1))


def _slice(data: bytearray, random: Random) -> slice:
    start = _place(data, random)
    return slice(start, start + int(2 ** random.uniform(0, 11)))


def _flip(data: bytearray, random: Random) -> bytearray:
    for _ in range(random.integers(1, 9)):
        place = _place(data, random)
        data[place : place + 1] = bytes(
            one ^ (1 << int(random.integers(8))) for one in data[place : place + 1]
        )
    return data


def _extreme(data: bytearray, random: Random) -> bytearray:
    form = "<>"[random.integers(2)] + "BHI"[random.integers(3)]
    value = EXTREMES[random.integers(len(EXTREMES))] % 256 ** struct.calcsize(form)
    place = _place(data, random)
    data[place : place + struct.calcsize(form)] = struct.pack(form, value)
    return data


def _cut(data: bytearray, random: Random) -> bytearray:
    return data[: random.integers(len(data) + 1)]


def _without(data: bytearray, random: Random) -> bytearray:
    del data[_slice(data, random)]
    return data


def _again(data: bytearray, random: Random) -> bytearray:
    piece = data[_slice(data, random)] * int(2 ** random.uniform(0, 8))
    place = _place(data, random)
    return data[:place] + piece + data[place:]


def _swapped(data: bytearray, random: Random) -> bytearray:
    one, other = _slice(data, random), _slice(data, random)
    data[one], data[other] = data[other], data[one]
    return data


def _noise(data: bytearray, random: Random) -> bytearray:
    data[_slice(data, random)] = random.bytes(int(random.integers(1, 64)))
    return data


def _word(data: bytearray, random: Random) -> bytearray:
    """Put another number or sign in place of one in text, such as a FITS header's."""
    found = list(re.finditer(rb"[0-9.]+|[,;\"'\n]", data[:200_000]))
    if not found:
        return data
    one = found[random.integers(len(found))]
    word = WORDS[random.integers(len(WORDS))]
    if random.random() < 0.5:  # in FITS the columns of a card matter
        word = word.rjust(one.end() - one.start())
        return data[: one.end() - len(word)] + word + data[one.end() :]
    return data[: one.start()] + word + data[one.end() :]


def _checked(data: bytearray) -> bytearray:
    """Mend the checksums of a PNG's chunks, so that what is inside them is read."""
    place = 8
    while place + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, place)
        end = place + 8 + size
        if end + 4 > len(data):
            break
        struct.pack_into(">I", data, end, zlib.crc32(data[place + 4 : end]))
        place = end + 4
    return data


_DAMAGES: tuple[Callable[[bytearray, Random], bytearray], ...] = (
    _flip, _extreme, _extreme, _cut, _without, _again, _swapped, _noise, _word, _word,
)  # fmt: skip
