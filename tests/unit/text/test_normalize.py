"""Text is cleaned without changing what is said."""

from hypothesis import given
from hypothesis import strategies as st

from avsynth.text.normalize import normalize, without_directions


def test_spaces_marks_and_letters():
    assert normalize(" ♪ La\u00a0la\r\n\tla ♫ ", language="es") == "La la la"
    assert normalize("cafe\u0301", language="fr") == "caf\u00e9"
    assert normalize("im\u00adpossible\u0000", language="en") == "impossible"
    assert normalize("25 % de 1.000 €", language="es") == "25 % de 1.000 €"


def test_joiners_that_change_the_reading_stay():
    assert normalize("می\u200cخواهم", language="fa") == "می\u200cخواهم"


def test_wide_letters_become_ordinary_only_in_east_asia():
    assert normalize("ＡＢ１２", language="ja") == "AB12"
    assert normalize("ﾆﾎﾝ", language="ja-JP") == "ニホン"
    assert normalize("x²", language="en") == "x²"


@given(st.text(), st.sampled_from(["en", "ja", "ar"]))
def test_normalizing_twice_changes_nothing(text, language):
    once = normalize(text, language=language)
    assert normalize(once, language=language) == once
    assert once == once.strip()


def test_directions():
    assert without_directions("(laughs) Oh, (he (really) coughs) you! [door]") == "Oh, you!"
    assert without_directions("（笑）こんにちは") == "こんにちは"
    assert without_directions("a ) b ( c") == "a ) b ( c"
