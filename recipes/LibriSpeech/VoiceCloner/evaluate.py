"""Measures a cloner on people it never heard: likeness by two encoders, words, cleanness, exact length, computing time.

python recipes/LibriSpeech/VoiceCloner/evaluate.py [--cloner NAME] [--languages en,es,fr,de,it] [--adapt-seconds 5,30]

Prints a table; with --write it also goes into `results.csv` and the table of `README.md`, where it takes the place of
rows of the same cloner. Nothing else writes these.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from shlex import quote
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.consent import Consent, VerifiedConsent
from avsynth.core.errors import AvsynthError, InputError
from avsynth.core.media import Waveform
from avsynth.core.speech import Speech, VoiceProfile
from avsynth.media.read import read_audio
from avsynth.media.sound import write_audio
from avsynth.metrics.base import Recognizer
from avsynth.metrics.clicks import clicks
from avsynth.metrics.edges import EdgeLevels, edge_levels
from avsynth.metrics.mos import speech_quality
from avsynth.metrics.speaker import SpeakerSimilarity, speaker_similarity
from avsynth.metrics.timing import duration_error, timeline_error
from avsynth.metrics.words import WordErrors, recognizers, total, word_errors
from avsynth.training.results import Row, origin, read_results, table, write_results
from avsynth.voice.align import align_phonemes
from avsynth.voice.backends.adaptation import adapt
from avsynth.voice.base import ENCODERS, SpeakerEncoder
from avsynth.voice.bases import BASES, BaseVoice, choose, nearest_voice
from avsynth.voice.enroll import enroll
from avsynth.voice.say import speak

FOLDER = Path(__file__).parent
JUDGES = ("ge2e", "judge")
COLUMNS = {
    "what": "what",
    "language": "language",
    "reference": "reference, s",
    "people": "people",
    "lines": "lines",
    **{
        f"{judge}_{name}": f"{heading}, {judge}"
        for judge in JUDGES
        for name, heading in (
            ("own", "own"),
            ("low", "9 of 10 above"),
            ("others", "others"),
            ("hit", "right one nearest, %"),
            ("joined", "own, lines joined"),
        )
    },
    "mos": "DNSMOS",
    "clicks": "clicks a minute",
    "ends": "first or last phoneme fainter than the base's, dB",
    "after": "after the last, dB",
    "wrong_words": "wrong words, %",
    "recognizer": "heard by",
    "duration_error": "duration error, samples",
    "timeline_error": "phonemes off their times, ms",
    "speed": "s of computing a s",
    "cpu": "of one core",
}
PACES = (Fraction(9, 10), Fraction(6, 5))  # of the natural length, in turn, are asked for
_COMMON_RATE = 16_000  # samples a second: what is above half of it is not compared
_GAP_SECONDS = 0.2  # between joined lines
# Written for this measurement; no numerals, no names, and no sentence of a corpus.
SENTENCES = {
    "en": (
        "Before the winter came, they carried the old piano down to the river house.",
        "Why would anybody leave such a bright lamp burning in an empty kitchen?",
        "The young doctor thanked us warmly and closed the heavy door behind her.",
        "Fresh bread, cold water and a little patience were all that we needed.",
        "I never thought the journey through those mountains would take so long.",
        "The neighbor upstairs waters all of her plants every evening after dinner.",
        "We have to mend the roof before the heavy rain comes back again.",
        "How long does it take a good swimmer to cross this wide river?",
        "The children played in the yard while the dog slept in the sun.",
        "The baker closes his shop early and goes fishing with his friends.",
    ),
    "es": (
        "Antes del invierno llevaron el viejo piano a la casa junto al río.",
        "¿Quién dejaría una lámpara tan brillante en una cocina vacía?",
        "La joven médica nos dio las gracias y cerró la pesada puerta.",
        "Pan fresco, agua fría y un poco de paciencia era todo lo necesario.",
        "Nunca pensé que el viaje por aquellas montañas sería tan largo.",
        "La vecina del tercer piso riega sus plantas todas las noches después de cenar.",
        "Habrá que arreglar bien la puerta antes de que vuelva la lluvia.",
        "¿Cuánto tiempo hace falta para cruzar este río tan ancho a nado?",
        "Los niños jugaban en el patio mientras el perro dormía al sol.",
        "El panadero cierra temprano su tienda y se va a pescar con sus amigos.",
    ),
    "fr": (
        "Avant la venue du froid, ils ont porté le vieux piano dans la maison près du lac.",
        "Pourquoi laisser une lampe si forte dans une cuisine vide ?",
        "La jeune femme nous a remerciés avant de fermer la lourde porte.",
        "Du pain frais, de la soupe chaude et un peu de patience, voilà tout.",
        "Je ne pensais jamais que le voyage par la montagne serait si long.",
        "La voisine du troisième étage arrose ses plantes tous les soirs après le dîner.",
        "Il faudra bien réparer la porte avant que la pluie ne revienne.",
        "Combien de temps faut-il pour traverser la rivière à la nage ?",
        "Les enfants jouaient dans la cour pendant que le chien dormait au soleil.",
        "Le boulanger ferme tôt sa boutique et part pêcher avec ses amis.",
    ),
    "de": (
        "Vor dem Winter trugen sie das alte Klavier hinunter in das Haus am Fluss.",
        "Warum lässt jemand in einer leeren Küche eine so helle Lampe brennen?",
        "Die junge Ärztin dankte uns herzlich und schloss die schwere Tür.",
        "Frisches Brot, kaltes Wasser und ein wenig Geduld waren alles.",
        "Ich dachte nie, dass die Reise durch diese Berge so lange dauern würde.",
        "Die Nachbarin gießt an jedem Abend nach dem Essen ihre vielen Blumen.",
        "Wir müssen das alte Dach reparieren, bevor der starke Regen wiederkommt.",
        "Wie lange braucht ein guter Schwimmer, um diesen breiten Fluss zu durchqueren?",
        "Die Kinder spielten im Hof, während der Hund in der Sonne schlief.",
        "Der Bäcker schließt früh seinen Laden und geht mit Freunden an den See.",
    ),
    "it": (
        "Prima dell'inverno portarono il vecchio pianoforte nella casa vicino al fiume.",
        "Perché qualcuno lascia una lampada così forte in una cucina vuota?",
        "La giovane dottoressa ci ha ringraziato e ha chiuso la porta pesante.",
        "Pane fresco, acqua fredda e un poco di pazienza erano tutto.",
        "Non pensavo che il viaggio tra quelle montagne fosse così lungo.",
        "La vicina del terzo piano bagna tutte le sue piante ogni sera dopo cena.",
        "Bisogna riparare bene la vecchia porta prima che torni la pioggia.",
        "Quanto tempo ci vuole per attraversare a nuoto questo fiume così largo?",
        "I bambini giocavano nel cortile mentre il cane dormiva al sole.",
        "Il panettiere chiude presto il negozio e va a pescare con gli amici.",
    ),
    "pt": (
        "Antes do inverno levaram o velho piano para a casa junto ao rio.",
        "Por que alguém deixaria uma lâmpada tão clara numa cozinha vazia?",
        "A jovem médica agradeceu com um sorriso e fechou a porta pesada.",
        "Pão fresco, água fria e um pouco de paciência era tudo o que faltava.",
        "Nunca pensei que a viagem por aquelas montanhas fosse tão longa.",
        "A vizinha do terceiro andar rega todas as plantas depois do jantar.",
        "Vai ser preciso arranjar bem a porta antes que a chuva volte.",
        "Quanto tempo leva um bom nadador para atravessar este rio tão largo?",
        "As crianças brincavam no pátio enquanto o cachorro dormia ao sol.",
        "O padeiro fecha cedo a sua loja e vai pescar com os amigos.",
    ),
    "nl": (
        "Voor de winter droegen ze de oude piano naar het huis aan de rivier.",
        "Waarom laat iemand zo'n felle lamp branden in een lege keuken?",
        "De jonge dokter bedankte ons hartelijk en sloot de zware deur.",
        "Vers brood, koud water en een beetje geduld, meer was er niet nodig.",
        "Ik had nooit gedacht dat de reis door die bergen zo lang zou duren.",
        "De buurvrouw geeft elke avond na het eten al haar planten water.",
        "We moeten het oude dak maken voordat de zware regen terugkomt.",
        "Hoe lang doet een goede zwemmer erover om deze brede rivier over te steken?",
        "De kinderen speelden op het plein terwijl de hond in de zon sliep.",
        "De bakker sluit vroeg zijn winkel en gaat met zijn vrienden vissen.",
    ),
    "pl": (
        "Jeszcze przed zimą zanieśli to stare pianino do domu nad rzeką.",
        "Kto zostawia na całą noc tak jasną lampę w pustej kuchni?",
        "Młoda lekarka podziękowała nam serdecznie i zamknęła za sobą ciężkie drzwi.",
        "Świeży chleb, zimna woda i trochę cierpliwości to było już wszystko.",
        "Nigdy nie sądziłem, że droga przez te góry będzie taka długa.",
        "Sąsiadka z góry co wieczór po kolacji podlewa wszystkie swoje kwiaty.",
        "Musimy dobrze naprawić ten stary dach, zanim znowu zacznie padać deszcz.",
        "Ile czasu potrzebuje dobry pływak na to, żeby przepłynąć tę rzekę?",
        "Dzieci bawiły się na podwórku, a mały pies spał na słońcu.",
        "Nasz piekarz wcześnie zamyka sklep i idzie z kolegami na ryby.",
    ),
}


@dataclass(frozen=True)
class Person:
    """One person of the measurement.

    Attributes:
        name: Theirs.
        reference: What is enrolled.
        real: Other utterances, to judge by.
    """

    name: str
    reference: tuple[Path, ...]
    real: tuple[Path, ...]


@dataclass
class Measured:
    """What was made, by person, until it becomes a row.

    Attributes:
        sounds: Made lines.
        words: Errors of a recognizer, line by line.
        late: Samples by which lines of a wished length missed it.
        off: Seconds between where a timeline has phonemes and where the aligner finds them, the median of each line.
        ends: Of each line, by how many dB its first or last phoneme is fainter than the base's.
        after: Of each line, how loud what sounds after its last phoneme is, in dB against the line.
        spent: Seconds of computing, by the clock.
        cpu: The same, of all cores together.
        spoken: Seconds of speech that were made in them.
    """

    sounds: dict[str, list[Waveform]] = field(default_factory=dict)
    words: list[WordErrors] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    off: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    spent: float = 0.0
    cpu: float = 0.0
    spoken: float = 0.0


class Bench:
    """The judges, and the real voices they judge by."""

    def __init__(self, people: Sequence[Person], *, recognizer: Recognizer | None) -> None:
        self.people, self.recognizer = people, recognizer
        self.encoders: dict[str, SpeakerEncoder] = {name: ENCODERS.get(name)() for name in JUDGES}
        self.sounds = {person.name: [read_audio(path) for path in person.real] for person in people}
        self.real = {
            judge: {name: [encoder.embed(sound) for sound in sounds] for name, sounds in self.sounds.items()}
            for judge, encoder in self.encoders.items()
        }

    def row(self, what: str, made: Measured, *, language: str = "", reference: str = "") -> Row:
        """What all judges say of what was made."""
        row = {"what": what, "language": language, "reference": reference}
        row |= {"people": str(len(made.sounds)), "lines": str(sum(map(len, made.sounds.values())))}
        joined = {name: join(sounds) for name, sounds in made.sounds.items()}
        for judge, encoder in self.encoders.items():
            each = {name: [encoder.embed(sound) for sound in sounds] for name, sounds in made.sounds.items()}
            row |= likeness(judge, speaker_similarity(each, real=self.real[judge]))
            whole = {name: [encoder.embed(sound)] for name, sound in joined.items()}
            row[f"{judge}_joined"] = f"{speaker_similarity(whole, real=self.real[judge]).own:.3f}"
        row["mos"] = f"{np.mean([speech_quality(sound).overall for sound in joined.values()]):.2f}"
        every = [sound for sounds in made.sounds.values() for sound in sounds]
        minutes = sum(float(sound.duration) for sound in every) / 60
        row["clicks"] = f"{sum(len(clicks(sound)) for sound in every) / minutes:.1f}"
        if made.words:
            row["wrong_words"] = f"{100 * total(made.words).rate:.1f}"
            row["recognizer"] = self.recognizer.name if self.recognizer else ""
        if made.late:
            row["duration_error"] = str(max(made.late, key=abs))
        if made.off:
            row["timeline_error"] = f"{1000 * np.median(made.off):.0f}"
        if made.ends:
            row["ends"], row["after"] = f"{max(made.ends):.1f}", f"{max(made.after):.0f}"
        if made.spoken:
            row["speed"] = f"{made.spent / made.spoken:.2f}"
            row["cpu"] = f"{made.cpu / made.spoken:.2f}"
        return row

    def understand(self, text: str, sound: Waveform, *, language: str) -> list[WordErrors]:
        """Errors of the recognizer, where there is one for the language."""
        if self.recognizer is None or not self.recognizer.understands(language):
            return []
        return [word_errors(text, heard=self.recognizer.transcribe(sound, language=language), language=language)]


def likeness(judge: str, found: SpeakerSimilarity) -> Row:
    """The cells of one judge."""
    cells = {"own": f"{found.own:.3f}", "low": f"{found.low:.3f}", "hit": f"{100 * found.hit:.0f}"}
    cells["others"] = f"{found.others:.3f}" if found.voices > 1 else ""
    return {f"{judge}_{name}": value for name, value in cells.items()}


def join(sounds: Sequence[Waveform]) -> Waveform:
    """One after the other in one channel, with short pauses."""
    gap = np.zeros(round(_GAP_SECONDS * sounds[0].sample_rate), np.float32)
    parts = [part for sound in sounds for part in (sound.mono(), gap)][:-1]
    return Waveform(np.concatenate(parts)[None], sounds[0].sample_rate)


def ceiling(bench: Bench) -> Row:
    """What real speech of the same people scores: the recordings that are enrolled, against the others."""
    made = Measured({person.name: [read_audio(path) for path in person.reference] for person in bench.people})
    return bench.row(CEILING, made, reference=seconds_of(made.sounds.values()))


def floor(bench: Bench, profiles: Mapping[str, VoiceProfile], *, language: str, sentences: Sequence[str]) -> Row:
    """What the unconverted base scores: its voice of the nearest pitch."""
    made = Measured()
    for name, profile in profiles.items():
        for text in sentences:
            sound = spoken(text, profile=profile, language=language).waveform
            made.sounds.setdefault(name, []).append(sound)
            made.words += bench.understand(text, sound, language=language)
    return bench.row(f"base {choose(language)}, not converted", made, language=language)


def spoken(text: str, *, profile: VoiceProfile, language: str) -> Speech:
    """What the best base for a language says, in its voice of the nearest pitch."""
    base: BaseVoice = BASES.get(choose(language))()
    voice = nearest_voice(base.voices(language), f0_hz=profile.statistics.f0_median_hz).name
    return base.speak(text, language=language, voice=voice)


def clone(
    bench: Bench, profiles: Mapping[str, VoiceProfile], *, cloner: str, language: str, sentences: Sequence[str]
) -> Measured:
    """Let a cloner say every sentence in every voice; the first one of each person also in a wished length."""
    made = Measured()
    say = partial(speak, language=language, cloner=cloner)
    say(sentences[0], profile=next(iter(profiles.values())))  # loading is not computing
    for index, (name, profile) in enumerate(profiles.items()):
        for text in sentences:
            start, busy = perf_counter(), process_time()
            speech = say(text, profile=profile)
            sound = speech.waveform
            made.spent += perf_counter() - start
            made.cpu += process_time() - busy
            made.spoken += float(sound.duration)
            made.sounds.setdefault(name, []).append(sound)
            made.words += bench.understand(text, sound, language=language)
            found = align_phonemes(sound, symbols=[phoneme.symbol for phoneme in speech.timeline])
            made.off.append(timeline_error(found, truth=speech.timeline).median_seconds)
            base = spoken(text, profile=profile, language=language)
            ends, spoken_ends = map(ends_of, (speech, base))
            made.ends.append(ends.fainter_than(spoken_ends))
            made.after.append(ends.after_db)
        wanted = made.sounds[name][0].duration * PACES[index % len(PACES)]
        made.late.append(duration_error(say(sentences[0], profile=profile, duration=wanted).waveform, wanted=wanted))
        sys.stderr.write(f"{cloner}, {language}: {index + 1}/{len(profiles)} people\n")
    return made


def ends_of(speech: Speech) -> EdgeLevels:
    """How loud the ends of a line are in the band that all cloners and bases have: some have half an "s" above it."""
    return edge_levels(resample(speech.waveform, _COMMON_RATE), timeline=speech.timeline)


def consent_of(speaker: str) -> VerifiedConsent:
    """For this measurement, by the license of the corpora."""
    today = date.today()
    return VerifiedConsent(
        Consent(
            id="measurement",
            speaker=speaker,
            kinds=("voice",),
            languages=("any",),
            project="measurement",
            granted_by="license of the corpus",
            basis="CC BY 4.0 or public domain",
            issued=today - timedelta(days=1),
            expires=today + timedelta(days=1),
        )
    )


def enrolled(person: Person) -> VoiceProfile:
    """A person's voice, from their reference alone."""
    return enroll(person.reference, speaker=person.name, consent=consent_of(person.name))


