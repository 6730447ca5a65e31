from __future__ import annotations

from pathlib import Path

import pytest
import torch

from avsynth.core.errors import InputError
from avsynth.core.files import sha256
from avsynth.models import card as cards_module
from avsynth.models.card import read_card
from avsynth.models.hub import load_into
from avsynth.training.export import export

CARD = """
name = "toy/line"
title = "a line"
architecture = "linear"
licence = "Apache-2.0"
licence_source = "this test"
datasets = ["drawn"]
recipe = "none"
intended_use = "tests"
out_of_scope = "all else"
figures = ["slope 2"]

[[inputs]]
name = "x"
shape = ["B", "1"]
meaning = "a \\"number\\""
"""


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "card.toml"
    path.write_text(CARD, encoding="utf-8")
    return path


def test_what_is_exported_is_found_and_loads(card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network, folder = torch.nn.Linear(1, 1), tmp_path / "pretrained"
    export(network, card=card, output=folder / "toy", figures=["error 0.1"])
    described = read_card(folder / "toy" / "line.toml")
    weights = folder / "toy" / "line.safetensors"
    assert (described.sha256, described.bytes) == (sha256(weights), weights.stat().st_size)
    assert described.figures == ("slope 2", "error 0.1")
    assert described.inputs[0].meaning == 'a "number"'
    monkeypatch.setattr(cards_module, "card_folders", lambda: (folder,))
    cards_module._all_cards.cache_clear()
    try:
        other = torch.nn.Linear(1, 1)
        load_into(other, card="toy/line")
    finally:
        cards_module._all_cards.cache_clear()
    assert torch.equal(other.weight, network.weight)
    assert torch.equal(other.bias, network.bias)


def test_a_card_that_lacks_something_is_refused(card: Path, tmp_path: Path) -> None:
    card.write_text(CARD.replace('title = "a line"', ""), encoding="utf-8")
    with pytest.raises(InputError, match="'title' is missing"):
        export(torch.nn.Linear(1, 1), card=card, output=tmp_path)
    card.write_text("title", encoding="utf-8")
    with pytest.raises(InputError, match="no TOML"):
        export(torch.nn.Linear(1, 1), card=card, output=tmp_path)
    card.write_text('title = "x"', encoding="utf-8")
    with pytest.raises(InputError, match="task/name"):
        export(torch.nn.Linear(1, 1), card=card, output=tmp_path)
