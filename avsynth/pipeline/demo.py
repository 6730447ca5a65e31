"""The demonstration: a public-domain portrait is made to talk, and the clip is dubbed into two languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.consent import today
from avsynth.core.errors import ModelError
from avsynth.core.files import whole_file, write_text
from avsynth.core.media import ColorTags, Frames, VideoStream, Waveform
from avsynth.core.progress import Progress, silent
from avsynth.media.color import rgb_to_planes
from avsynth.media.sound import write_audio
from avsynth.media.write import FilmWriter
from avsynth.models.hub import obtain
from avsynth.pipeline.dub import dub
from avsynth.pipeline.lipsync import lipsync
from avsynth.pipeline.options import DubOptions, LipsyncOptions
from avsynth.pipeline.result import FilmResult
from avsynth.provenance.consent import new_consent, save_consent
from avsynth.text.espeak import speak

PORTRAIT = "picture/portrait"
SPEAKER = "Demo"
BASIS = (
    "NASA portrait GPN-2000-001177 (public domain) with a synthetic voice: a demonstration of the software, "
    "not a statement of the person shown"
)
RATE = Fraction(25)
SIZE = 640
LINES = {
    "en": ("Hello! I am a portrait that learnt to speak.", "Now I say the same in other languages."),
    "es": ("¡Hola! Soy un retrato que aprendió a hablar.", "Ahora digo lo mismo en otros idiomas."),
    "fr": ("Bonjour ! Je suis un portrait qui a appris à parler.", "Je dis la même chose dans d'autres langues."),
}
SPANS = (("0.4", "3.6"), ("4.0", "7.2"))
SECONDS = Fraction(38, 5)


@dataclass(frozen=True)
class Demo:
    """What the demonstration made: the talking clip and its dubs."""

    sample: Path
    dubs: tuple[FilmResult, ...]


def make_demo(folder: Path, *, progress: Progress = silent) -> Demo:
    """Make a talking clip from a portrait and dub it into Spanish and French.

    Args:
        folder: Where everything is put; made if absent.
        progress: Hears how far the work is.

    Raises:
        ModelError: The portrait or the weights cannot be obtained.
        OutputError: The folder cannot be written.
    """
    consent = folder / "consent.json"
    record = new_consent(
        speaker=SPEAKER,
        kinds=("voice", "likeness"),
        languages=tuple(LINES),
        project="avsynth demo",
        expires=today() + timedelta(days=30),
        granted_by="public domain",
        basis=BASIS,
    )
    save_consent(consent, record)
    still, voice, sample = folder / "portrait.mp4", folder / "voice.wav", folder / "sample.mp4"
    _film_portrait(still)
    _record_voice(voice)
    lipsync(
        still,
        audio=voice,
        language="en",
        consent=consent,
        output=sample,
        options=LipsyncOptions(text=" ".join(LINES["en"]), project="avsynth demo", progress=progress),
    )
    made = []
    for language in ("es", "fr"):
        script = folder / f"{language}.srt"
        write_text(script, _srt(LINES[language]))
        options = DubOptions(project="avsynth demo", report=folder / f"report-{language}", progress=progress)
        output = folder / f"dub-{language}.mp4"
        made.append(dub(sample, script=script, language=language, consent=consent, output=output, options=options))
    return Demo(sample, tuple(made))


def _film_portrait(path: Path) -> None:
    """A camera that breathes: the portrait drifts, turns and comes nearer by a little, as a held camera does."""
    picture = _portrait()
    count = int(SECONDS * RATE)
    color = ColorTags(primaries=1, transfer=1, matrix=1, range=1)
    like = VideoStream("h264", SIZE, SIZE, RATE, count, Fraction(1, 25), "yuv420p", color)
    with whole_file(path) as temporary, FilmWriter(temporary, like=like) as writer:
        for index in range(count):
            planes = rgb_to_planes(_view(picture, index / float(RATE)), pixel_format="yuv420p", color=color)
            stacked = tuple(plane[None] for plane in planes)
            writer.write(Frames(stacked, "yuv420p", index, np.array([index], np.int64), color))


def _portrait() -> NDArray[np.uint8]:
    path = obtain(PORTRAIT)
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ModelError(f"{path} is no picture; delete it and run avsynth models fetch")
    return np.asarray(picture, np.uint8)


def _view(picture: NDArray[np.uint8], time: float) -> NDArray[np.uint8]:
    zoom = 2.05 + 0.03 * np.sin(0.7 * time)
    turn = 1.2 * np.sin(1.1 * time)
    matrix = cv2.getRotationMatrix2D((225.0, 130.0), turn, zoom)  # the face's middle in the 512-pixel portrait
    matrix[:, 2] += SIZE / 2 - np.array([225.0, 130.0]) + 4 * np.array([np.sin(0.9 * time), np.cos(0.6 * time)])
    view: NDArray[np.uint8] = cv2.warpAffine(
        picture, matrix, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    ).astype(np.uint8)
    return view


def _record_voice(path: Path) -> None:
    """The clip's English lines in a synthetic voice, each at its place."""
    total: NDArray[np.float32] | None = None
    rate = 0
    for text, (start, _) in zip(LINES["en"], SPANS, strict=True):
        spoken = speak(text, language="en", words_per_minute=150).waveform
        if total is None:
            rate = spoken.sample_rate
            total = np.zeros(int(SECONDS * rate), np.float32)
        first = int(Fraction(start) * rate)
        part = spoken.samples[0][: len(total) - first]
        total[first : first + len(part)] += part
    assert total is not None  # LINES is not empty
    write_audio(path, Waveform(total[None], rate))


def _srt(lines: tuple[str, ...]) -> str:
    blocks = []
    for number, (text, (start, end)) in enumerate(zip(lines, SPANS, strict=True), start=1):
        blocks.append(f"{number}\n{_stamp(start)} --> {_stamp(end)}\n{text}\n")
    return "\n".join(blocks)


def _stamp(time: str) -> str:
    milliseconds = int(Fraction(time) * 1000)
    return f"00:00:{milliseconds // 1000:02d},{milliseconds % 1000:03d}"
