"""Fits the judge: from cepstra around a moment to the mouth's opening, by ridge regression in closed form.

python recipes/GRID/SyncJudge/train.py hparams/base.yaml --manifest clips.json --output FOLDER
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from avsynth.core.errors import AvsynthError
from avsynth.core.files import sha256, whole_file, write_text
from avsynth.metrics.cepstra import COUNT, STEPS_HZ
from avsynth.metrics.sync import SWAY_SECONDS, OpeningJudge, context, without_sway
from avsynth.training.hparams import load_hparams
from avsynth.training.manifest import Item, place_of, read_manifest

WEIGHTS = "opening-judge.safetensors"


@dataclass(frozen=True)
class Settings:
    """What ``hparams`` may say."""

    reach_seconds: float
    spacing_seconds: float
    penalty: float


@dataclass(frozen=True)
class Clip:
    """A clip as ``prepare.py`` left it: ``opening (T,)``, ``seen (T,)``, first frame, rate, ``cepstra (S, COUNT)``."""

    name: str
    person: str
    opening: NDArray[np.float32]
    seen: NDArray[np.bool_]
    start: int
    frame_rate: float
    cepstra: NDArray[np.float32]


def read_clip(item: Item, *, manifest: Path) -> Clip:
    """Load one item of the manifest."""
    with np.load(place_of(item.files["opening"], manifest=manifest), allow_pickle=False) as data:
        numerator, _, denominator = str(data["frame_rate"]).partition("/")
        rate = int(numerator) / int(denominator or 1)
        arrays = (data["opening"], data["seen"], int(data["start"]), rate, data["cepstra"])
        return Clip(item.id, item.facts["person"], *arrays)


def pairs(clip: Clip, *, steps: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is heard ``(N, D)`` and the opening ``(N,)``, in the clip's own deviations, of the seen frames."""
    frames = np.flatnonzero(clip.seen)
    sway = round((SWAY_SECONDS * clip.frame_rate - 1) / 2)
    opening = without_sway(clip.opening[frames].astype(np.float64), frames, sway=sway)
    at = np.round((clip.start + frames) / clip.frame_rate * STEPS_HZ).astype(np.int64)
    return context(clip.cepstra, at, steps=steps).astype(np.float64), opening / opening.std()


def fit(clips: Sequence[Clip], settings: Settings) -> OpeningJudge:
    """Least squares with a penalty; every person counts alike, a lone clip of theirs as one, at most two clips.

    Args:
        clips: What is learnt from.
        settings: See ``hparams``.
    """
    reach, spacing = (round(value * STEPS_HZ) for value in (settings.reach_seconds, settings.spacing_seconds))
    steps = np.arange(-reach, reach + 1, spacing)
    made = [pairs(clip, steps=steps) for clip in clips]
    count = Counter(clip.person for clip in clips)
    weight = np.concatenate(
        [
            np.full(len(opening), min(2.0, count[clip.person]) / count[clip.person])
            for clip, (_, opening) in zip(clips, made, strict=True)
        ]
    )
    heard, opening = (np.concatenate(parts) for parts in zip(*made, strict=True))
    weight /= weight.sum()
    mean = weight @ heard
    deviation = np.sqrt(weight @ (heard - mean) ** 2) + 1e-6
    scaled = (heard - mean) / deviation
    effective = 1 / (weight @ weight)  # frames that count fully
    gram = (scaled * weight[:, None]).T @ scaled * effective + settings.penalty * np.eye(scaled.shape[1])
    weights = np.linalg.solve(gram, (scaled * weight[:, None]).T @ opening * effective)
    return OpeningJudge(steps, mean, deviation, weights)


def save(judge: OpeningJudge, folder: Path) -> Path:
    """Write the weights and their hash."""
    path = folder / WEIGHTS
    single = {name: getattr(judge, name).astype(np.float32) for name in ("mean", "deviation", "weights")}
    with whole_file(path) as temporary:
        save_file({**single, "context_steps": judge.context_steps.astype(np.int32)}, str(temporary))
    facts = {"sha256": sha256(path), "bytes": path.stat().st_size, "inputs": len(judge.weights), "cepstra": COUNT}
    write_text(folder / "opening-judge.json", json.dumps(facts, indent=2) + "\n")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hparams", type=Path)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0, help="accepted for uniformity; the fit is in closed form")
    parser.add_argument("--threads", type=int, default=1, help="the same")
    given = parser.parse_args(arguments)
    try:
        settings = load_hparams(given.hparams, Settings)
        items = read_manifest(given.manifest).part("train")
        clips = [read_clip(item, manifest=given.manifest) for item in items]
        sys.stdout.write(f"{save(fit(clips, settings), given.output)}\n")
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
