"""Settings are read strictly from TOML."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from avsynth.core.errors import InputError
from avsynth.core.settings import read_settings


@dataclass(frozen=True)
class Inner:
    rate: Fraction
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    film: Path
    inner: Inner
    gain: float = 1.0


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "a.toml"
        path.write_text(text, encoding="utf-8")
        return read_settings(path, Settings)

    return read


def test_toml(read):
    text = 'film = "a/b.mp4"\ngain = 2\n[inner]\nrate = "24000/1001"\nnames = ["x", "y"]\n'
    assert read(text) == Settings(Path("a/b.mp4"), Inner(Fraction(24000, 1001), ("x", "y")), 2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("film = ", "is no TOML"),
        ('film = "a"\n', "'inner' is missing"),
        ('film = "a"\ngian = 1.0\n[inner]\nrate = 25\n', "unknown key 'gian'; did you mean 'gain'"),
        ("film = 3\n[inner]\nrate = 25\n", r"a\.toml\.film: expected Path, got 3"),
        ('film = "a"\n[inner]\nrate = 23.976\n', r"inner\.rate: expected Fraction, got 23\.976"),
        ('film = "a"\ngain = true\n[inner]\nrate = 25\n', "gain: expected float, got True"),
    ],
)
def test_errors(read, text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_an_absent_file(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none\.toml"):
        read_settings(tmp_path / "none.toml", Settings)