def is_fitted(given: argparse.Namespace) -> bool:
    """Whether the cloner is fitted to every voice, as it is where somebody enrolls one."""
    return given.cloner.partition("/")[0] == FITTED and not given.no_fit


def as_spoken(profiles: Mapping[str, VoiceProfile], *, given: argparse.Namespace) -> dict[str, VoiceProfile]:
    """The profiles that the cloner speaks with."""
    if not is_fitted(given):
        return dict(profiles)
    if given.jobs == 1:
        return {name: adapt(profile) for name, profile in profiles.items()}
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        return dict(zip(profiles, pool.map(adapt, profiles.values()), strict=True))


def named(given: argparse.Namespace) -> str:
    """The cloner, and whether it was not fitted though it can be."""
    return f"{given.cloner}{NOT_FITTED if given.no_fit else ''}"


def unseen(media: Path, *, count: int = 0) -> list[Person]:
    """The people of `yourtts_*`: their prompt, and their other utterances; ``count`` of them, evenly, or all (0).

    Raises:
        InputError: There are none.
    """
    root = media / "speech" if (media / "speech").is_dir() else media
    prompts = sorted((root / "yourtts_ref").glob("*.flac"))
    people = []
    for folder in sorted(path for path in (root / "yourtts_gt").glob("*/*") if path.is_dir()):
        name = folder.name.partition("_")[0]
        own = tuple(path for path in prompts if path.name.startswith(f"{name}_"))
        real = tuple(p for p in sorted(folder.glob("*.flac")) if p.name not in {path.name for path in own})
        if own and real:
            people.append(Person(name, own, real))
    if not people:
        raise InputError(
            f"{media} holds no people in speech/yourtts_ref and speech/yourtts_gt; name the media's folder"
        )
    return people[:: max(1, len(people) // count)][:count] if count else people


CEILING = "the people themselves"
FITTED, NOT_FITTED = "neural", " not fitted"  # the cloner that can be fitted to a voice
HELD_OUT = 5  # recordings at the end of each list, never enrolled


def talkative(media: Path) -> Iterator[tuple[str, list[Path], tuple[Path, ...]]]:
    """People with minutes of speech: name, recordings to enroll from, and others to judge by."""
    folders = {"ljspeech": ("speech/ljspeech/wavs", "*.flac"), "grid_s1": ("talking/grid_s1/video", "*.mpg")}
    for name, (folder, pattern) in folders.items():
        files = sorted((media / folder).glob(pattern))
        if len(files) > HELD_OUT:
            yield name, files[:-HELD_OUT], tuple(files[-HELD_OUT:])


def first_seconds(files: Iterable[Path], *, seconds: int, target: Path) -> float:
    """Write the first seconds of recordings as one file; gives how many there were."""
    parts: list[NDArray[np.float32]] = []
    wanted, rate = 0, 0
    for path in files:
        sound = read_audio(path)
        rate = rate or sound.sample_rate
        wanted = seconds * rate
        if sum(map(len, parts)) >= wanted:
            break
        parts.append(sound.mono())
    samples = np.concatenate(parts)[:wanted]
    write_audio(target, Waveform(samples[None], rate))
    return len(samples) / rate


def adaptation(media: Path, bench: Bench, *, given: argparse.Namespace) -> Iterator[Row]:
    """How much nearer more speech of a person brings the cloner, in English; the last recordings are never enrolled."""
    sentences = SENTENCES["en"][: given.sentences]
    for name, files, real in talkative(media):
        held = Bench([*bench.people, Person(name, (), real)], recognizer=bench.recognizer)
        own = Measured({name: [read_audio(path) for path in files[:HELD_OUT]]})
        yield held.row(f"{CEILING}, {name}", own, reference=seconds_of(own.sounds.values()))
        for seconds in given.adapt_seconds:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "reference.wav"
                there = first_seconds(files, seconds=seconds, target=path)
                try:
                    profile = enrolled(Person(name, (path,), real))
                except InputError as error:
                    sys.stderr.write(f"{name}, {seconds} s: not measured: {error}\n")
                    continue
            profiles = as_spoken({f"{named(given)}, {name}": profile}, given=given)
            if is_fitted(given):
                profiles[f"{given.cloner}{NOT_FITTED}, {name}"] = profile
            for what, one in profiles.items():
                made = clone(held, {name: one}, cloner=given.cloner, language="en", sentences=sentences)
                yield held.row(what, made, language="en", reference=f"{there:.0f}")
            if there < seconds:
                sys.stderr.write(f"{name} has {there:.0f} s to enroll; longer references are not measured\n")
                break


def seconds_of(sounds: Iterable[Sequence[Waveform]]) -> str:
    """The mean length of what people are known by."""
    return f"{np.mean([float(sum(sound.duration for sound in theirs)) for theirs in sounds]):.0f}"


def choose_recognizer(name: str) -> Recognizer | None:
    """The recognizer that is asked for, or the best one here; none is told, and leaves its cells empty."""
    ready, absent = recognizers()
    if name and name not in ready:
        raise InputError(absent.get(name, f"no recognizer named {name!r}; there are: {', '.join([*ready, *absent])}"))
    if not ready:
        told = "; ".join(f"{engine}: {why}" for engine, why in absent.items())
        sys.stderr.write(f"word errors are not measured, as no recognizer is here ({told})\n")
    return ready[name] if name else ready.get("faster-whisper", next(iter(ready.values()), None))


def measure(given: argparse.Namespace) -> Iterator[Row]:
    """All rows that are asked for."""
    bench = Bench(unseen(given.media, count=given.speakers), recognizer=choose_recognizer(given.recognizer))
    if given.languages:
        yield from languages(bench, given=given)
    if given.adapt_seconds:
        yield from adaptation(given.media, bench, given=given)


def languages(bench: Bench, *, given: argparse.Namespace) -> Iterator[Row]:
    """How near the cloner comes to everybody from their reference alone, and what the base scores, in each language."""
    yield ceiling(bench)
    profiles = as_spoken({person.name: enrolled(person) for person in bench.people}, given=given)
    seconds = f"{np.mean([profile.speech_seconds for profile in profiles.values()]):.0f}"
    for language in given.languages:
        sentences = SENTENCES[language][: given.sentences]
        yield floor(bench, profiles, language=language, sentences=sentences)
        made = clone(bench, profiles, cloner=given.cloner, language=language, sentences=sentences)
        yield bench.row(named(given), made, language=language, reference=seconds)


def named_ones(text: str) -> list[str]:
    """``"en,fr"`` as names; of nothing none."""
    return [part for part in text.split(",") if part]


def numbers(text: str) -> list[int]:
    """``"5,10"`` as numbers."""
    return [int(part) for part in text.split(",") if part]


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, default=Path(os.environ.get("AVSYNTH_TEST_MEDIA", "../shared/media")))
    parser.add_argument("--cloner", default="neural")
    parser.add_argument("--speakers", type=int, default=0, help="how many people, evenly; 0 all")
    parser.add_argument("--sentences", type=int, default=3, help=f"of each person, at most {len(SENTENCES['en'])}")
    parser.add_argument("--languages", type=named_ones, default=["en"], help="none: ''")
    parser.add_argument("--adapt-seconds", type=numbers, default=[], help="also from so much speech of two people")
    parser.add_argument("--no-fit", action="store_true", help="do not fit the cloner to the voices")
    parser.add_argument("--jobs", type=int, default=1, help="voices that are fitted at a time; results do not differ")
    parser.add_argument("--recognizer", default="", help="else faster-whisper, else pocketsphinx, where they are")
    parser.add_argument("--write", action="store_true", help="into results.csv and README.md")
    given = parser.parse_args(arguments)
    for language in given.languages:
        if language not in SENTENCES:
            parser.error(f"there are no sentences in {language!r}, only in {', '.join(SENTENCES)}")
    return given


def command_of(given: argparse.Namespace) -> str:
    """What is to be typed for these rows, without where the media lie."""
    words = [
        f"--cloner {given.cloner}",
        f"--sentences {given.sentences}",
        f"--languages {quote(','.join(given.languages))}",
    ]
    words += [f"--speakers {given.speakers}"] if given.speakers else []
    words += [f"--adapt-seconds {','.join(map(str, given.adapt_seconds))}"] if given.adapt_seconds else []
    words += ["--no-fit"] if given.no_fit else []
    return " ".join(["python recipes/LibriSpeech/VoiceCloner/evaluate.py", *words, "--write"])


def merged(old: Iterable[Row], new: Sequence[Row]) -> list[Row]:
    """Rows of earlier runs, but not of what was measured again."""
    key: Callable[[Row], tuple[str, ...]] = lambda row: (row["what"], row["language"], row["reference"])  # noqa: E731
    again = {key(row) for row in new}
    return [row for row in old if key(row) not in again] + list(new)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write where told to."""
    given = read_arguments(arguments)
    try:
        rows = [row | origin(command_of(given)) for row in measure(given)]
        if given.write:
            write_results(merged(read_results(FOLDER), rows), columns=COLUMNS, folder=FOLDER)
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{table(rows, columns=COLUMNS)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
