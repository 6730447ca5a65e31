"""What every quality report measures alike: the picture's form, and whether mouths follow their sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import VideoStream, Waveform
from avsynth.core.report import Check
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeTimeline
from avsynth.media.probe import probe
from avsynth.media.read import read_audio
from avsynth.metrics.cepstra import Rows, cepstra
from avsynth.metrics.mouth import mouth_score, quiet_frames
from avsynth.metrics.silence import moving_in_silence
from avsynth.metrics.sync import MEASURABLE_SECONDS, sync_score

CLOSURE = 0.95
LEAK = 0.03
# From so much measured speech on, a confidence below CONFIDENCE is judged: of right pairs of mouth and sound 19 of 20
# have more than 0.34, of wrong ones the median is 0.14 (recipes/GRID/SyncJudge).
VERDICT_SECONDS = 12
CONFIDENCE = 0.25
SOUND_LATE, SOUND_EARLY = 0.185, 0.09  # seconds a viewer accepts: ITU-R BT.1359-1, end points of acceptability
TOLD = "told, not judged"
_PIECE = Fraction(30)
_RATE = 16_000


@dataclass(frozen=True)
class HeardSound:
    """A film's sound as the measures need it: no samples are kept.

    Attributes:
        cepstra: See ``metrics.cepstra``.
        spoken: Where somebody speaks, in film time.
    """

    cepstra: Rows
    spoken: tuple[Span, ...]


@dataclass(frozen=True)
class SeenMouth:
    """One person's mouth as the finished film shows it.

    Attributes:
        number: Of the face.
        opening: ``(T,)`` of the film's frames, over the eye corners' distance.
        measured: ``(T,)`` bool: frames that count.
        frame_rate: Frames a second; None where it varies, so that nothing can be held against time.
    """

    number: int
    opening: NDArray[np.float32]
    measured: NDArray[np.bool_]
    frame_rate: Fraction | None

    @property
    def where(self) -> str:
        """For a person to read."""
        return f"face {self.number}"


def hear(path: Path) -> HeardSound | None:
    """Listen to a film or sound file in pieces of half a minute; None where it holds no sound.

    Raises:
        MediaError: It cannot be read.
    """
    from avsynth.voice.activity import find_speech  # brings torch, which takes seconds: only where it is asked for

    info = probe(path)
    if not info.audio:
        return None
    spoken: list[Span] = []

    def pieces() -> Iterator[Waveform]:
        start = Fraction(0)
        while start < info.duration:
            end = min(start + _PIECE, info.duration)
            if len(Span(start, end).samples(_RATE)):
                piece = read_audio(path, sample_rate=_RATE, span=Span(start, end))
                spoken.extend(span.shift(start) for span in find_speech(piece))
                yield piece
            start = end

    rows = cepstra(pieces())
    return HeardSound(rows, tuple(spoken)) if len(rows) else None


def picture_kept(before: VideoStream, after: VideoStream) -> Iterator[Check]:
    """Whether frame count, rate, size and pixel format are the original's."""
    for name, unit in (("frame_count", "frames"), ("width", "px"), ("height", "px")):
        wanted, got = getattr(before, name), getattr(after, name)
        yield Check(name, got, f"= {wanted}", got == wanted, unit)
    rate = after.frame_rate
    yield Check("frame_rate", float(rate), f"= {before.frame_rate}", rate == before.frame_rate, "Hz")
    same = after.pixel_format.removeprefix("yuvj") == before.pixel_format.removeprefix("yuvj")
    yield Check("pixel_format_kept", float(same), "= 1", same, where=f"{before.pixel_format} → {after.pixel_format}")


def in_sync(mouth: SeenMouth, sound: HeardSound, *, judged: bool) -> Iterator[Check]:
    """Offset, correlation and confidence, from 3 s of measured speech on; judged from ``VERDICT_SECONDS`` on.

    Args:
        mouth: What is seen.
        sound: What is heard.
        judged: Whether this mouth is known to say what is heard; a listener's is not.
    """
    rate = mouth.frame_rate
    if rate is None:
        return
    speech = mouth.measured & ~quiet_frames(sound.spoken, frame_rate=rate, count=len(mouth.opening))
    seconds = float(speech.sum() / rate)
    if seconds < MEASURABLE_SECONDS:
        return
    found = sync_score(sound.cepstra, opening=mouth.opening, measured=mouth.measured, frame_rate=rate)
    judged = judged and seconds >= VERDICT_SECONDS
    sure = found.confidence >= CONFIDENCE
    inside = -SOUND_LATE <= found.offset_seconds <= SOUND_EARLY
    bounds = f"{-SOUND_LATE:g} to {SOUND_EARLY:g}" if judged and sure else TOLD
    yield Check(
        "sync_confidence", found.confidence, f">= {CONFIDENCE}" if judged else TOLD, sure or not judged, "", mouth.where
    )
    yield Check("sync_offset", found.offset_seconds, bounds, inside or bounds == TOLD, "s", mouth.where)
    yield Check("sync_correlation", found.peak_r, TOLD, True, "", mouth.where)


def at_rest(mouth: SeenMouth, sound: HeardSound, *, judged: bool) -> Iterator[Check]:
    """How many frames move while nobody speaks."""
    if mouth.frame_rate is None:
        return
    quiet = quiet_frames(sound.spoken, frame_rate=mouth.frame_rate, count=len(mouth.opening))
    found = moving_in_silence(mouth.opening, measured=mouth.measured, quiet=quiet, frame_rate=mouth.frame_rate)
    if found.frames:
        passed = found.moving <= LEAK or not judged
        yield Check(
            "moving_in_silence",
            found.moving,
            f"<= {LEAK}" if judged else TOLD,
            passed,
            f"of {found.frames} frames",
            mouth.where,
        )


def closes(mouth: SeenMouth, timeline: PhonemeTimeline, *, judged: bool, silence: bool = True) -> Iterator[Check]:
    """Whether /p b m/ close the lips, and whether the mouth is shut where the timeline is silent.

    Args:
        mouth: What is seen.
        timeline: What is said, in film time.
        judged: Whether the mouth was made for these very phonemes, so that it must.
        silence: Whether silence of the timeline is silence of this mouth.
    """
    if mouth.frame_rate is None:
        return
    score = mouth_score(mouth.opening, measured=mouth.measured, timeline=timeline, frame_rate=mouth.frame_rate)
    if score.bilabials:
        passed = score.closure >= CLOSURE or not judged
        yield Check(
            "bilabial_closure",
            score.closure,
            f">= {CLOSURE}" if judged else TOLD,
            passed,
            f"of {score.bilabials} sounds",
            mouth.where,
        )
    if score.silent_frames and silence:
        passed = score.leak <= LEAK or not judged
        yield Check(
            "open_in_silence",
            score.leak,
            f"<= {LEAK}" if judged else TOLD,
            passed,
            f"of {score.silent_frames} frames",
            mouth.where,
        )
