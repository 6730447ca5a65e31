"""What the converter and the vocoder's second round learn from, on drawn speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from scipy import signal

from avsynth.models.phonemes import PHONES
from avsynth.models.voice_converter import content_of, melody_of, phone_chances
from avsynth.models.voice_mel import HOP, RATE, log_mel
from avsynth.training.backends.converter import in_register
from avsynth.training.backends.vocoder import Converted
from avsynth.training.manifest import Item, Manifest, file_of, write_manifest
from avsynth.voice.content import at_level

FRAMES = 300


def content(hz: float, *, count: int) -> torch.Tensor:
    one = torch.ones(1, count)
    return content_of(torch.randn(1, len(PHONES), count), loudness=0 * one, f0_hz=hz * one, voiced=one)


def test_another_voices_register():
    low, high = content(110, count=50), content(220, count=80)
    known = torch.ones(1, 80)
    known[:, 40:] = 0
    high[:, -2, 40:] = 5.0  # what only fills up does not count
    moved = in_register(low, whose={"reference_content": high, "known": known})
    assert melody_of(moved)[0].numpy() == pytest.approx(220, rel=1e-3)
    assert torch.equal(phone_chances(moved), phone_chances(low))
    assert torch.equal(moved[:, -1], low[:, -1])
    low[:, -1] = -0.5  # a window without any voice stays as it is
    assert torch.equal(in_register(low, whose={"reference_content": high, "known": known}), low)


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
        f"a@{factor:g}",
        "train",
        {name: file_of(tmp_path / file, manifest=manifest) for name, file in files.items()},
        {"weight": "1", "speaker": "a"},
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
