"""The last steps of every job that puts recorded sound on one changed face: picture, sound, marks, report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from avsynth.core.report import QCReport
from avsynth.pipeline.cache import Cache
from avsynth.pipeline.export import with_patches
from avsynth.pipeline.faces import Watched
from avsynth.pipeline.motion import AnimatedFace
from avsynth.pipeline.options import Options
from avsynth.pipeline.picture import PictureJob, make_picture, remarks
from avsynth.pipeline.quality import Evidence, measure
from avsynth.pipeline.sound import recorded_soundtrack
from avsynth.provenance.consent import verify_consent
from avsynth.provenance.manifest import Claim
from avsynth.provenance.release import release_film


@dataclass(frozen=True)
class RecordedJob:
    """What is made of what.

    Attributes:
        source: The film or photo that was given.
        sound: The recording that replaces its sound, or a film with it.
        language: BCP 47 tag of the recording.
        consents: Records of everybody who is named in the result; they are verified again when it is written.
        output: The file to make.
        notes: For the report, beside those of the picture.
    """

    source: Path
    sound: Path
    language: str
    consents: tuple[Path, ...]
    output: Path
    notes: tuple[str, ...] = ()


def release(job: RecordedJob, *, seen: Watched, face: AnimatedFace, options: Options, cache: Cache) -> QCReport:
    """Render the face into its film, mux, mark, sign and measure.

    Raises:
        ConsentError: A consent no longer holds.
        OutputError: The result cannot be written.
    """
    picture = PictureJob(seen.path, seen.digest, seen.shots, face.pieces, options.all_engines["renderer"])
    encoded = make_picture(picture, cache=cache, run_by=options.executor, progress=options.progress)
    options.progress("signing", 0, 0)
    claim = Claim(
        title=job.output.name,
        source=job.source,
        language=job.language,
        lips_changed=True,
        voice_cloned=False,
        consents=tuple(verify_consent(record) for record in job.consents),
    )
    soundtrack = recorded_soundtrack(job.sound, info=seen.info)
    claim = with_patches(claim, picture, info=seen.info, options=options, cache=cache)
    released = release_film(encoded, soundtrack=soundtrack, output=job.output, claim=claim, like=seen.info)
    evidence = Evidence(seen, claim, released, (), (face,), (*job.notes, *remarks(picture)))
    return measure(evidence, options=options, landmarker=options.all_engines["landmarker"])
