"""Trains an ear on many voices, and fits small maps from what it hears, or from phonemes, to filmed mouths.

python recipes/GRID/MouthMotion/train.py recipes/GRID/MouthMotion/hparams/base.yaml --manifest motion.json --output run
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from avsynth.core.errors import InputError
from avsynth.core.files import sha256, whole_file, write_text
from avsynth.lipsync.animate import evidence as phoneme_evidence
from avsynth.lipsync.prior import Taps
from avsynth.lipsync.prior import evidence as sound_evidence
from avsynth.media.read import read_audio
from avsynth.models.ear import FRAME_RATE, RATE, Array, Ear
from avsynth.models.ear_network import EarNetwork, folded
from avsynth.text.espeak import speak
from avsynth.training.backends.ear import EarSchedule, Voice, fit_rules, log_prior, realign, train_round
from avsynth.training.command import Run, command, report
from avsynth.training.hparams import load_hparams
from avsynth.training.manifest import place_of, read_manifest
from avsynth.training.mouths import FilmedMouth, MapSettings, aligned, fit_map
from avsynth.voice.align import align

TAIL_SECONDS = 0.5


@dataclass(frozen=True)
class Hparams:
    """The settings of this recipe; hparams/base.yaml says what each is."""

    rounds: tuple[int, ...]
    schedule: EarSchedule
    width: int
    dropout: float
    slowest: float
    kept: float
    rules_penalty: float
    sound: MapSettings
    phonemes: MapSettings


def read_voices(manifest: Path, *, slowest: float) -> list[Voice]:
    """Recordings whose words are known, with a first alignment by warping."""
    voices = []
    for item in read_manifest(manifest).part("train"):
        if "sound" not in item.files:
            continue
        sound = read_audio(place_of(item.files["sound"], manifest=manifest), sample_rate=RATE)
        symbols = tuple(phoneme.symbol for phoneme in speak(item.facts["words"], language="en").phonemes)
        if len(symbols) >= slowest * float(sound.duration):
            voices.append(Voice(sound, symbols, align(sound, text=item.facts["words"], language="en")))
    if not voices:
        raise InputError("the manifest lists no recordings with their words; prepare it from LibriSpeech too")
    return voices


def read_clips(manifest: Path) -> list[FilmedMouth]:
    """Filmed mouths."""
    items = [item for item in read_manifest(manifest).part("train") if "clip" in item.files]
    if not items:
        raise InputError("the manifest lists no filmed mouths; prepare it from GRID too")
    return [FilmedMouth.read(item, manifest=manifest) for item in items]


def with_timelines(clips: Sequence[FilmedMouth], *, ear: Ear, prior: NDArray[np.float64]) -> list[FilmedMouth]:
    """Clips with the times of their phonemes: the corpus's, or what the ear finds."""
    found = []
    for clip in clips:
        timeline = clip.timeline
        if timeline is None:
            symbols = [phoneme.symbol for phoneme in speak(clip.words, language="en-gb").phonemes]
            heard = ear.hear(clip.sound.mono())
            timeline, _ = aligned(heard, symbols=symbols, prior=prior, duration=clip.sound.duration)
        found.append(replace(clip, timeline=timeline))
    return found


def heard_rows(clips: Sequence[FilmedMouth], *, ear: Ear, rules: Taps) -> list[Array]:
    """What the prior of sound starts from, clip by clip."""
    return [sound_evidence(ear.hear(clip.sound.mono()), rules=rules) for clip in clips]


def said_rows(clips: Sequence[FilmedMouth]) -> list[Array]:
    """What the prior of phonemes starts from, clip by clip."""
    rows = []
    for clip in clips:
        assert clip.timeline is not None
        count = int((float(clip.sound.duration) + TAIL_SECONDS) * FRAME_RATE)
        rows.append(phoneme_evidence(clip.timeline, first=0, count=count))
    return rows


def save(state: Mapping[str, Array], path: Path) -> None:
    """Write arrays, and their hash and size beside them for the card."""
    single = {name: np.ascontiguousarray(value, np.float32) for name, value in state.items()}
    with whole_file(path) as temporary:
        save_file(single, str(temporary))
    facts = {"sha256": sha256(path), "bytes": path.stat().st_size}
    write_text(path.with_suffix(".json"), json.dumps(facts, indent=2) + "\n")


def tensors(name: str, taps: Taps) -> dict[str, Array]:
    """A map as named arrays."""
    return {f"{name}.{part}": getattr(taps, part) for part in ("around", "weight", "bias")}


def train(run: Run) -> None:
    """The ear in rounds, then the maps in closed form."""
    given = load_hparams(run.hparams, Hparams)
    torch.set_num_threads(run.threads)
    clips, voices = read_clips(run.manifest), read_voices(run.manifest, slowest=given.slowest)
    torch.manual_seed(run.seed)  # after the reading, which draws numbers of its own when it first loads a network
    network = EarNetwork(given.width, dropout=given.dropout)
    for number, steps in enumerate(given.rounds):
        if number:
            voices = realign(voices, ear=Ear.of(folded(network)), kept=given.kept if number == 1 else 1.0)
        seed = run.seed + number
        train_round(network, voices, steps=steps, schedule=given.schedule, seed=seed, progress=report)
    state = folded(network)
    ear = Ear.of(state)
    rules = fit_rules(voices, ear=ear, penalty=given.rules_penalty)
    prior = log_prior(voices)
    clips = with_timelines(clips, ear=ear, prior=prior)
    mouth = fit_map(clips, heard_rows(clips, ear=ear, rules=rules), settings=given.sound)
    said = fit_map(clips, said_rows(clips), settings=given.phonemes)
    state |= {"ear.prior": prior.astype(np.float32), **tensors("rules", rules), **tensors("mouth", mouth)}
    run.output.mkdir(parents=True, exist_ok=True)
    save(state, run.output / "sound.safetensors")
    save(tensors("mouth", said), run.output / "phonemes.safetensors")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, fit, save."""
    return command(train, about=str(__doc__), arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())
