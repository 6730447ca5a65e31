"""Frame numbers as SMPTE timecode, with the frame numbers that drop-frame counting leaves out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from avsynth.core.errors import InputError

_FORM = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")
_DROPPING = (30, 60)  # times 1000/1001: whole numbers of them run slower than the clock


@dataclass(frozen=True)
class TimecodeScale:
    """How the frames of a film are numbered (SMPTE ST 12-1).

    Attributes:
        counted: Frames a second of timecode: 24 for 23.976.
        drop: Frame numbers are left out, so that timecode keeps to the clock.
        first: Number of the film's first frame.
    """

    counted: int
    drop: bool
    first: int = 0

    @classmethod
    def of(cls, frame_rate: Fraction, *, start: str | None = None) -> TimecodeScale:
        """The scale of a film.

        Args:
            frame_rate: Frames a second.
            start: Timecode of the first frame, as the film states it; a ``;`` in it means drop-frame. ``None`` is zero,
                in drop-frame where the rate has it.

        Raises:
            InputError: ``start`` is no timecode.
        """
        counted = max(round(frame_rate), 1)
        may_drop = counted in _DROPPING and frame_rate == Fraction(counted * 1000, 1001)
        if start is None:
            return cls(counted, may_drop)
        found = _FORM.fullmatch(start.strip())
        if found is None:
            raise InputError(f"{start!r} is no timecode; write HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame")
        hours, minutes, seconds, sign, frames = found.groups()
        scale = cls(counted, may_drop and sign in ";,")
        whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
        number = whole * counted + int(frames)
        if scale.drop:
            passed = whole // 60
            number -= scale.dropped * (passed - passed // 10)
        return cls(counted, scale.drop, number)

    @property
    def dropped(self) -> int:
        """Frame numbers left out at every minute that is no multiple of ten."""
        return self.counted // 15

    def text(self, frame: int) -> str:
        """Timecode of a frame of the film, counted from 0.

        Example:
            >>> TimecodeScale.of(Fraction(30000, 1001)).text(1800)
            '00:01:00;02'
            >>> TimecodeScale.of(Fraction(25), start="10:00:00:00").text(26)
            '10:00:01:01'
        """
        number = frame + self.first
        if self.drop:
            minute = self.counted * 60 - self.dropped
            ten = 9 * minute + self.counted * 60
            tens, rest = divmod(number, ten)
            over = max(rest - self.counted * 60, -1)  # the first minute of ten is whole
            number += self.dropped * (9 * tens + (over // minute + 1 if over >= 0 else 0))
        seconds, frames = divmod(number, self.counted)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}{';' if self.drop else ':'}{frames:02d}"
