"""The converter looks up how the person says it, and what fills up a batch is not looked at."""

from __future__ import annotations

from dataclasses import replace

import torch

from avsynth.models.phonemes import PHONES
from avsynth.models.voice_cepstra import CEPSTRA
from avsynth.models.voice_converter import (
    CONTENT,
    EMBEDDING,
    Reference,
    VoiceConverter,
    content_of,
    loudness_of,
    melody_of,
    phone_chances,
    reshaped,
    transposed,
)
from avsynth.models.voice_mel import MELS


def reference(frames: int) -> Reference:
    torch.manual_seed(1)
    vector = torch.nn.functional.normalize(torch.randn(1, EMBEDDING), dim=1)
    return Reference(vector, torch.randn(1, CONTENT, frames), torch.randn(1, MELS, frames) - 5, torch.ones(1, frames))


def test_what_only_fills_up_is_not_looked_at() -> None:
    torch.manual_seed(0)
    network, content, known = VoiceConverter(32).eval(), torch.randn(1, CONTENT, 30), reference(60)
    known.known[:, 50:] = 0
    other = replace(known, content=known.content.clone(), mel=known.mel.clone())
    other.content[..., 54:] = 9.0  # beyond what the keys of known frames can see
    other.mel[..., 50:] = 9.0
    with torch.no_grad():
        first, second = network(content, reference=known), network(content, reference=other)
    assert first.shape == (1, MELS, 30)
    assert torch.equal(first, second)


def test_what_was_said_once_is_found_where_it_was_said() -> None:
    torch.manual_seed(0)
    network, known = VoiceConverter(32).eval(), reference(40)
    network.key.load_state_dict(network.ask.state_dict())  # what is asked and what is known are seen alike
    with torch.no_grad():
        network.sharpness.fill_(6.0)
        found = network.look(known.content, reference=known, heard=known.mel)
    assert torch.allclose(found, known.mel, atol=0.05)


def test_another_voice_gives_another_sound() -> None:
    torch.manual_seed(0)
    network, content, known = VoiceConverter(32).eval(), torch.randn(1, CONTENT, 30), reference(50)
    other = replace(known, embedding=known.embedding.flip(1))
    with torch.no_grad():
        assert not torch.allclose(network(content, reference=known), network(content, reference=other), atol=1e-3)


def test_content_says_how_likely_each_phone_is() -> None:
    logits = torch.full((1, len(PHONES), 4), -20.0)
    logits[:, 3] = 20.0
    one, shape = torch.ones(1, 4), torch.randn(1, CEPSTRA, 4)
    content = content_of(logits, loudness=0 * one, f0_hz=150 * one, voiced=one, cepstra=shape)
    assert content.shape == (1, CONTENT, 4)
    assert torch.allclose(content[:, 3], one)  # certain
    assert torch.allclose(content[:, 4], 0 * one)  # as unlikely as counts
    rest = content[:, len(PHONES) :]
    assert torch.allclose(rest[:, :3], torch.tensor([0.0, 0.0, 0.5])[None, :, None].expand(1, 3, 4), atol=1e-6)
    assert torch.equal(rest[:, 3:], shape)


def test_one_part_of_content_is_changed_without_the_others() -> None:
    one = torch.ones(1, 5)
    parts = {"loudness": -0.1 * one, "voiced": one, "cepstra": torch.randn(1, CEPSTRA, 5)}
    content = content_of(torch.randn(1, len(PHONES), 5), f0_hz=110 * one, **parts)
    higher = transposed(content, by=torch.tensor([0.5]))
    assert torch.allclose(melody_of(higher)[0], 110 * torch.exp(torch.tensor(0.5)) * one)
    assert torch.equal(melody_of(higher)[1], one)
    assert torch.equal(phone_chances(higher), phone_chances(content))
    other = reshaped(content, cepstra=parts["cepstra"] + 1)
    assert torch.equal(other[:, -CEPSTRA:], parts["cepstra"] + 1)
    assert torch.equal(other[:, :-CEPSTRA], content[:, :-CEPSTRA])


def test_loudness_is_told_against_the_loud_frames() -> None:
    mel = torch.full((1, MELS, 100), -3.0)
    mel[:, :, :20] = -5.5  # 2.5 natural log units fainter, half of what counts
    told = loudness_of(mel)
    assert torch.allclose(told[0, 20:], torch.zeros(80), atol=1e-5)
    assert torch.allclose(told[0, :20], torch.full((20,), -0.5), atol=1e-5)
    assert torch.allclose(loudness_of(mel + 1), told, atol=1e-5)
