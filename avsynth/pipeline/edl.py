"""Edit lists in CMX 3600, which every editing system reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from avsynth.core.media import Shot
from avsynth.media.timecode import TimecodeScale

_REEL_LENGTH = 8
_MOST_EVENTS = 999  # three digits number them


def edit_list(title: str, shots: Sequence[Shot], *, scale: TimecodeScale, clip: str, notes: Sequence[Shot] = ()) -> str:
    """Write picture cuts, one event a shot, whose source and record times are the film's own.

    Args:
        title: Of the list.
        shots: What is cut, in order.
        scale: How frames are numbered.
        clip: Name of the file the shots come from.
        notes: Stretches to mark as changed, with a locator at the beginning of each.

    Example:
        >>> from fractions import Fraction
        >>> scale = TimecodeScale.of(Fraction(25), start="10:00:00:00")
        >>> print(edit_list("Scene 3", [Shot(0, 50)], scale=scale, clip="scene3.mov"), end="")
        TITLE: Scene 3
        FCM: NON-DROP FRAME
        <BLANKLINE>
        001  SCENE3   V     C        10:00:00:00 10:00:02:00 10:00:00:00 10:00:02:00
        * FROM CLIP NAME: scene3.mov
    """
    lines = [f"TITLE: {_plain(title)}", f"FCM: {'DROP' if scale.drop else 'NON-DROP'} FRAME", ""]
    reel = re.sub(r"[^A-Z0-9]", "", clip.rpartition(".")[0].upper() or clip.upper())[:_REEL_LENGTH] or "AX"
    for number, shot in enumerate(shots):
        times = f"{scale.text(shot.start)} {scale.text(shot.end)}"
        event = number % _MOST_EVENTS + 1
        lines.append(f"{event:03d}  {reel:<{_REEL_LENGTH}} V     C        {times} {times}")
        lines.append(f"* FROM CLIP NAME: {_plain(clip)}")
        for note in notes:
            if shot.start <= note.start < shot.end:
                span = f"{scale.text(note.start)} TO {scale.text(note.end)}"
                lines.append(f"* LOC: {scale.text(note.start)} RED     MOUTH CHANGED {span}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """On one line, in letters that old systems read."""
    return " ".join(text.split()).encode("ascii", "replace").decode()
