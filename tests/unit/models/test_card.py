"""Cards say everything about their weights, and nothing unknown."""

from pathlib import Path

import pytest

from avsynth.core.errors import InputError, ModelError
from avsynth.models.card import Source, card_folders, cards, find_card, read_card

EXPECTED = {
    "audio_watermark/perth",
    "face_detector/blazeface-full",
    "landmarks/attention-mesh",
    "picture/portrait",
    "speaker_encoder/ge2e",
    "vad/silero",
}


def test_the_weights_the_toolkit_runs_on_have_cards() -> None:
    assert {card.name for card in cards()} >= EXPECTED
    assert [card.name for card in cards()] == sorted(card.name for card in cards())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_card_states_license_use_and_pinned_source(name: str) -> None:
    card = find_card(name)
    assert card.licence
    assert card.licence_source
    assert len(card.intended_use) > 20
    assert len(card.out_of_scope) > 20
    assert card.recipe
    assert card.source.kind == "wheel"
    assert card.source.version
    assert len(card.source.wheel_sha256) == 64
    assert card.outputs


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ModelError, match=r"no weights named 'vad/nothing'; there are: .*vad/silero"):
        find_card("vad/nothing")


def _copy(target: Path, *, old: str = "", new: str = "") -> Path:
    text = (card_folders()[0] / "vad" / "silero.toml").read_text(encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return target


def test_a_card_is_called_by_its_place(tmp_path: Path) -> None:
    assert read_card(_copy(tmp_path / "vad" / "silero.toml")) == find_card("vad/silero")
    with pytest.raises(InputError, match="a card's name is its place"):
        read_card(_copy(tmp_path / "vad" / "other.toml"))


def test_a_misspelt_key_is_found(tmp_path: Path) -> None:
    path = _copy(tmp_path / "vad" / "silero.toml", old="intended_use", new="intendet_use")
    with pytest.raises(InputError, match="did you mean 'intended_use'"):
        read_card(path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "wheel", "package": "p", "version": "1", "member": "m"}, "wheel_sha256"),
        ({"kind": "url", "url": "http://example.org/w.onnx"}, "https"),
        ({"kind": "hub", "repository": "a/b", "file": "f", "revision": "main"}, "full commit hash"),
        ({"kind": "path"}, "'file'"),
    ],
)
def test_a_source_that_is_not_pinned_is_refused(fields: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Source(**fields)  # type: ignore[arg-type]
