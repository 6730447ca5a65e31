from dataclasses import replace

import numpy as np

from avsynth.lipsync.selection import WINDOW_FRAMES, Traits, select


def bank_of(openings: np.ndarray, *, source: np.ndarray | None = None, frame: np.ndarray | None = None) -> Traits:
    count = len(openings)
    lips = np.stack([np.zeros(count), openings, np.ones(count), -openings], 1).astype(np.float32)
    zeros = np.zeros((count, 2), np.float32)
    return Traits(
        lips,
        zeros,
        openings.astype(np.float32),
        zeros,
        np.zeros(count, np.int32) if source is None else source.astype(np.int32),
        np.arange(count, dtype=np.int32) if frame is None else frame.astype(np.int32),
        np.zeros(count, np.float32),
    )


def speech(count: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=count + 8)
    return np.abs(np.convolve(noise, np.ones(9) / 3, "valid")) * 0.1


def test_footage_that_fits_is_played_on() -> None:
    bank = bank_of(speech(300))
    part = slice(40, 140)
    wanted = bank_of(speech(300)[part])
    choice = select(wanted, bank)
    np.testing.assert_array_equal(choice.first, np.arange(40, 140))
    assert not choice.weight.any()


def test_a_small_gain_is_not_worth_a_jump() -> None:
    openings = np.full(60, 0.1)
    openings[1::2] += 0.001
    bank = bank_of(openings, source=np.arange(60))  # sixty clips of one frame
    choice = select(bank_of(np.tile([0.1, 0.101], 10)), bank)
    assert len(set(choice.first.tolist())) == 1


def test_closed_lips_are_taken_from_closed_lips() -> None:
    bank = bank_of(np.concatenate([np.full(30, 0.02), np.full(3, 0.0)]))
    assert set(select(bank_of(np.zeros(5)), bank).first.tolist()) <= {30, 31, 32}


def test_a_blurred_mouth_is_passed_over() -> None:
    bank = bank_of(np.full(2, 0.1), frame=np.array([0, 50]))
    bank = replace(bank, blur=np.array([2.0, 0.0], np.float32))
    assert set(select(bank_of(np.full(4, 0.1)), bank).first.tolist()) == {1}


def test_both_sides_of_a_jump_run_on_and_are_faded() -> None:
    left, right = np.linspace(0.0, 0.1, 20), np.linspace(0.3, 0.4, 20)
    bank = bank_of(np.concatenate([left, right]), frame=np.concatenate([np.arange(20), np.arange(100, 120)]))
    wanted = bank_of(np.concatenate([left[5:10], right[10:15]]))
    choice = select(wanted, bank)
    np.testing.assert_array_equal(choice.first, [5, 6, 7, 8, 9, 30, 31, 32, 33, 34])
    np.testing.assert_array_equal(choice.second, [5, 6, 7, 28, 29, 10, 11, 32, 33, 34])
    np.testing.assert_allclose(choice.weight, [0, 0, 0, 0.125, 0.375, 0.375, 0.125, 0, 0, 0])


def test_long_regions_are_chosen_in_windows_of_the_same_quality() -> None:
    bank = bank_of(speech(200))
    wanted = np.concatenate([speech(200)[:150]] * 8)
    choice = select(bank_of(wanted), bank)
    assert len(wanted) > 2 * WINDOW_FRAMES
    assert np.abs(bank.opening[choice.first] - wanted).mean() < 0.01


def test_one_mouth_serves_every_frame() -> None:
    choice = select(bank_of(speech(20)), bank_of(np.array([0.1])))
    assert not choice.first.any()
    assert not choice.weight.any()
