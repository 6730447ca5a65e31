from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from avsynth.core.errors import InputError
from avsynth.training.hparams import Duel, Schedule, load_hparams


@dataclass(frozen=True)
class Settings:
    schedule: Schedule
    widths: tuple[int, ...]
    duel: Duel = field(default_factory=Duel)


GOOD = """
widths: [8, 16]
schedule: {steps: 10, batch_size: 2, weights: {l1: 1, l2: .5}, learning_rate: 2e-4, minutes: 3}
duel:
  kind: lsgan   # a comment
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "base.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_are_read_with_their_kinds(tmp_path: Path) -> None:
    settings = load_hparams(written(tmp_path, GOOD), Settings)
    assert settings.widths == (8, 16)
    assert settings.schedule.learning_rate == 0.0002
    assert settings.schedule.weights == {"l1": 1.0, "l2": 0.5}
    assert (settings.duel.kind, settings.duel.start) == ("lsgan", 0)
    assert load_hparams(written(tmp_path, GOOD), Settings, changes={"widths": [4]}).widths == (4,)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("minutes", "minuets", r"schedule: unknown key 'minuets'; did you mean 'minutes'\?"),
        ("steps: 10, ", "", "'steps' is missing"),
        ("steps: 10", "steps: ten", r"schedule\.steps: expected int, got 'ten'"),
        ("steps: 10", "steps: 0", "steps must be at least 1"),
        ("lsgan", "wgan", "'wgan' is not one of hinge, lsgan"),
        ("[8, 16]", "!!python/object/apply:os.getcwd []", "plain YAML"),
        ("[8, 16]", "[8, 16", "plain YAML"),
        (GOOD, "- a list", "holds no settings"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_hparams(written(tmp_path, GOOD.replace(old, new)), Settings)
    assert "\n" not in str(caught.value)
    assert "base.yaml" in str(caught.value)
