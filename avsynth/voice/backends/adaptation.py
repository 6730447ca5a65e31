"""Fits the converter to one person: some steps of training of the layers that make the voice.

It learns from the person's own speech, said again, and from what a base says, said in their voice: nobody knows how
that should sound, but two speaker encoders hear whose voice it is, and the phoneme network what is said; and the
spectrum is to move as it did before, since so it was understood.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from avsynth.core.errors import InputError
from avsynth.core.progress import Progress, silent
from avsynth.core.speech import VoiceProfile
from avsynth.models.hub import find_card
from avsynth.models.voice_articulation import moved_apart
from avsynth.models.voice_cepstra import LONGEST_THROAT, cepstra_of
from avsynth.models.voice_converter import Reference, VoiceConverter, reshaped
from avsynth.models.voice_listeners import load_listeners
from avsynth.voice.backends.neural import Networks, Source, reference_of, source_of_text
from avsynth.voice.content import Hearing
from avsynth.voice.weights import CONVERTER

_FITTED = ("speaker.", "leave.", "found.")  # beside every block's modulation
_WINDOW = 160  # frames: what GE2E hears at once
_AGAIN, _TOLD = 4, 3  # windows a step of the person's own speech, and of what a base says
_MARGIN = 8  # frames between what is learnt and what is looked up
_LOOKED_UP = 400
_LISTENED = {"ge2e": 1.0, "coach": 0.5}  # how much each encoder's word weighs
# What a base says; of several languages, since the person will speak several.
_LINES = (
    ("en", "The train to the city leaves at seven in the morning, but nobody told the driver."),
    ("en", "She bought three boxes of fresh oranges and a small yellow umbrella."),
    ("en", "Why should we worry about the weather while the garden looks so good?"),
    ("es", "El tren para la ciudad sale a las siete, y nadie avisó al conductor."),
    ("fr", "Personne ne savait pourquoi le train partait sans ses deux voyageurs."),
    ("de", "Gestern kaufte sie drei Kisten Orangen und einen kleinen gelben Schirm."),
    ("it", "Il bambino cercava una piccola chiave d'oro sotto il vecchio tavolo."),
)


@dataclass(frozen=True)
class Settings:
    """How a voice is fitted.

    Attributes:
        steps: Of training.
        learning_rate: Of Adam; it falls to nothing.
        likeness: How much the encoders weigh against the distance of mels.
        said: How much it weighs what the phoneme network hears.
        whole: How much it weighs how else the spectrum moves than before, its mean excepted: as it moves, it was
            understood.
        seed: Of the windows drawn.
    """

    steps: int = 160
    learning_rate: float = 6e-4
    likeness: float = 3.5
    said: float = 1.0
    whole: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class _Told:
    """What bases say, and ``before (B, MELS, T)``: how it is said in the person's voice before anything is fitted."""

    lines: Source
    before: Tensor

    @classmethod
    def of(cls, sources: Sequence[Source], *, network: VoiceConverter, reference: Reference) -> _Told:
        """Of several lines, one after the other."""
        with torch.no_grad():
            before = [source.converted(network, reference=reference) for source in sources]
        return cls(Source.joined(sources, dim=-1), torch.cat(before, dim=2))

    def windows(self, chance: np.random.Generator) -> _Told:
        """Some of it, one beside the other."""
        starts = chance.integers(0, self.before.shape[2] - _WINDOW + 1, _TOLD)
        lines = Source.joined([self.lines.cut(at, count=_WINDOW) for at in starts], dim=0)
        return _Told(lines, torch.cat([self.before[..., at : at + _WINDOW] for at in starts]))


@dataclass(frozen=True)
class _Ears:
    """Those who hear whose voice it is, and what is said."""

    listeners: Mapping[str, nn.Module]
    hearing: Hearing

    def displeased(self, made: Tensor, *, content: Tensor, wanted: Mapping[str, Tensor], settings: Settings) -> Tensor:
        """How unlike the wanted voice log mels are found, and how far from what they should say."""
        parts = [settings.said * self.hearing.misheard(made, content=content)]
        for name, listener in self.listeners.items():
            unlike = 1 - torch.cosine_similarity(listener(made, content), wanted[name]).mean()
            parts.append(settings.likeness * _LISTENED[name] * unlike)
        return torch.stack(parts).sum()


