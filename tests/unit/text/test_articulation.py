"""Every phoneme that espeak-ng speaks in fourteen languages is known, and stands as the IPA chart says."""

import pytest

from avsynth.text.articulation import features
from avsynth.text.espeak import phonemize

SENTENCES = {  # between them, nearly every phoneme of each language
    "en": [
        "The quick brown fox jumps over the lazy dog.",
        "She measured the azure vision with pleasure, thinking of the judge's little church.",
        "My father bought a nice boy's coat near their poor house; a bottle of water, sir?",
        "Young singers hear the bird's worth on the button.",
    ],
    "es": [
        "El veloz murciélago hindú comía feliz cardillo y kiwi.",
        "La cigüeña tocaba el saxofón detrás del palenque de paja.",
        "El niño llovió chorros, y el perro ha dado un abrazo a la ciudad.",
        "Hoy hay aire, causa, deuda, ley y muy buen agua.",
    ],
    "fr": [
        "Portez ce vieux whisky au juge blond qui fume.",
        "Un bon vin blanc, une brune et un agneau pâle.",
        "Il faut que je sois heureuse lundi; le feu, la peur, la feuille, huit nuits, la montagne.",
        "Dès Noël, où un zéphyr haï me vêt de glaçons würmiens.",
    ],
    "de": [
        "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
        "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg.",
        "Die Pferde ziehen deutsche Bücher, ach, durch schöne Häuser; Garage, Dschungel.",
        "Ich möchte im Jahr zehn kleine Kinder hören und Öl kaufen.",
    ],
    "it": [
        "Quel vituperabile xenofobo zelante assaggia il whisky ed esclama: alleluja!",
        "Gli gnomi e la pizza, lo zaino, la sciarpa, cielo e giorno, uova e più.",
        "Perché la città è bella? Ho mangiato i cannelloni.",
    ],
    "pt": [
        "Um pequeno jabuti xereta viu dez cegonhas felizes.",
        "À noite, vovô Kowalsky vê o ímã cair no pé do pinguim queixoso.",
        "Minha mãe põe o pão; muito bem, coração, filho, caro carro, tia, dia.",
        "Os homens vivem em Lisboa, não há irmãs.",
    ],
    "nl": [
        "Pa's wijze lynx bezag vroom het fikse aquaduct.",
        "De leeuw huilt in het huis; geen goede schuur, nieuwe muur, vijf uien, koud vuur.",
        "Ik zou graag een garage en een jongen zien, ja, mooi.",
    ],
    "pl": [
        "Pójdźże, kiń tę chmurność w głąb flaszy.",
        "Mężny bądź, chroń pułk twój i sześć flag.",
        "Zażółć gęślą jaźń; dzień, ciało, siedem, żaba, szczęście, wąż, dżem.",
    ],
    "ru": [
        "Съешь же ещё этих мягких французских булок, да выпей чаю.",
        "Широкая электрификация южных губерний даст мощный толчок подъёму сельского хозяйства.",
        "Люди, вьюга, дядя, тётя, пять, мяч, жёлтый, щука, это цирк.",
    ],
    "hi": [
        "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश करने वाले विष्णुवतार भगवान श्रीराम।",
        "मैं ठीक हूँ, घर में झरना, छोटा बच्चा, ढोल, थाली, फल, भाई, पढ़ना, खुश, ग़म, ज़रा।",
        "और वह औरत अच्छी है।",
    ],
    "zh": [
        "你好世界,今天天气很好。",
        "我们去学校吃饭,老师说中文很容易。",
        "日本人喝茶,四个孩子玩水,女儿绿色,风光穷困,走路去月亮。",
    ],
    "ja": [
        "いろはにほへと ちりぬるを わかよたれそ つねならむ。",
        "きょうは とても いい てんき ですね、がっこうへ いきましょう。",
        "ジャズ、ファン、ヴァイオリン、びょういん、りゅう、ぎゃく、しんぶん。",
    ],
    "ar": [
        "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر.",
        "السلام عليكم، كيف حالك؟ ضابط، صديق، طفل، ظل، غريب، خبز، قلب، جميل، شمس.",
        "ذهب الولد إلى البيت.",
    ],
    "tr": [
        "Pijamalı hasta yağız şoföre çabucak güvendi.",
        "Fahiş bluz güvencesi yıldız köprü; dağ, öğretmen, ışık, jale, gözlük, çünkü.",
        "Ağaç ve kuş kâğıt üstünde.",
    ],
}


