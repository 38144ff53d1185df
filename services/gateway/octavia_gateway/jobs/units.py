"""Which of a job's (chunk, language) units a stage has finished: a set kept as bits.

A bit is set at most once, so an event that comes twice counts once, and a set only grows.
"""

from dataclasses import dataclass

MAX_CHUNKS = 100_000
"""No job has more; an index above it is no chunk of ours (100,000 chunks are over 800 hours)."""


@dataclass(frozen=True)
class Units:
    """A set of units; bit `chunk * languages + language`."""

    bits: int = 0

    @classmethod
    def decode(cls, stored: bytes) -> "Units":
        """From the bytes that `encode` made."""
        return cls(int.from_bytes(stored, "little"))

    def encode(self) -> bytes:
        """Little-endian, without leading zero bytes."""
        return self.bits.to_bytes((self.bits.bit_length() + 7) // 8, "little")

    def with_unit(self, chunk: int, language: int, languages: int) -> "Units":
        """This set and one more unit."""
        if not 0 <= chunk < MAX_CHUNKS:
            return self
        return Units(self.bits | 1 << (chunk * languages + language))

    def union(self, other: "Units") -> "Units":
        """The units of either set."""
        return Units(self.bits | other.bits)

    def covers(self, other: "Units") -> bool:
        """Whether every unit of `other` is in this set."""
        return other.bits & ~self.bits == 0

    def count(self) -> int:
        """How many units are in the set."""
        return self.bits.bit_count()


NO_UNITS = Units()


def every_unit(languages: int, chunks: int) -> Units:
    """Every chunk in every language."""
    return Units((1 << (chunks * languages)) - 1)


def whole_language(language: int, languages: int, chunks: int) -> Units:
    """Every unit of one language: ones at a distance of `languages`, shifted to its place."""
    if chunks == 0:
        return NO_UNITS
    every_language = (1 << (chunks * languages)) - 1
    return Units(every_language // ((1 << languages) - 1) << language)
