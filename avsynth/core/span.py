"""Exact time: seconds are fractions, frames and samples are integers computed from them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

Seconds = Fraction


def seconds(value: Fraction | int | str) -> Seconds:
    """Read a time without rounding.

    Args:
        value: A fraction, whole seconds, or text such as ``"1.04"``, ``"01:02.5"`` or ``"00:01:02,500"``.

    Raises:
        TypeError: A float, which cannot hold most times exactly.
        ValueError: Text that is no time.

    Example:
        >>> seconds("00:01:02,500")
        Fraction(125, 2)
        >>> seconds("1.04")
        Fraction(26, 25)
    """
    if isinstance(value, float):
        raise TypeError(f"time must be exact, got the float {value!r}; write {str(value)!r}")
    if not isinstance(value, str):
        return Fraction(value)
    try:
        total = Fraction(0)
        for part in value.strip().replace(",", ".").split(":"):
            total = total * 60 + Fraction(part)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"no time: {value!r}; write seconds ('62.5') or '00:01:02,500'") from None
    return total


def ceil_fraction(value: Fraction) -> int:
    """Round up without passing through a float.

    >>> ceil_fraction(Fraction(5, 2)), ceil_fraction(Fraction(2))
    (3, 2)
    """
    return -(-value.numerator // value.denominator)


@dataclass(frozen=True, order=True)
class Span:
    """The half-open interval ``[start, end)`` of a film, in seconds.

    Neighbouring spans tile: no frame or sample falls into both or between them.

    Example:
        >>> line = Span(seconds("1"), seconds("2.5"))
        >>> line & Span(seconds("2"), seconds("4"))
        Span(start=Fraction(2, 1), end=Fraction(5, 2))
        >>> line.frames(Fraction(24000, 1001))
        range(24, 60)
        >>> line.samples(48_000)
        range(48000, 120000)
    """

    start: Seconds
    end: Seconds

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            value = getattr(self, name)
            if isinstance(value, float):
                raise TypeError(f"{name} must be exact, got the float {value!r}")
            object.__setattr__(self, name, Fraction(value))
        if not self.start < self.end:
            raise ValueError(f"a span must end after it starts, got [{float(self.start)}, {float(self.end)})")

    @property
    def duration(self) -> Seconds:
        """Length in seconds, always positive."""
        return self.end - self.start

    def __and__(self, other: Span) -> Span | None:
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None

    def __contains__(self, time: Seconds) -> bool:
        return self.start <= time < self.end

    def shift(self, by: Seconds) -> Span:
        """The same length, later by ``by`` seconds (earlier if negative)."""
        return Span(self.start + by, self.end + by)

    def frames(self, frame_rate: Fraction) -> range:
        """Indices of the frames whose presentation time lies in the span."""
        return range(ceil_fraction(self.start * frame_rate), ceil_fraction(self.end * frame_rate))

    def samples(self, sample_rate: int) -> range:
        """Indices of the samples whose time lies in the span."""
        return self.frames(Fraction(sample_rate))
