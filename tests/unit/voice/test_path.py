"""What is heard where it is known what is said: nothing else, for as long and as clearly as it is heard."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.models.phonemes import PHONES
from avsynth.voice.path import as_told, path_of, room_for
from avsynth.voice.phones import SILENCE

PHONE = st.integers(1, len(PHONES) - 1)


def heard(frames: list[int], *, sure: float = 6.0) -> np.ndarray:
    """Log chances ``(T, P)`` of a network that hears one phone in every frame."""
    logits = np.random.default_rng(0).normal(0, 0.5, (len(frames), len(PHONES))).astype(np.float32)
    logits[np.arange(len(frames)), frames] += sure
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def quiet(count: int) -> np.ndarray:
    return np.zeros(count, bool)


@settings(max_examples=40, deadline=None)
@given(st.lists(PHONE, min_size=1, max_size=6, unique=True), st.integers(2, 12))
def test_what_is_heard_right_stays(phones: list[int], length: int) -> None:
    frames = [SILENCE] * 9 + [phone for phone in phones for _ in range(length)] + [SILENCE] * 9
    chances = heard(frames)
    told = as_told(chances, phones=phones, loud=quiet(len(frames)))
    assert told.argmax(axis=1).tolist() == frames
    assert np.allclose(np.exp(told).sum(axis=1), 1, atol=1e-3)  # what cannot be keeps e to the -12


@settings(max_examples=40, deadline=None)
@given(st.lists(PHONE, min_size=3, max_size=3, unique=True), PHONE)
def test_a_mistake_counts_for_what_was_said(phones: list[int], wrong: int) -> None:
    """The network takes the middle one for another sound; it is still said as long as that was heard."""
    if wrong in phones:
        return
    frames = [phones[0]] * 8 + [wrong] * 8 + [phones[2]] * 8
    chances = heard(frames)
    chances[8:16, phones[1]] += 3  # its second guess
    told = as_told(chances, phones=phones, loud=quiet(24))
    assert not (told.argmax(axis=1) == wrong).any()
    assert told.argmax(axis=1)[10:14].tolist() == [phones[1]] * 4
    assert np.exp(told[:, wrong]).max() < 1e-3
    assert np.allclose(
        np.logaddexp.reduce(told, axis=1), np.logaddexp.reduce(chances, axis=1), atol=1e-3
    )  # what cannot be keeps e to the -12


def test_a_short_silence_is_none_where_it_is_loud() -> None:
    a, b = 5, 9
    frames = [a] * 10 + [SILENCE] * 6 + [b] * 10 + [SILENCE] * 30
    loud = np.arange(len(frames)) < 40  # also into the pause, as in a room
    told = as_told(heard(frames), phones=[a, b], loud=loud).argmax(axis=1)
    assert set(told[:26].tolist()) == {a, b}
    assert (told[26:] == SILENCE).all()
    still = as_told(heard(frames), phones=[a, b], loud=quiet(len(frames))).argmax(axis=1)
    assert still.tolist() == frames


def test_where_there_is_no_room_nothing_changes() -> None:
    chances = heard([3, 3, 4])
    assert not room_for([3, 3, 4], frames=3)
    assert as_told(chances, phones=[3, 3, 4], loud=quiet(3)) is chances
    assert as_told(chances, phones=[], loud=quiet(3)) is chances


def test_the_path_says_which_of_two_equal_sounds_it_is() -> None:
    frames = [7] * 5 + [SILENCE] * 4 + [7] * 5
    assert path_of(heard(frames), phones=[7, 7]).tolist() == [0] * 5 + [-1] * 4 + [1] * 5
