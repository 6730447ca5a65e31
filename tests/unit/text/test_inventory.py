"""Espeak-ng's own spellings become the IPA's."""

import pytest

from avsynth.text.inventory import canonical


@pytest.mark.parametrize(
    ("written", "ipa"),
    [
        ("ˈaʊ", "aʊ"),
        ("ˌoʊ", "oʊ"),
        ("g", "\u0261"),
        ("s.", "ʂ"),
        ("ts.h", "ʈʂʰ"),
        ("th", "tʰ"),
        ("r.", "ɽ"),
        ("i.", "ɨ"),
        ("i2", "i"),
        ("o-", "ɤ"),
        ("ss", "sː"),
        ("t͡s", "ts"),
        ("ʧ", "tʃ"),
        ("a:", "aː"),
        ("ʲ", "j"),
        ("ç", "ç"),
        ("onɡ", "ʊŋ"),
        ("ˈ", ""),
    ],
)
def test_canonical(written, ipa):
    assert canonical(written) == ipa
    assert canonical(ipa) == ipa


def test_composed_and_decomposed_letters_are_one_symbol():
    assert canonical("\u00e3") == canonical("a\u0303")
    assert canonical("\u00e7") == canonical("c\u0327") == "\u00e7"
