"""Says which marks any film or sound file carries."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from avsynth.core.media import MediaInfo
from avsynth.core.span import Span
from avsynth.media.probe import probe
from avsynth.media.read import read_audio
from avsynth.provenance.read import ContentCredentials, read_credentials
from avsynth.provenance.watermark import ENGINE, FOUND, WINDOW_SECONDS, MarkWindow, best_score, score_windows

_CHUNK_SECONDS = 30 * WINDOW_SECONDS  # read at a time, so that memory does not grow with the film


@dataclass(frozen=True)
class AudioMark:
    """What the watermark detector heard.

    Attributes:
        engine: The detector.
        heard: There was sound to listen to.
        found: The score is high enough to call it a mark.
        score: 0 no sign of it, 1 surely; the mean of the best windows.
        windows: The score over time.
    """

    engine: str
    heard: bool
    found: bool
    score: float
    windows: tuple[MarkWindow, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """The marks of one file. That none was found never means that no machine made it."""

    path: Path
    credentials: ContentCredentials
    audio: AudioMark

    @property
    def marked(self) -> bool:
        """Whether any mark was found."""
        return self.credentials.found or self.audio.found


def inspect_file(path: Path) -> Inspection:
    """Look for Content Credentials and for the audio watermark.

    Args:
        path: A film or a sound file, of anybody.

    Raises:
        MediaError: It is no film or sound file, or a broken one.
    """
    info = probe(path)
    return Inspection(path, read_credentials(path), listen(info))


def describe(inspection: Inspection) -> str:
    """Say it in words, a line a finding.

    Example:
        >>> nothing = AudioMark("perth", heard=True, found=False, score=0.02)
        >>> print(describe(Inspection(Path("a.wav"), ContentCredentials(found=False), nothing)))
        a.wav
        Content Credentials: no mark found
        audio watermark: no mark found (perth, score 0.02)
        That no mark was found does not show how a file was made.
    """
    lines = [str(inspection.path), *_describe_credentials(inspection.credentials), _describe_audio(inspection.audio)]
    if not inspection.marked:
        lines.append("That no mark was found does not show how a file was made.")
    return "\n".join(lines)


def listen(info: MediaInfo) -> AudioMark:
    """Look for the audio watermark in the first sound of a file, piece by piece.

    Raises:
        MediaError: The sound cannot be read.
    """
    if not info.audio:
        return AudioMark(ENGINE, heard=False, found=False, score=0.0)
    duration = max(info.duration, Fraction(1, 1000))
    windows: list[MarkWindow] = []
    start = Fraction(0)
    while start < duration:
        # The last piece takes the rest, so that no window of a moment is scored by itself.
        end = start + _CHUNK_SECONDS if duration - start >= 2 * _CHUNK_SECONDS else duration
        piece = score_windows(read_audio(info.path, span=Span(start, end)))
        windows += [MarkWindow(window.span.shift(start), window.score) for window in piece]
        start = end
    score = best_score(tuple(windows))
    return AudioMark(ENGINE, heard=bool(windows), found=score >= FOUND, score=score, windows=tuple(windows))


def _describe_credentials(found: ContentCredentials) -> list[str]:
    if not found.found:
        return ["Content Credentials: no mark found"]
    if not found.valid:
        return [f"Content Credentials: found, but NOT VALID ({', '.join(found.problems)}): the file was changed"]
    if found.trusted:
        trust = "trusted"
    else:
        trust = "a development certificate, nobody vouches for it" if found.development else "not on your trust list"
    lines = [f"Content Credentials: valid, signed by {found.signer} ({trust})"]
    told = {
        "made with": found.generator,
        "actions": ", ".join(found.actions),
        "source types": ", ".join(found.source_types),
        "language": found.language,
        "lips": "changed" if found.lips_changed else "",
        "consents": ", ".join(found.consents),
        "made from": ", ".join(found.ingredients),
        "earlier credentials": str(found.earlier or ""),
    }
    return lines + [f"  {name}: {value}" for name, value in told.items() if value]


def _describe_audio(found: AudioMark) -> str:
    if not found.heard:
        return "audio watermark: there is no sound to listen to"
    if not found.found:
        return f"audio watermark: no mark found ({found.engine}, score {found.score:.2f})"
    spans = [window.span for window in found.windows if window.score >= FOUND]
    first, last = float(spans[0].start), float(spans[-1].end)
    return f"audio watermark: found ({found.engine}, score {found.score:.2f}), from {first:.1f} s to {last:.1f} s"
