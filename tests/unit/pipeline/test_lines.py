"""Lines: whatever the cloner's rate, they last exactly as long as their place in the film."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech
from avsynth.pipeline.lines import FILM_SAMPLE_RATE, at_film_rate


@given(st.integers(20_000, 60_000), st.sampled_from([16_000, 22_050, 24_000, 48_000]))
def test_speech_is_exact_at_the_films_rate(count: int, rate: int) -> None:
    duration = Fraction(count, FILM_SAMPLE_RATE)
    made = Waveform(np.full((1, round(duration * rate)), 0.1, np.float32), rate)
    spoken = PhonemeTimeline((PhonemeSpan("a", Span(Fraction(0), made.duration)),), made.duration)
    exact = at_film_rate(Speech(made, spoken, "es"), duration)
    assert exact.waveform.samples.shape == (1, count)
    assert exact.timeline.duration == duration
    assert exact.timeline.phonemes[0].span.end <= duration