@pytest.mark.parametrize("language", SENTENCES)
def test_every_phoneme_is_known(language):
    symbols = {symbol for text in SENTENCES[language] for symbol in phonemize(text, language=language)}
    assert len(symbols) >= 18  # Mandarin's and Japanese's inventories are small; the sentences cover theirs
    assert [symbol for symbol in sorted(symbols) if not features(symbol).known] == []


@pytest.mark.parametrize(
    ("symbol", "place", "manner", "voiced"),
    [
        ("p", "bilabial", "plosive", False),
        ("b", "bilabial", "plosive", True),
        ("m", "bilabial", "nasal", True),
        ("f", "labiodental", "fricative", False),
        ("ʋ", "labiodental", "approximant", True),
        ("θ", "dental", "fricative", False),
        ("t̪", "dental", "plosive", False),
        ("n", "alveolar", "nasal", True),
        ("ɾ", "alveolar", "tap", True),
        ("ʃ", "postalveolar", "fricative", False),
        ("ʈʰ", "retroflex", "plosive", False),
        ("ɲ", "palatal", "nasal", True),
        ("g", "velar", "plosive", True),
        ("ʁ", "uvular", "fricative", True),
        ("ħ", "pharyngeal", "fricative", False),
        ("ʔ", "glottal", "plosive", False),
        ("w", "labial-velar", "approximant", True),
        ("t͡ʃ", "postalveolar", "affricate", False),
        ("dʒ", "postalveolar", "affricate", True),
        ("ts", "alveolar", "affricate", False),
        ("ts.h", "retroflex", "affricate", False),
        ("n̥", "alveolar", "nasal", False),
        ("s̬", "alveolar", "fricative", True),
        ("θ̼", "dental", "fricative", False),
        ("n̼", "bilabial", "nasal", True),
    ],
)
def test_consonants(symbol, place, manner, voiced):
    sound = features(symbol)
    assert (sound.kind, sound.place, sound.manner, sound.voiced) == ("consonant", place, manner, voiced)
    assert sound.parts == ()


def test_vowel_chart():
    def at(symbol):
        sound = features(symbol)
        assert sound.kind == "vowel"
        return sound.height, sound.backness, sound.rounded

    assert at("i") == (1, 0, 0)
    assert at("u") == (1, 1, 1)
    assert at("y") == (1, 0, 1)
    assert at("ɯ") == (1, 1, 0)
    assert at("ɑ") == (0, 1, 0)
    assert at("ə") == (0.5, 0.5, 0)
    heights = [features(vowel).height for vowel in "ieɛa"]
    assert heights == sorted(heights, reverse=True)


def test_diacritics_move_the_mouth():
    assert features("uː").length == 2
    assert features("ă").length == 0.5
    assert features("ã").nasalized
    assert not features("a").nasalized
    assert features("kʷ").rounded == 1
    assert features("k").rounded == 0
    assert (features("tʲ").height, features("tʲ").backness) == (1, 0)
    assert features("dˤ").backness == 1
    assert features("e̞").height < features("e").height < features("e̝").height
    assert features("ü").backness == 0.75
    assert features("ˈoː").symbol == "oː"


def test_diphthongs_and_compounds_pass_through_their_parts():
    assert [part.symbol for part in features("aɪ").parts] == ["a", "ɪ"]
    assert [part.symbol for part in features("ɐ̃ʊ").parts] == ["ɐ̃", "ʊ"]
    assert features("ɐ̃ʊ").parts[0].nasalized
    assert [part.symbol for part in features("əl").parts] == ["ə", "l"]
    assert [part.kind for part in features("ju").sequence] == ["consonant", "vowel"]
    assert [part.place for part in features("pf").parts] == ["bilabial", "labiodental"]  # the lips close first
    assert features("a").sequence == (features("a"),)


def test_silence_and_unknown_symbols():
    assert features("").kind == features("sil").kind == features("|").kind == "silence"
    strange = features("%")
    assert not strange.known
    assert (strange.height, strange.backness, strange.rounded) == (0.5, 0.5, 0)
    assert features("a").known