def adapt(profile: VoiceProfile, *, settings: Settings | None = None, progress: Progress = silent) -> VoiceProfile:
    """Fit the converter to a voice; the profile keeps the weights, and ``neural`` speaks with them.

    Args:
        profile: With a sample of the voice; the more speech, the nearer.
        settings: How.
        progress: Told the steps.

    Raises:
        InputError: The profile holds no sample.
        ModelError: The weights of the networks are absent or wrong.
    """
    settings = settings or Settings()
    if profile.sample is None or profile.encoder != "ge2e":
        raise InputError(
            f"the profile of {profile.speaker!r} holds no sample of the voice; enroll it again with the encoder ge2e"
        )
    networks = Networks.load()
    whole = reference_of(profile, hearing=networks.hearing, longest=profile.sample.mel.shape[1])
    network = copy.deepcopy(networks.converter)
    sources = [source_of_text(profile, text, language=language) for language, text in _LINES]
    told = _Told.of(sources, network=network.eval(), reference=_first(whole, count=1))
    ears = _Ears(load_listeners(copy.deepcopy(networks.vocoder)), networks.hearing)
    with torch.enable_grad(), torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        _fit(network, whole, told, ears=ears, settings=settings, progress=progress)
    state = network.state_dict()
    adapted = {name: state[name].numpy().astype(np.float16) for name in _fitted(network)}
    return replace(profile, adapted=adapted, adapted_from=find_card(CONVERTER).sha256)


def _fitted(network: nn.Module) -> list[str]:
    return [name for name, _ in network.named_parameters() if name.startswith(_FITTED) or ".film." in name]


def _fit(
    network: VoiceConverter,
    whole: Reference,
    told: _Told,
    *,
    ears: _Ears,
    settings: Settings,
    progress: Progress,
) -> None:
    names = set(_fitted(network))
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in names)
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], settings.learning_rate)
    chance = np.random.default_rng(settings.seed)
    with torch.no_grad():
        wanted = {"ge2e": whole.embedding, "coach": ears.listeners["coach"](whole.mel, whole.content)}
    network.train()
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * 0.5 * (1 + np.cos(np.pi * step / settings.steps))
        content, mel, reference = _examples(whole, chance=chance)
        loss = _distance(network(content, reference=reference), mel)
        some = told.windows(chance)
        made = some.lines.converted(network, reference=_first(whole, count=_TOLD))
        loss = loss + ears.displeased(made, content=some.lines.content, wanted=wanted, settings=settings)
        loss = loss + settings.whole * moved_apart(made, some.before)
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
    for first in chance.integers(0, count - length + 1, _AGAIN):
        rows = np.setdiff1d(np.arange(count), np.arange(first - _MARGIN, first + length + _MARGIN))
        start = int(chance.integers(0, len(rows) - looked + 1))
        rows = rows[start : start + looked]
        # Said by another throat, as what is to be said in this voice will be.
        warp = torch.tensor([np.exp(chance.uniform(-LONGEST_THROAT, LONGEST_THROAT))], dtype=torch.float32)
        shape = cepstra_of(whole.mel, warp=warp)[..., first : first + length]
        contents.append(reshaped(whole.content[..., first : first + length], cepstra=shape)[0])
        mels.append(whole.mel[0, :, first : first + length])
        keys.append(whole.content[0][:, rows])
        values.append(whole.mel[0][:, rows])
    embedding = whole.embedding.expand(_AGAIN, -1)
    reference = Reference(embedding, torch.stack(keys), torch.stack(values), torch.ones(_AGAIN, looked))
    return torch.stack(contents), torch.stack(mels), reference


def _first(whole: Reference, *, count: int) -> Reference:
    """The first frames of a voice, for so many examples."""
    parts = (whole.content, whole.mel, whole.known)
    content, mel, known = (part[..., : 2 * _LOOKED_UP].expand(count, *part.shape[1:-1], -1) for part in parts)
    return Reference(whole.embedding.expand(count, -1), content, mel, known)
