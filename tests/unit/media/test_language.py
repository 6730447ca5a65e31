"""Language tags become codes that containers give back."""

import pytest

from avsynth.media.language import iso_639_2, quicktime_code


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("es", "spa"),
        ("pt-BR", "por"),
        ("zh-Hant", "zho"),
        ("de_AT", "deu"),
        ("EN", "eng"),
        ("ger", "deu"),
        ("fil", "fil"),
        ("und", ""),
        ("x", ""),
        ("", ""),
    ],
)
def test_three_letters(tag, code):
    assert iso_639_2(tag) == code


@pytest.mark.parametrize("tag", ["es", "de", "fr", "zh", "hr", "sr", "cs", "sv", "nl", "pt-BR", "ja", "hi", "ar"])
def test_quicktime_codes_come_back(tag):
    assert iso_639_2(quicktime_code(tag)) == iso_639_2(tag)
