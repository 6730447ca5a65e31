"""A letter that a voice would spell out is refused before it is spoken."""

import pytest

from avsynth.core.errors import InputError
from avsynth.text.writing import check_writing


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("привет", "zle/ru"),
        ("¡Señor!", "roa/es"),
        ("你好", "sit/cmn"),
        ("こんにちは、ジャズ", "jpx/ja"),
        ("α, β", "gmw/en-US+f2"),
        ("iPhone", "zle/ru"),
        ("12 €", "roa/fr"),
    ],
)
def test_readable(text, voice):
    check_writing(text, voice=voice)


@pytest.mark.parametrize(
    ("text", "voice", "message"),
    [
        ("漢字", "jpx/ja", "'ja' cannot read '漢' .*kana"),
        ("hola мир", "roa/es", "'es' cannot read 'м' .Cyrillic."),
        ("你", "gmw/en-US", "Chinese characters"),
        ("שלום", "sem/ar", "Hebrew"),
    ],
)
def test_unreadable(text, voice, message):
    with pytest.raises(InputError, match=message):
        check_writing(text, voice=voice)
