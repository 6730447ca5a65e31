"""Measures the motion on people left out of the fit, and writes results.csv and the table of README.md.

python recipes/GRID/MouthMotion/evaluate.py --manifest motion.json [CLIP ...]

The shipped ear, which never heard GRID, is used as it is; the maps to mouths are fitted anew without the person who is
measured, by the settings of hparams/base.yaml. CLIPs, of people whom no shipped weight was fitted to, are tracked and
measured with the shipped weights: alone, and with habits learnt from their first 70 %.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from avsynth.core.errors import AvsynthError
from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.core.files import read_text, write_text
from avsynth.core.serial import from_plain
from avsynth.core.speech import PhonemeTimeline
from avsynth.face.gates import judge
from avsynth.lipsync.animate import animate
from avsynth.lipsync.animate import evidence as phoneme_evidence
from avsynth.lipsync.listen import held, listen, widened
from avsynth.lipsync.offset import SeenOpening, best_offset
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.prior import SoundPrior
from avsynth.lipsync.prior import evidence as sound_evidence
from avsynth.lipsync.residual import Heard, learn_habits
from avsynth.lipsync.visemes import BASIS, COMPONENTS
from avsynth.media.probe import require_video
from avsynth.media.read import read_audio
from avsynth.metrics.reenactment import find_person
from avsynth.models.ear import FRAME_RATE, Hearing, load_arrays
from avsynth.text.espeak import speak
from avsynth.training.manifest import read_manifest
from avsynth.training.mouths import FilmedMouth, MapSettings, aligned, fit_map

FOLDER = Path(__file__).parent
BEGIN, END = "<!-- results.csv begins -->", "<!-- results.csv ends -->"
COLUMNS = ("who", "motion", "frames", "opening_r", "width_r", "opening_extent", "command")
OPENING, WIDTH = COMPONENTS.index("opening"), COMPONENTS.index("width")
Row = dict[str, str]
Values = NDArray[np.floating]


def row_of(who: str, motion: str, made: Values, opening: Values, width: Values, extent: float) -> Row:
    """Correlation over time with what was measured, and how far the made mouth moves against the filmed one."""
    return {
        "who": who,
        "motion": motion,
        "frames": str(len(made)),
        "opening_r": f"{np.corrcoef(made[:, OPENING], opening)[0, 1]:.3f}",
        "width_r": f"{np.corrcoef(made[:, WIDTH], width)[0, 1]:.3f}" if made[:, WIDTH].std() else "",
        "opening_extent": f"{made[:, OPENING].std() / max(extent, 1e-9):.2f}",
    }


def left_out(clips: Sequence[FilmedMouth]) -> Iterator[Row]:
    """Every person from the others."""
    plain = yaml.safe_load(read_text(FOLDER / "hparams" / "base.yaml"))
    settings = {name: from_plain(plain[name], MapSettings, source="hparams") for name in ("sound", "phonemes")}
    prior = SoundPrior.load()
    heard = [prior.hear(clip.sound) for clip in clips]
    chance = load_arrays("mouth_motion/sound")["ear.prior"]
    said = [clip.timeline or _aligned(clip, h, chance) for clip, h in zip(clips, heard, strict=True)]
    told = [sound_evidence(h, rules=prior.rules) for h in heard]
    spelled = [phoneme_evidence(line, first=0, count=int(line.duration * FRAME_RATE) + 50) for line in said]
    for person in sorted({clip.person for clip in clips}):
        rest = [i for i, clip in enumerate(clips) if clip.person != person]
        own = [i for i, clip in enumerate(clips) if clip.person == person]
        by_sound = fit_map([clips[i] for i in rest], [told[i] for i in rest], settings=settings["sound"])
        by_words = fit_map([clips[i] for i in rest], [spelled[i] for i in rest], settings=settings["phonemes"])
        made: dict[str, list[Values]] = {}
        for i in own:
            times, motion = clips[i].times, by_sound.at(told[i], times=clips[i].times)
            rate = Fraction(round(1 / float(np.median(np.diff(times)))))
            move = partial(animate, said[i], frame_rate=rate, frame_count=len(times), start=round(times[0] * rate))
            rules, words = move(prior=None).coefficients, move(prior=by_words).coefficients
            sound = held(widened(motion).astype(np.float64), heard=heard[i], times=times)
            beside = MouthMotion(BASIS, sound, rate, round(times[0] * rate))
            both = move(prior=by_words, heard=beside).coefficients
            ways = {"sound": sound, "words, rules alone": rules, "words": words, "words and sound": both}
            for name, values in ways.items():
                made.setdefault(name, []).append(values)
        opening, width = (np.concatenate([getattr(clips[i], name) for i in own]) for name in ("opening", "width"))
        extent = float(np.concatenate([clips[i].motion for i in own])[:, OPENING].std())
        for name, parts in made.items():
            yield row_of(f"{person} (left out)", name, np.concatenate(parts), opening, width, extent)


def _aligned(clip: FilmedMouth, heard: Hearing, chance: Values) -> PhonemeTimeline:
    symbols = [phoneme.symbol for phoneme in speak(clip.words, language="en-gb").phonemes]
    return aligned(heard, symbols=symbols, prior=chance.astype(np.float64), duration=clip.sound.duration)[0]


def of_clip(path: Path) -> Iterator[Row]:
    """A film of somebody else, with the shipped weights, on its last 30 %."""
    person = find_person(path)
    video = require_video(person.info)
    sound = read_audio(path, sample_rate=16_000)
    border = round(0.7 * video.frame_count)
    size = (video.height, video.width)
    halves = [
        [p.cut(max(p.start, a), min(p.end, b)) for p in person.pieces if p.start < b and p.end > a]
        for a, b in ((0, border), (border, video.frame_count))
    ]
    before, after = [[(face, judge(face, frame_size=size).usable) for face in half] for half in halves]
    mouth = PersonMouth.learn(before)
    habits = learn_habits([Heard(face, usable, sound, video.frame_rate) for face, usable in before], person=mouth)
    sys.stderr.write(f"{path.name}: {habits.note}\n")

    def joined(of: Callable[[FaceTrack], Values]) -> Values:
        return np.concatenate([of(face)[usable] for face, usable in after])

    opening = joined(lambda face: face.layout.mouth_opening(face.landmarks_px))
    width = joined(lambda face: face.layout.mouth_width(face.landmarks_px))
    extent = float(joined(lambda face: mouth.read(face, frame_rate=video.frame_rate).coefficients)[:, OPENING].std())
    hear = partial(listen, sound, frame_rate=video.frame_rate, delay=habits.offset.seconds)
    for name, own in (("sound", None), ("sound, own habits", habits)):
        move = partial(hear, habits=own)
        made = [move(frame_count=len(face), start=face.start).coefficients[usable] for face, usable in after]
        yield row_of(path.name, name, np.concatenate(made), opening, width, extent)


def offsets(clips: Sequence[FilmedMouth], sizes: Sequence[int] = (1, 3)) -> Iterator[Row]:
    """How often a planted offset is found within a frame (40 ms), in runs of clips of one person."""
    prior = SoundPrior.load()
    people: dict[str, list[FilmedMouth]] = {}
    for clip in clips:
        people.setdefault(clip.person, []).append(clip)
    for size in sizes:
        hits, trusted, count = 0, 0, 0
        for theirs in people.values():
            for first in range(0, len(theirs) - size + 1, size):
                for late in (-0.2, -0.12, 0.12, 0.2):
                    pairs = []
                    for clip in theirs[first : first + size]:
                        heard = prior.hear(clip.sound)
                        clock = np.arange(len(heard)) / FRAME_RATE
                        seen = SeenOpening(clip.times[clip.seen] + late, clip.opening[clip.seen])
                        pairs.append((seen, prior.coefficients(heard, times=clock)[:, 0]))
                    found = best_offset(pairs)
                    count += 1
                    trusted += found.trusted
                    hits += found.trusted and abs(found.seconds - late) <= 0.04
        yield {"who": f"offsets in {3 * size} s", "motion": f"trusted {trusted}/{count}, right {hits}", "frames": ""}


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """The rows in Markdown."""
    heads = COLUMNS[:-1]
    lines = [" | ".join(heads), " | ".join(["---"] * 2 + ["---:"] * (len(heads) - 2))]
    lines += [" | ".join(row.get(name, "") for name in heads) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--manifest", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        items = [item for item in read_manifest(given.manifest).items if "clip" in item.files]
        filmed = [FilmedMouth.read(item, manifest=given.manifest) for item in items]
        rows = [*left_out(filmed), *offsets(filmed), *(row for clip in given.clips for row in of_clip(clip))]
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    command = " ".join(["python recipes/GRID/MouthMotion/evaluate.py", *(clip.name for clip in given.clips)])
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(dict.fromkeys(COLUMNS, "") | row | {"command": command} for row in rows)
    write_text(FOLDER / "results.csv", text.getvalue())
    readme = FOLDER / "README.md"
    before, _, rest = read_text(readme).partition(BEGIN)
    write_text(readme, f"{before}{BEGIN}\n\n{table(rows)}\n\n{END}{rest.partition(END)[2]}")
    sys.stdout.write(f"{table(rows)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
