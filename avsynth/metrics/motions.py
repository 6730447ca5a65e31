"""The ways in which a mouth is moved when it is measured against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.core.media import MediaInfo, Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeTimeline
from avsynth.lipsync.animate import animate
from avsynth.lipsync.base import Footage
from avsynth.lipsync.listen import listen
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.residual import Habits, Heard, learn_habits
from avsynth.lipsync.visemes import BASIS, COMPONENTS
from avsynth.media.probe import require_video
from avsynth.media.read import read_audio
from avsynth.metrics.cepstra import cepstra
from avsynth.metrics.fidelity import Known
from avsynth.metrics.mouth import quiet_frames
from avsynth.voice.activity import find_speech
from avsynth.voice.align import align

TRUTH, ORACLE, STATIC, SOUND, WORDS = "truth", "oracle", "static", "sound", "words"
METHODS = (TRUTH, ORACLE, STATIC, SOUND, WORDS)
_SOUND_RATE = 16_000


class Motions:
    """What a clip says, and how a mouth may follow it.

    ``"truth"`` is the picture as it is; ``"oracle"`` follows the true lips (``PersonMouth.follow``), so only the
    renderer is measured; ``"static"`` rests, the floor that anything must pass; ``"sound"`` hears the clip's own sound
    (``lipsync.listen``) with the habits learnt from the footage; ``"words"`` says the phonemes of its transcript
    (``lipsync.animate``). The footage's own offset between picture and sound, estimated on the footage alone, is put
    back into what is made from sound, since the true end of the clip has it too.

    Args:
        info: The clip.
        mouth: The person, learnt from the footage.
        footage: What may be learnt from.
        transcript: What is said in the clip.
        language: BCP 47 tag of the transcript.

    Raises:
        InputError: The transcript cannot be aligned.
    """

    def __init__(
        self, info: MediaInfo, *, mouth: PersonMouth, footage: Sequence[Footage], transcript: str | None, language: str
    ) -> None:
        self._info, self._mouth, self._footage = info, mouth, tuple(footage)
        self._rate = require_video(info).frame_rate
        self.sound = _sound_of(info)
        self._habits = self._learn()
        said = None
        if transcript is not None and self.sound is not None:
            said = align(self.sound, text=transcript, language=language)
        self._said = said

    @property
    def note(self) -> str:
        """What was learnt of how this person speaks, in words."""
        return self._habits.note if self._habits is not None else ""

    def chosen(self, wanted: Sequence[str]) -> list[str]:
        """The methods that the clip allows, of those that are wanted; all where none is named.

        Raises:
            InputError: A method is unknown.
        """
        for name in wanted:
            if name not in METHODS:
                raise InputError(f"no way to move the mouth named {name!r}; there are: {', '.join(METHODS)}")
        missing = {SOUND} if self.sound is None else set()
        missing |= {WORDS} if self._said is None else set()
        return [name for name in METHODS if name not in missing and name in (wanted or METHODS)]

    def move(self, method: str, track: FaceTrack) -> MouthMotion:
        """The motion of one piece of the face."""
        if method == ORACLE:
            return self._mouth.follow(track, frame_rate=self._rate)
        if method == STATIC:
            still = np.zeros((len(track), len(COMPONENTS)), np.float32)
            return MouthMotion(BASIS, still, self._rate, track.start)
        if method == SOUND and self.sound is not None:
            return listen(
                self.sound,
                frame_rate=self._rate,
                frame_count=len(track),
                start=track.start,
                habits=self._habits,
                delay=self._delay,
            )
        if method == WORDS and self._shown is not None:
            return animate(self._shown, frame_rate=self._rate, frame_count=len(track), start=track.start)
        raise InputError(f"{self._info.path.name} cannot be moved by {method!r}")

    @cached_property
    def known(self) -> Known:
        """What the measures may know of the sound."""
        video = require_video(self._info)
        if self.sound is None:
            return Known(self._rate, video.frame_count)
        spoken = [span.shift(Fraction(self._delay)) for span in find_speech(self.sound)]
        quiet = quiet_frames(spoken, frame_rate=self._rate, count=video.frame_count)
        return Known(self._rate, video.frame_count, cepstra(self.sound), quiet, self._shown)

    @property
    def _delay(self) -> float:
        """Seconds by which the picture comes after the sound."""
        return self._habits.offset.seconds if self._habits is not None else 0.0

    @cached_property
    def _shown(self) -> PhonemeTimeline | None:
        """The phonemes when the picture shows them."""
        return delayed(self._said, Fraction(self._delay).limit_denominator(1000)) if self._said is not None else None

    def _learn(self) -> Habits | None:
        if self.sound is None:
            return None
        heard = [Heard(item.track, item.usable, self.sound, self._rate) for item in self._footage]
        return learn_habits(heard, person=self._mouth)


def delayed(timeline: PhonemeTimeline, by: Fraction) -> PhonemeTimeline:
    """The same phonemes later (or earlier) on a timeline of the same length; what falls over an end is cut off.

    Example:
        >>> from avsynth.core.speech import PhonemeSpan
        >>> one = PhonemeTimeline((PhonemeSpan("a", Span(Fraction(0), Fraction(1))),), Fraction(1))
        >>> delayed(one, Fraction(-1, 4)).phonemes[0].span.end
        Fraction(3, 4)
    """
    whole = Span(Fraction(0), timeline.duration)
    moved = ((phoneme, phoneme.span.shift(by) & whole) for phoneme in timeline)
    kept = (replace(phoneme, span=span) for phoneme, span in moved if span is not None)
    return PhonemeTimeline(tuple(kept), timeline.duration)


def _sound_of(info: MediaInfo) -> Waveform | None:
    if not info.audio:
        return None
    sound = read_audio(info.path, sample_rate=_SOUND_RATE)
    return Waveform(sound.mono()[None], sound.sample_rate) if sound.samples.any() else None
