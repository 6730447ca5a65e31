"""A script's lines do not contradict each other."""

import pytest

from avsynth.core.errors import ScriptError
from avsynth.core.script import Script, Utterance
from avsynth.core.span import Span


def line(name, start, end, speaker="Ana", text="hola"):
    return Utterance(name, Span(start, end), speaker, text, "es")


def test_speakers_in_order_of_appearance():
    script = Script((line("1", 0, 1, "Eva"), line("2", 0, 2, "Ana"), line("3", 1, 2, "Eva")))
    assert script.speakers == ("Eva", "Ana")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "no lines"),
        ((line("1", 0, 1), line("1", 1, 2)), "two lines are called '1'"),
        ((line("1", 0, 2), line("2", 1, 3)), "line 2 starts at 1.0 s, before line 1 of the same speaker ends at 2.0"),
        ((line("1", 5, 6), line("2", 1, 2)), "line 2 starts at 1.0 s, before line 1"),
        ((line("1", 0, 3), line("2", 0, 3, "Eva"), line("3", 2, 4)), "line 3 starts at 2.0 s, before line 1"),
    ],
)
def test_contradictions(lines, message):
    with pytest.raises(ScriptError, match=message):
        Script(lines)


def test_lines_must_have_words_and_a_place_in_the_film():
    with pytest.raises(ScriptError, match="line 7 is empty"):
        line("7", 0, 1, text=" \n")
    with pytest.raises(ScriptError, match="starts before the film"):
        line("7", -1, 1)
