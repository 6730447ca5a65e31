"""Lines: whatever the cloner's rate, they last exactly as long as their place in the film."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.media import Waveform
from avsynth.core.script import Utterance
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech
from avsynth.models.card import find_card
from avsynth.pipeline.lines import FILM_SAMPLE_RATE, LineJob, at_film_rate
from avsynth.voice.weights import CONVERTER, PHONEMES, VOCODER, WEIGHTS


@given(st.integers(20_000, 60_000), st.sampled_from([16_000, 22_050, 24_000, 48_000]))
def test_speech_is_exact_at_the_films_rate(count: int, rate: int) -> None:
    duration = Fraction(count, FILM_SAMPLE_RATE)
    made = Waveform(np.full((1, round(duration * rate)), 0.1, np.float32), rate)
    spoken = PhonemeTimeline((PhonemeSpan("a", Span(Fraction(0), made.duration)),), made.duration)
    exact = at_film_rate(Speech(made, spoken, "es"), duration)
    assert exact.waveform.samples.shape == (1, count)
    assert exact.timeline.duration == duration
    assert exact.timeline.phonemes[0].span.end <= duration


def test_lines_are_spoken_anew_with_other_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert set(WEIGHTS["neural"]) == {PHONEMES, CONVERTER, VOCODER}
    line = Utterance("1", Span(Fraction(0), Fraction(1)), "ana", "Hola.", "es")
    job = LineJob(line, tmp_path / "ana.npz", "0" * 64, "neural", 0, tmp_path)
    keys = {job.stage().key, replace(job, cloner="neural/espeak").stage().key}
    for name in WEIGHTS["neural"]:
        other = {name: "1" * 64}
        monkeypatch.setattr(
            "avsynth.pipeline.lines.find_card",
            lambda asked, other=other: replace(find_card(asked), sha256=other.get(asked, "0" * 64)),
        )
        keys |= {job.stage().key, replace(job, cloner="neural/espeak").stage().key}
    assert len(keys) == 2 * (1 + len(WEIGHTS["neural"]))
