"""The only writers of finished files: nothing leaves here without consent, without a mark, or unsigned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from avsynth.core.errors import InputError, OutputError
from avsynth.core.media import MediaInfo, Waveform
from avsynth.media.probe import probe
from avsynth.media.sound import write_audio
from avsynth.media.write import mux
from avsynth.provenance.credential import Credential, default_credential
from avsynth.provenance.inspect import listen
from avsynth.provenance.manifest import Claim
from avsynth.provenance.read import ContentCredentials
from avsynth.provenance.sign import require_signable, sign_file
from avsynth.provenance.soundtrack import Soundtrack
from avsynth.provenance.watermark import FOUND, MarkWindow, mark_speech, score_windows


@dataclass(frozen=True)
class Released:
    """A finished file, and what was found in it after it was written.

    Attributes:
        path: The file.
        watermark_score: How surely its sound carries the mark, 0 to 1, as encoded and mixed.
        speech_score: The same of the speech alone, before mixing and encoding.
        manifest_valid: Its Content Credentials validate.
        credential: Who signed: ``"studio"`` or ``"development"``.
        credentials: What its manifest says.
        notes: What a person should know, in words.
    """

    path: Path
    watermark_score: float
    speech_score: float
    manifest_valid: bool
    credential: str
    credentials: ContentCredentials
    notes: tuple[str, ...] = ()


def release_speech(speech: Waveform, output: Path, *, claim: Claim, credential: Credential | None = None) -> Released:
    """Mark speech, write it, sign it, and make sure that both can be found again.

    Args:
        speech: What was said; its length and rate are kept.
        output: A ``.wav`` or ``.flac`` file.
        claim: What was made, and by whose leave.
        credential: Who signs; ``default_credential()`` if None.

    Raises:
        ConsentError: The claim's consents do not cover it.
        InputError: The speech is silent or too short to carry a mark, or the suffix is another.
        OutputError: The file cannot be written, or it does not validate; nothing is left of it.
    """
    claim.require_permission()
    require_signable(output)
    credential = credential or default_credential()
    marker = _Marker()
    marked = marker(speech)
    score = marker.require_mark()
    with _workplace(output) as folder:
        plain = folder / f"speech{output.suffix}"
        write_audio(plain, marked)
        found = listen(probe(plain)).score
        if found < FOUND:
            raise OutputError(f"the mark was lost in writing {output} (score {found:.2f}); write a .wav file")
        credentials = sign_file(plain, output, claim=claim, credential=credential)
    return _released(output, (found, score), credential, credentials)


def release_film(
    segments: Sequence[Path],
    *,
    soundtrack: Soundtrack,
    output: Path,
    claim: Claim,
    like: MediaInfo,
    credential: Credential | None = None,
) -> Released:
    """Mark the lines, mix them, join it with the picture, sign the film, and make sure that it validates.

    Args:
        segments: The encoded picture in order, as ``media.write.FilmWriter`` makes it.
        soundtrack: The lines and what they are laid on; every line is marked before it is mixed.
        output: The film to make; its suffix chooses the container.
        claim: What was made, from what, and by whose leave; ``source`` is the film that was dubbed.
        like: The film whose properties are kept.
        credential: Who signs; ``default_credential()`` if None.

    Raises:
        ConsentError: The claim's consents do not cover it.
        InputError: The claim names no source, the lines are silent, or the container cannot be signed.
        OutputError: The film cannot be written, or it does not validate; nothing is left of it.
    """
    claim.require_permission()
    require_signable(output)
    if claim.source is None:
        raise InputError("the claim of a film must name its source, the film that was dubbed")
    credential = credential or default_credential()
    marker = _Marker()
    with _workplace(output) as folder:
        plain = folder / f"film{output.suffix}"
        sound = soundtrack.blocks(marker)
        mux(plain, segments=segments, sound=sound, language=claim.language, like=like, title=claim.title)
        score = marker.require_mark()
        found = listen(probe(plain)).score
        credentials = sign_file(plain, output, claim=claim, credential=credential)
    return _released(output, (found, score), credential, credentials)


class _Marker:
    """Marks every piece of speech it is given, and listens at once whether the mark can be heard."""

    def __init__(self) -> None:
        self._windows: list[MarkWindow] = []

    def __call__(self, speech: Waveform) -> Waveform:
        marked = mark_speech(speech)
        self._windows += score_windows(marked)
        return marked

    def require_mark(self) -> float:
        """The mean score of all speech so far, which must be a found mark."""
        if not self._windows:
            raise InputError("the speech is silent, so it cannot be marked; check the voice and the lines")
        score = float(np.mean([window.score for window in self._windows]))
        if score < FOUND:
            raise InputError(
                f"the speech cannot carry a mark (score {score:.2f}); it must last a fifth of a second and be audible"
            )
        return score


@contextmanager
def _workplace(output: Path) -> Iterator[Path]:
    """A folder beside the output, on the same disk, gone afterwards."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=output.parent, prefix=".avsynth-")
    except OSError as error:
        raise OutputError(f"cannot write to the folder {output.parent}: {error.strerror}") from None
    with folder as name:
        yield Path(name)


def _released(
    output: Path, scores: tuple[float, float], credential: Credential, credentials: ContentCredentials
) -> Released:
    notes = []
    if credential.kind == "development":
        notes.append(
            f"signed with the {credential.name}; set AVSYNTH_CERTIFICATE and AVSYNTH_KEY to sign as yourselves"
        )
    if scores[0] < FOUND:
        notes.append(
            f"under this music and effects the mark in the speech is hard to find (score {scores[0]:.2f}); "
            "the signature is not affected"
        )
    return Released(output, *scores, credentials.valid, credential.kind, credentials, tuple(notes))
