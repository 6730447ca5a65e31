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
from avsynth.core.media import Waveform
from avsynth.core.progress import Progress, silent
from avsynth.media.sound import write_audio
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
SIZE = 640
FACE, ZOOM = (225.0, 130.0), 2.05  # the face's middle in the 512-pixel portrait
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
    still, voice, sample = folder / "portrait.png", folder / "voice.wav", folder / "sample.mp4"
    _crop_portrait(still)
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


def _crop_portrait(path: Path) -> None:
    """The face and a little around it, enlarged: a photo as people have it."""
    matrix = cv2.getRotationMatrix2D(FACE, 0, ZOOM)
    matrix[:, 2] += SIZE / 2 - np.array(FACE)
    view = cv2.warpAffine(portrait(), matrix, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    with whole_file(path) as temporary:
        cv2.imwrite(str(temporary), view[..., ::-1])


def portrait() -> NDArray[np.uint8]:
    """The public-domain picture, RGB.

    Raises:
        ModelError: It cannot be obtained.
    """
    path = obtain(PORTRAIT)
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ModelError(f"{path} is no picture; delete it and run avsynth models fetch")
    return np.asarray(picture, np.uint8)


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
