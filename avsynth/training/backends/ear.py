"""How the ear learns: speech whose words are known is aligned, learnt from, and aligned anew by what was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from avsynth.core.media import Waveform
from avsynth.core.progress import Progress, silent
from avsynth.core.speech import PhonemeTimeline
from avsynth.lipsync.animate import animate
from avsynth.lipsync.prior import Taps
from avsynth.models.ear import CLASSES, FRAME_RATE, HOP, MELS, Ear, log_mel
from avsynth.models.ear_network import EarNetwork, disguised
from avsynth.training.mouths import LeastSquares, aligned
from avsynth.voice.forced import class_of

_UNKNOWN = -100  # label of what is not learnt from
_RULES_AROUND = (-0.1, -0.05, 0.0, 0.05, 0.1)
_RULES_RATE = Fraction(25)


@dataclass(frozen=True)
class Voice:
    """One recording whose words are known.

    Attributes:
        sound: 16 kHz.
        symbols: The phonemes of its words.
        timeline: When they sound, as far as is known by now.
        fit: How well the words fit the sound, mean log likelihood a frame.
    """

    sound: Waveform
    symbols: tuple[str, ...]
    timeline: PhonemeTimeline
    fit: float = 0.0

    def labels(self) -> NDArray[np.int64]:
        """The class of every frame of the ear."""
        found = np.zeros(self.sound.samples.shape[1] // HOP + 1, np.int64)
        for phoneme in self.timeline:
            first, last = (round(float(t) * FRAME_RATE) for t in (phoneme.span.start, phoneme.span.end))
            found[first:last] = class_of(phoneme.symbol)
        return found


@dataclass(frozen=True)
class EarSchedule:
    """How one round is trained.

    Attributes:
        batch_size: Windows a step.
        window_frames: Length of a window.
        learning_rate: Of AdamW; it falls along a cosine.
        weight_decay: Of AdamW.
    """

    batch_size: int
    window_frames: int
    learning_rate: float
    weight_decay: float


def train_round(
    network: EarNetwork,
    voices: Sequence[Voice],
    *,
    steps: int,
    schedule: EarSchedule,
    seed: int,
    progress: Progress = silent,
) -> float:
    """Train for some steps on disguised windows; gives the mean loss of the last tenth."""
    chance = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network.train()
    mels, labels = [log_mel(voice.sound.mono()) for voice in voices], [voice.labels() for voice in voices]
    optimizer = torch.optim.AdamW(network.parameters(), schedule.learning_rate, weight_decay=schedule.weight_decay)
    length, losses = schedule.window_frames, []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * max(0.02, 0.5 * (1 + np.cos(np.pi * step / steps)))
        heard = np.zeros((schedule.batch_size, MELS, length), np.float32)
        said = np.full((schedule.batch_size, length), _UNKNOWN)
        for row, index in enumerate(chance.integers(0, len(voices), schedule.batch_size)):
            first = int(chance.integers(0, max(1, len(mels[index]) - length)))
            window = disguised(mels[index], chance=chance)[first : first + length]
            heard[row, :, : len(window)] = window.T
            said[row, : len(window)] = labels[index][first : first + len(window)]
        logits = network(torch.from_numpy(heard))
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(said), ignore_index=_UNKNOWN)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 50 == 49:
            progress(f"ear, loss {np.mean(losses[-50:]):.3f}", step + 1, steps)
    network.eval()
    return float(np.mean(losses[-max(steps // 10, 1) :]))


def log_prior(voices: Sequence[Voice]) -> NDArray[np.float64]:
    """Log chance of every class before anything is heard, ``(C,)``."""
    counts = np.bincount(np.concatenate([voice.labels() for voice in voices]), minlength=len(CLASSES)) + 1
    logs: NDArray[np.float64] = np.log(counts / counts.sum())
    return logs


def realign(voices: Sequence[Voice], *, ear: Ear, kept: float) -> list[Voice]:
    """Align every voice anew, and keep the share whose words fit their sound best."""
    prior = log_prior(voices)
    found = []
    for voice in voices:
        heard = ear.hear(voice.sound.mono())
        try:
            timeline, fit = aligned(heard, symbols=voice.symbols, prior=prior, duration=voice.sound.duration)
        except ValueError:  # more words than sound: a wrong transcript
            continue
        found.append(Voice(voice.sound, voice.symbols, timeline, fit))
    least = np.quantile([voice.fit for voice in found], 1 - kept) if found else 0.0
    return [voice for voice in found if voice.fit >= least]


def fit_rules(voices: Sequence[Voice], *, ear: Ear, penalty: float) -> Taps:
    """From what the ear hears of words to what ``animate`` does with them by its rules."""
    squares = LeastSquares(_RULES_AROUND)
    for voice in voices:
        count = int(voice.sound.duration * _RULES_RATE)
        rules = animate(voice.timeline, frame_rate=_RULES_RATE, frame_count=count, prior=None).coefficients
        times = np.arange(count) / float(_RULES_RATE)
        squares.add(ear.hear(voice.sound.mono()).hidden, times=times, wanted=rules.astype(np.float64))
    return squares.solve(penalty=penalty)
