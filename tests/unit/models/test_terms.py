"""Restricted weights are refused until their license is accepted, and a file that a person brings is pinned."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from avsynth.core.consent import today
from avsynth.core.errors import InputError, ModelError
from avsynth.models import hub
from avsynth.models.card import Card, Source, find_card
from avsynth.models.terms import accepted

RESTRICTED = ["lipsync/wav2lip", "lipsync/wav2lip-gan", "sync/syncnet-v2"]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": {"module.layer.weight": torch.arange(3.0)}}, path)
    return path


@pytest.mark.parametrize("name", RESTRICTED)
def test_unknown_hashes_are_not_invented(name: str) -> None:
    card = find_card(name)
    assert (card.source.kind, card.sha256, card.bytes, card.restricted) == ("user", "", 0, True)
    assert card not in hub.fetchable()


@pytest.mark.parametrize("ask", [hub.obtain, hub.load_state, hub.verify, hub.require])
def test_until_then_every_door_says_what_to_do(home: Path, ask: Callable[[str], object]) -> None:
    with pytest.raises(ModelError, match=r"any commercial use is forbidden.*models add lipsync/wav2lip FILE --accept"):
        ask("lipsync/wav2lip")
    assert not hub.is_present("lipsync/wav2lip")


def test_without_accepting_nothing_is_added(home: Path, weights: Path) -> None:
    with pytest.raises(ModelError, match="--accept-license"):
        hub.add("lipsync/wav2lip", weights)
    assert not [path for path in home.rglob("*") if path.is_file()]
    with pytest.raises(ModelError, match="get the file from"):
        hub.accept_license("lipsync/wav2lip")  # there is nothing to accept without the file


def test_an_added_file_is_kept_and_written_down(home: Path, weights: Path) -> None:
    place = hub.add("lipsync/wav2lip", weights, license_accepted=True)
    assert place.is_relative_to(home)
    assert place.read_bytes() == weights.read_bytes()
    record = json.loads((home / "licenses" / "lipsync" / "wav2lip.json").read_text(encoding="utf-8"))
    assert record["accepted"] == today().isoformat()
    assert record["licence"] == find_card("lipsync/wav2lip").licence
    assert place.name.startswith(record["sha256"][:12])
    weights.unlink()
    assert hub.obtain("lipsync/wav2lip") == hub.verify("lipsync/wav2lip") == place
    assert torch.equal(hub.load_state("lipsync/wav2lip")["layer.weight"], torch.arange(3.0))
    assert not hub.is_present("lipsync/wav2lip-gan")  # each card is accepted by itself


def test_a_changed_or_deleted_copy_is_not_used(home: Path, weights: Path) -> None:
    place = hub.add("lipsync/wav2lip", weights, license_accepted=True)
    place.write_bytes(place.read_bytes()[:-1] + b"\x07")
    with pytest.raises(ModelError, match="has changed since it was added"):
        hub.obtain("lipsync/wav2lip")
    place.unlink()
    with pytest.raises(ModelError, match="models add lipsync/wav2lip FILE"):
        hub.obtain("lipsync/wav2lip")


def test_a_broken_download_is_refused_when_it_is_added(home: Path, weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:200])
    with pytest.raises(ModelError, match="cut off"):
        hub.add("lipsync/wav2lip", weights, license_accepted=True)
    with pytest.raises(ModelError, match="there is no file"):
        hub.add("lipsync/wav2lip", weights.with_name("absent.pth"), license_accepted=True)
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_another_license_must_be_accepted_anew(home: Path, weights: Path) -> None:
    hub.add("lipsync/wav2lip", weights, license_accepted=True)
    card = find_card("lipsync/wav2lip")
    assert accepted(card, home=home) is not None
    assert accepted(replace(card, licence="other words"), home=home) is None


def fetched(**changes: object) -> Card:
    """A restricted card whose file could be fetched."""
    fields = {**vars(find_card("lipsync/wav2lip")), "sha256": "a" * 64, "bytes": 5, **changes}
    return Card(**{**fields, "source": Source("url", url="https://example.org/x.pt")})  # type: ignore[arg-type]


def test_restricted_weights_that_are_fetched_need_acceptance_too(home: Path, weights: Path) -> None:
    card = fetched()
    with pytest.raises(ModelError, match="models fetch lipsync/wav2lip --accept-license"):
        hub.obtain(card)
    hub.accept_license(card)
    assert hub.require(card) == card
    with pytest.raises(ModelError, match="restricted"):
        hub.require(fetched(sha256="b" * 64))  # another file than the accepted one
    with pytest.raises(ModelError, match="is not what the card lipsync/wav2lip describes"):
        hub.add(card, weights, license_accepted=True)


def test_only_a_file_the_user_brings_may_lack_a_hash() -> None:
    with pytest.raises(InputError, match="64 hex digits"):
        fetched(sha256="")
