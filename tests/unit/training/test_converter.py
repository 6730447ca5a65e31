"""What the converter and the vocoder's second round learn from, on drawn speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis.strategies import booleans, lists
from scipy import signal

from avsynth.models.phonemes import PHONES
from avsynth.models.voice_articulation import articulated
from avsynth.models.voice_cepstra import CEPSTRA, cepstra_of
from avsynth.models.voice_converter import CONTENT, Reference, content_of, melody_of, phone_chances
from avsynth.models.voice_mel import HOP, RATE, log_mel
from avsynth.training.backends.body import Body
from avsynth.training.backends.converter import (
    ConverterBrain,
    Voices,
    another,
    in_register,
    misunderstood,
    more_striped,
    with_gaps,
)
from avsynth.training.backends.vocoder import Converted
from avsynth.training.hparams import Duel, Schedule
from avsynth.training.manifest import Item, Manifest, file_of, write_manifest
from avsynth.voice.content import Hearing, at_level

FRAMES = 300
PITCH, VOICING = len(PHONES) + 1, len(PHONES) + 2


def content(hz: float, *, count: int) -> torch.Tensor:
    one = torch.ones(1, count)
    parts = {"loudness": 0 * one, "voiced": one, "cepstra": torch.randn(1, CEPSTRA, count)}
    return content_of(torch.randn(1, len(PHONES), count), f0_hz=hz * one, **parts)


def test_another_voices_register():
    low, high = content(110, count=50), content(220, count=80)
    known = torch.ones(1, 80)
    known[:, 40:] = 0
    high[:, PITCH, 40:] = 5.0  # what only fills up does not count
    moved = in_register(low, whose={"reference_content": high, "known": known})
    assert melody_of(moved)[0].numpy() == pytest.approx(220, rel=1e-3)
    assert torch.equal(phone_chances(moved), phone_chances(low))
    assert torch.equal(moved[:, VOICING], low[:, VOICING])
    low[:, VOICING] = -0.5  # a window without any voice stays as it is
    assert torch.equal(in_register(low, whose={"reference_content": high, "known": known}), low)


def test_what_bases_say_is_to_be_understood_as_in_their_own_voice():
    """By an ear that hears the mels themselves: of what people say, and beyond the fourth, nothing counts."""

    def ear(mel: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        return (mel - heard[:, :80]).transpose(1, 2)

    torch.manual_seed(0)
    batch = {"mel": torch.randn(7, 80, 20), "content": torch.randn(7, CONTENT, 20)}
    batch["recorded"] = torch.tensor([True, False, False, True, False, False, False])
    higher = batch["content"] + 1
    made = batch["mel"] + 1  # heard with what is said, it is the same
    made[[0, 3, 6]] = 5.0
    judged = {"content": higher, "batch": batch, "heard_by": ear}
    assert float(misunderstood(made, **judged)) == pytest.approx(0, abs=1e-6)
    made[2] = higher[2, :80] - (batch["mel"] - batch["content"][:, :80])[2]  # the contrary
    made.requires_grad_()
    loss = misunderstood(made, **judged)
    assert float(loss.detach()) == pytest.approx(2 / 4, abs=1e-6)
    loss.backward()
    assert [bool(row.any()) for row in made.grad] == [False, True, True, False, True, True, False]
    batch["recorded"][:] = True
    assert float(misunderstood(made, **judged).detach()) == 0


def test_stripes_cost_what_they_exceed_the_persons_own_by():
    """Bands that rise evenly, every other one louder: in silence, or beyond what is known, nothing counts."""
    even = torch.linspace(-5, -2, 80)[None, :, None].expand(2, 80, 60).clone()
    even[..., 40:] -= 6
    every_other = 1 - 2 * (torch.arange(80.0) % 2)[:, None]
    own = even.clone()
    own[:, :, :40] += 0.3 * every_other
    own[:, :, 20:30] = 0  # as `Voices` fills up
    known = torch.ones(2, 60)
    known[:, 20:30] = 0
    whose, batch = {"reference_mel": own, "known": known}, {"mel": even}
    made = even.clone()
    made[:, :, 40:] += 2 * every_other
    for size, cost in ((0.0, 0), (0.2, 0), (0.3, 0), (0.8, 0.5), (1.3, 1.0)):
        made[:, :, :40] = even[:, :, :40] + size * every_other
        assert float(more_striped(made, batch=batch, whose=whose)) == pytest.approx(cost, abs=0.03), size


class Says(torch.nn.Module):
    """A generator that says the same of everything."""

    def __init__(self, mel: torch.Tensor) -> None:
        super().__init__()
        self.mel = torch.nn.Parameter(mel)

    def forward(self, content: torch.Tensor, *, reference: Reference) -> torch.Tensor:
        return self.mel


def test_other_voices_are_heard_as_in_use(tmp_path: Path):
    """Of what synthesizers say, some of their movement is kept; what people say is heard as it was converted."""
    torch.manual_seed(0)
    size = {"mel": 80, "content": CONTENT, "reference_mel": 80, "reference_content": CONTENT}
    batch = {name: torch.randn(3, rows, 60) for name, rows in size.items()}
    batch |= {"voice": torch.ones(3, 256), "embedding": torch.ones(3, 256), "known": torch.ones(3, 60)}
    batch |= {"recorded": torch.tensor([True, True, False]), "kept": torch.tensor([0, 0, 0.5])}
    says, heard = torch.randn(3, 80, 60), []

    def ear(mel: torch.Tensor, content: torch.Tensor) -> torch.Tensor:
        heard.append(mel.detach())
        return mel.mean(dim=2)

    brain = ConverterBrain(
        {"generator": Says(says)}, duel=Duel(), schedule=Schedule(1, 1, weights={}, averaging=0.5), output=tmp_path
    )
    brain.encoders, brain.hearing = {"coach": ear}, Hearing.load()
    losses = brain.distances(batch, brain.make(batch))
    assert losses.keys() == {"mel", "change", "coach", "converted", "said", "uneven"}
    losses["uneven"].backward()
    assert brain.modules["generator"].mel.grad.abs().sum() > 0
    (*_, converted) = heard
    assert torch.equal(converted[:2], says[:2])
    whole = articulated(says[2:], spoken=batch["mel"][2:], share=0.5)
    assert torch.allclose(converted[2:], whole, atol=1e-5)
    assert not torch.allclose(converted[2:], says[2:], atol=0.1)


def test_in_a_gap_only_phones_are_not_heard():
    torch.manual_seed(0)
    whole = content(150, count=160).expand(200, -1, -1)
    gaps = with_gaps(whole, share=0.5)
    nothing = (phone_chances(gaps) - phone_chances(gaps).mean(dim=1, keepdim=True)).abs().amax(dim=1) < 1e-5
    assert phone_chances(gaps).exp().sum(dim=1)[nothing].numpy() == pytest.approx(1, abs=1e-4)
    assert torch.equal(gaps[:, len(PHONES) :], whole[:, len(PHONES) :])
    assert torch.equal(gaps.transpose(1, 2)[~nothing], whole.transpose(1, 2)[~nothing])
    count = nothing.sum(dim=1)
    assert 60 < int((count > 0).sum()) < 140
    assert all(20 <= size <= 80 for size in count.tolist() if size)
    assert torch.equal(with_gaps(whole, share=0), whole)


@settings(max_examples=50, deadline=None)
@given(wanted=lists(booleans(), min_size=2, max_size=9))
def test_the_other_voice_is_another_one_and_a_persons_where_there_is_one(wanted: list[bool]):
    found = another(torch.tensor(wanted)).tolist()
    assert all(other != own for own, other in enumerate(found))
    if sum(wanted) > 1:
        assert all(wanted[other] for other in found)


@pytest.mark.parametrize("count", [301, 200, 90])
def test_what_is_looked_up_is_not_what_is_learnt(tmp_path: Path, count: int):
    """Every frame holds its own number."""
    number = np.arange(count, dtype=np.float16)[None]
    arrays = {
        "mel": np.repeat(number, 80, axis=0),
        "content": np.repeat(number, CONTENT, axis=0),
        "embeddings": np.eye(3, 256, dtype=np.float32),
    }
    manifest = tmp_path / "voices.json"
    items = []
    for name in "ab":
        np.savez(tmp_path / f"{name}.npz", **arrays)
        files = {"features": file_of(tmp_path / f"{name}.npz", manifest=manifest)}
        kind = {"kind": "spoken", "kept": "0.5"} if name == "b" else {"kind": "recorded"}
        items.append(Item(name, "train", files, {"weight": "2"} | kind))
    write_manifest(manifest, Manifest("drawn", "CC0-1.0", tuple(items)))
    data = Voices(manifest, "train", frames=100, reference=150, chance=True)
    assert data.weights == [2.0 * count] * 2
    for _ in range(20):
        batch = data.__getitems__([1, 0, 1])
        assert batch["recorded"].tolist() == [False, True, False]
        assert batch["kept"].tolist() == [0.5, 0, 0.5]
        for mel, content, reference, known in zip(
            *(batch[name] for name in ("mel", "content", "reference_mel", "known")), strict=True
        ):
            learnt, looked = mel[0], reference[3][known > 0]
            assert torch.equal(mel[7], content[9])
            inside = min(count, 100)
            assert torch.equal(learnt[:inside], learnt[0] + torch.arange(inside))
            assert not learnt[inside:].any()
            assert not reference[0][known == 0].any()
            assert len(looked.unique()) == len(looked) == int(known.sum())
            assert len(looked) >= min(60, count - inside - 8)
            gaps = (looked[:, None] - learnt[None, :inside]).abs()
            assert not len(looked) or gaps.min() > 7


def test_windows_are_said_by_other_throats(tmp_path: Path):
    """What is looked up keeps the shape it was heard in; what is learnt has another one each time."""
    torch.manual_seed(0)
    mel = torch.nn.functional.avg_pool2d(torch.randn(1, 86, 406) * 8, 7, 1)[0]  # as smooth as speech
    arrays = {
        "mel": mel.numpy().astype(np.float16),
        "content": torch.cat([content(150, count=400)[0, :-CEPSTRA], cepstra_of(mel[None])[0]]).numpy(),
        "embeddings": np.eye(3, 256, dtype=np.float32),
    }
    manifest = tmp_path / "voices.json"
    np.savez(tmp_path / "a.npz", **arrays)
    files = {"features": file_of(tmp_path / "a.npz", manifest=manifest)}
    write_manifest(manifest, Manifest("drawn", "CC0-1.0", (Item("a", "train", files, {"weight": "1"}),)))
    size = {"frames": 100, "reference": 150}
    heard = torch.cat([Voices(manifest, "train", chance=False, **size)[0]["content"][None] for _ in range(2)])
    assert torch.equal(heard[0], heard[1])
    batch = Voices(manifest, "train", chance=True, **size).__getitems__([0] * 40)
    own = torch.from_numpy(arrays["content"])
    alike = []
    for index, said in enumerate(batch["content"]):
        at = int((own[0, None] == said[0, :1]).float().argmax())
        assert torch.equal(said[:-CEPSTRA], own[:-CEPSTRA, at : at + 100])
        pair = torch.stack([said[-CEPSTRA:].flatten(), own[-CEPSTRA:, at : at + 100].flatten()])
        alike.append(float(torch.corrcoef(pair)[0, 1]))
        looked = batch["reference_content"][index][:, batch["known"][index] > 0]
        assert all((own[:, :, None] == looked[:, None]).all(dim=0).any(dim=0))
    assert 0.4 < np.mean(alike) < 0.97
    assert np.std(alike) > 0.02


@pytest.mark.parametrize("factor", [1.0, 0.89])
def test_the_sound_of_a_window_is_the_sound_its_mels_were_made_of(tmp_path: Path, factor: float):
    """Noise whose loudness changes at random, so that a wrong place or a wrong gain is seen at once."""
    chance = np.random.default_rng(0)
    gain = np.exp(
        np.interp(np.arange(FRAMES * HOP), np.arange(0, FRAMES * HOP, 400), chance.normal(0, 1, FRAMES * HOP // 400))
    )
    sound = (chance.normal(0, 0.02, FRAMES * HOP) * gain).clip(-1, 1).astype(np.float32)
    soundfile.write(tmp_path / "a.flac", sound, RATE)
    heard, _ = soundfile.read(tmp_path / "a.flac", dtype="float32")
    played = heard if factor == 1 else signal.resample(heard, round(len(heard) / factor)).astype(np.float32)
    mel = at_level(log_mel(torch.from_numpy(played[None]))[0])
    arrays = {
        "mel": mel.numpy().astype(np.float16),
        "content": content(150, count=mel.shape[1])[0].numpy().astype(np.float16),
        "embeddings": np.zeros((3, 256), np.float32),
    }
    np.savez(tmp_path / "a.npz", **arrays)
    manifest = tmp_path / "voices.json"
    files = {"features": "a.npz", "sound": "a.flac"}
    item = Item(
        "a@0",
        "train",
        {name: file_of(tmp_path / file, manifest=manifest) for name, file in files.items()},
        {"weight": "1", "speaker": "a"} | Body(factor).facts(),
    )
    write_manifest(manifest, Manifest("drawn", "CC0-1.0", (item,)))
    data = Converted(manifest, "train", frames=48, chance=False)
    window = data[0]
    made = log_mel(window["samples"][None])[0]
    context = (window["mel"].shape[1] - made.shape[1]) // 2
    true = window["mel"][:, context : context + made.shape[1]]
    inner = slice(4, -4)  # a crop hears silence beyond its edges
    assert float((made - true)[:, inner].abs().mean()) < 0.02
    assert window["f0_hz"].numpy() == pytest.approx(150, rel=1e-2)
