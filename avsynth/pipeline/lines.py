"""The stage that speaks: every line of a script in its speaker's voice, exactly as long as its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from avsynth.audio.resample import resample
from avsynth.core.files import sha256
from avsynth.core.media import Waveform
from avsynth.core.progress import Progress
from avsynth.core.script import Utterance
from avsynth.core.serial import to_plain
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech, VoiceProfile
from avsynth.media.read import read_audio
from avsynth.models.card import find_card
from avsynth.pipeline.artefacts import load_speech, save_speech
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.executors import executor
from avsynth.voice.delivery import Delivery
from avsynth.voice.profile import load_profile
from avsynth.voice.say import speak
from avsynth.voice.weights import WEIGHTS

FILM_SAMPLE_RATE = 48_000  # what studios deliver


@dataclass(frozen=True)
class LineJob:
    """One line to speak: names of files only, so it can travel."""

    line: Utterance
    profile: Path
    profile_digest: str
    cloner: str
    seed: int
    cache: Path
    original: Path | None = None  # the film's sound; None where the line is not spoken as it is heard there

    def stage(self) -> Stage:
        """The stage that speaks this line. Where it stands in the film matters only where the original is followed."""
        inputs = {
            "text": self.line.text,
            "language": self.line.language,
            "duration": self.duration,
            "profile": self.profile_digest,
            "cloner": self.cloner,
            "seed": self.seed,
            "weights": [find_card(name).sha256 for name in WEIGHTS.get(self.cloner.partition("/")[0], ())],
        }
        if self.original is not None:
            inputs |= {"original": self.original.name, "span": to_plain(self.line.span)}
        return Stage("clone", inputs, "", partial(speak_line, self))

    @property
    def duration(self) -> Fraction:
        """Length of the line's place in whole film samples."""
        return Fraction(len(self.line.span.samples(FILM_SAMPLE_RATE)), FILM_SAMPLE_RATE)


@dataclass(frozen=True)
class SpokenLine:
    """A line and the folder its speech is kept in."""

    line: Utterance
    folder: Path

    def speech(self) -> Speech:
        """The sound and timeline, read when needed."""
        return load_speech(self.folder)


def speak_line(job: LineJob, folder: Path) -> None:
    """Clone and fit one line."""
    profile = _profile(job.profile)
    speech = speak(
        job.line.text,
        profile=profile,
        language=job.line.language,
        cloner=job.cloner,
        duration=job.duration,
        seed=job.seed,
        delivery=_delivery(job, profile),
    )
    save_speech(folder, at_film_rate(speech, job.duration))


def at_film_rate(speech: Speech, duration: Fraction) -> Speech:
    """The same speech at the film's rate and exactly as long as asked, even where the cloner's rate cannot be.

    Args:
        speech: At the cloner's rate, so up to one of its samples shorter or longer than asked.
        duration: In whole film samples.
    """
    count = round(duration * FILM_SAMPLE_RATE)
    sound = resample(speech.waveform, FILM_SAMPLE_RATE).samples[:, :count]
    exact = np.pad(sound, ((0, 0), (0, count - sound.shape[1])))
    timeline = speech.timeline.within(min(duration, speech.timeline.duration)).place(Fraction(0), duration)
    return Speech(Waveform(exact, FILM_SAMPLE_RATE), timeline, speech.language, speech.stretch)


def _delivery(job: LineJob, profile: VoiceProfile) -> Delivery | None:
    """How the original line is spoken; None where it is not followed, or no voice is heard there."""
    if job.original is None:
        return None
    heard = read_audio(job.original, span=job.line.span)
    return Delivery.of(heard, f0_median_hz=profile.statistics.f0_median_hz)


@lru_cache(maxsize=8)
def _profile(path: Path) -> VoiceProfile:
    return load_profile(path)


def make_line(job: LineJob) -> Path:
    """Speak one line, or find it in the cache."""
    return Cache(job.cache).produce(job.stage())


def speak_lines(jobs: Sequence[LineJob], *, run_by: str, progress: Progress) -> tuple[SpokenLine, ...]:
    """Speak every line that is not in the cache yet."""
    progress("speaking", 0, len(jobs))
    spoken = []
    for job, folder in zip(jobs, executor(run_by).map(make_line, jobs), strict=True):
        spoken.append(SpokenLine(job.line, folder))
        progress("speaking", len(spoken), len(jobs))
    return tuple(spoken)


def profile_digest(path: Path) -> str:
    """Hash of a saved profile: another voice, another artefact."""
    return sha256(path)


def film_timeline(spoken: Sequence[SpokenLine], *, duration: Fraction) -> PhonemeTimeline:
    """One timeline of the whole film from the lines of one speaker."""
    phonemes: list[PhonemeSpan] = []
    for item in spoken:
        start = Fraction(item.line.span.samples(FILM_SAMPLE_RATE).start, FILM_SAMPLE_RATE)
        timeline = item.speech().timeline
        phonemes += timeline.place(start, start + timeline.duration)
    end = max([duration, *(phoneme.span.end for phoneme in phonemes[-1:])])
    return PhonemeTimeline(tuple(phonemes), end).within(duration)
