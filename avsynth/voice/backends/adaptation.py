"""Fits the converter to one person: some steps of training on their own speech, of the layers that make the voice."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from avsynth.core.errors import InputError
from avsynth.core.progress import Progress, silent
from avsynth.core.speech import VoiceProfile
from avsynth.models.hub import find_card
from avsynth.models.voice_converter import Reference, VoiceConverter
from avsynth.voice.backends.neural import CONVERTER, Networks, reference_of

LEAST_SECONDS = 8.0
_FITTED = ("speaker.", "leave.", "found.")  # beside every block's modulation
_WINDOW, _BATCH = 160, 6  # frames, examples a step
_MARGIN = 8  # frames between what is learnt and what is looked up
_LOOKED_UP = 400


@dataclass(frozen=True)
class Settings:
    """How a voice is fitted.

    Attributes:
        steps: Of training; about a quarter of a second each on one core.
        learning_rate: Of Adam; it falls to nothing.
        seed: Of the windows drawn.
    """

    steps: int = 240
    learning_rate: float = 6e-4
    seed: int = 0


def adapt(profile: VoiceProfile, *, settings: Settings | None = None, progress: Progress = silent) -> VoiceProfile:
    """Fit the converter to a voice; the profile keeps the weights, and ``neural`` speaks with them.

    Args:
        profile: With a sample of the voice, 8 s of speech or more; a minute is better.
        settings: How.
        progress: Told the steps.

    Raises:
        InputError: The profile holds no sample, or too little.
        ModelError: The weights of the networks are absent or wrong.
    """
    settings = settings or Settings()
    if profile.sample is None:
        raise InputError(f"the profile of {profile.speaker!r} holds no sample of the voice; enroll it again")
    seconds = profile.sample.mel.shape[1] / 100
    if seconds < LEAST_SECONDS:
        raise InputError(f"{seconds:.1f} s of speech are too little to fit a voice to; {LEAST_SECONDS:g} s are needed")
    networks = Networks.load()
    whole = reference_of(profile, hearing=networks.hearing, longest=profile.sample.mel.shape[1])
    network = copy.deepcopy(networks.converter)
    with torch.enable_grad(), torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        _fit(network, whole, settings=settings, progress=progress)
    state = network.state_dict()
    adapted = {name: state[name].numpy().astype(np.float16) for name in _fitted(network)}
    return replace(profile, adapted=adapted, adapted_from=find_card(CONVERTER).sha256)


def _fitted(network: nn.Module) -> list[str]:
    return [name for name, _ in network.named_parameters() if name.startswith(_FITTED) or ".film." in name]


def _fit(network: VoiceConverter, whole: Reference, *, settings: Settings, progress: Progress) -> None:
    names = set(_fitted(network))
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in names)
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], settings.learning_rate)
    chance = np.random.default_rng(settings.seed)
    network.train()
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * 0.5 * (1 + np.cos(np.pi * step / settings.steps))
        content, mel, reference = _examples(whole, chance=chance)
        made = network(content, reference=reference)
        loss = _distance(made, mel)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress("fitting the voice", step + 1, settings.steps)
    network.eval().requires_grad_(False)


def _distance(made: Tensor, true: Tensor) -> Tensor:
    """Of mels, of their change in time and of their change from band to band."""
    parts = [(made - true).abs().mean()]
    parts += [0.4 * (made.diff(dim=dim) - true.diff(dim=dim)).abs().mean() for dim in (1, 2)]
    return torch.stack(parts).sum()


def _examples(whole: Reference, *, chance: np.random.Generator) -> tuple[Tensor, Tensor, Reference]:
    """Windows of the speech, and what is looked up beside each."""
    count = whole.mel.shape[2]
    length = min(_WINDOW, count // 2)
    contents, mels, keys, values = [], [], [], []
    looked = min(_LOOKED_UP, count - length - 2 * _MARGIN)
    for first in chance.integers(0, count - length + 1, _BATCH):
        rows = np.setdiff1d(np.arange(count), np.arange(first - _MARGIN, first + length + _MARGIN))
        start = int(chance.integers(0, len(rows) - looked + 1))
        rows = rows[start : start + looked]
        contents.append(whole.content[0, :, first : first + length])
        mels.append(whole.mel[0, :, first : first + length])
        keys.append(whole.content[0][:, rows])
        values.append(whole.mel[0][:, rows])
    embedding = whole.embedding.expand(_BATCH, -1)
    reference = Reference(embedding, torch.stack(keys), torch.stack(values), torch.ones(_BATCH, looked))
    return torch.stack(contents), torch.stack(mels), reference
