from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.errors import InputError
from avsynth.media.timecode import TimecodeScale

NTSC, NTSC_DOUBLE = Fraction(30000, 1001), Fraction(60000, 1001)


@pytest.mark.parametrize(
    ("rate", "frame", "shown"),
    [
        (NTSC, 0, "00:00:00;00"),
        (NTSC, 1799, "00:00:59;29"),
        (NTSC, 1800, "00:01:00;02"),
        (NTSC, 3597, "00:01:59;29"),
        (NTSC, 3598, "00:02:00;02"),
        (NTSC, 17981, "00:09:59;29"),
        (NTSC, 17982, "00:10:00;00"),
        (NTSC, 107892, "01:00:00;00"),
        (NTSC_DOUBLE, 3600, "00:01:00;04"),
        (NTSC_DOUBLE, 35964, "00:10:00;00"),
        (Fraction(24000, 1001), 24 * 60, "00:01:00:00"),
        (Fraction(25), 25 * 3600 * 25, "01:00:00:00"),
        (Fraction(50), 49, "00:00:00:49"),
        (Fraction(30), 1800, "00:01:00:00"),
    ],
)
def test_known_numbers(rate: Fraction, frame: int, shown: str) -> None:
    assert TimecodeScale.of(rate).text(frame) == shown


@pytest.mark.parametrize("start", ["01:00:00;00", "00:01:00;02", "23:59:59;29", "00:09:59;28"])
def test_a_film_that_begins_later_goes_on_from_there(start: str) -> None:
    scale = TimecodeScale.of(NTSC, start=start)
    assert scale.drop
    assert scale.text(0) == start
    plain = TimecodeScale.of(NTSC)
    assert scale.text(700) == plain.text(scale.first + 700)


def test_colons_say_that_nothing_is_dropped() -> None:
    scale = TimecodeScale.of(NTSC, start="01:00:00:00")
    assert (scale.drop, scale.text(1800)) == (False, "01:01:00:00")


@given(st.integers(0, 30 * 60 * 60 * 20))
def test_no_number_is_given_twice_and_drop_frame_keeps_to_the_clock(frame: int) -> None:
    scale = TimecodeScale.of(NTSC)
    here, after = scale.text(frame), scale.text(frame + 1)
    assert here < after
    hours, minutes, seconds, frames = (int(part) for part in here.replace(";", ":").split(":"))
    clock = hours * 3600 + minutes * 60 + seconds + Fraction(frames, 30)
    assert abs(clock - frame / NTSC) < Fraction(1, 6)  # two frames, and what it drifts in a day
    assert TimecodeScale.of(NTSC, start=here).first == frame


def test_what_is_no_timecode_is_refused() -> None:
    with pytest.raises(InputError, match="timecode"):
        TimecodeScale.of(Fraction(25), start="one o'clock")
