"""The cloner: a base speaks the line, networks of ours say it again in the enrolled voice."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import Speech, VoiceProfile
from avsynth.models.hub import find_card, load_into
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.voice_articulation import articulated
from avsynth.models.voice_cepstra import cepstra_of
from avsynth.models.voice_converter import Reference, VoiceConverter, content_of, louder, loudness_of
from avsynth.models.voice_mel import FRAME_RATE, HOP, RATE, log_mel
from avsynth.voice import bases
from avsynth.voice.bases import AUTO, BASES, BaseVoice, choose, match_language, nearest_voice
from avsynth.voice.content import Hearing, at_level
from avsynth.voice.delivery import Delivery, emphasis_at, with_pauses
from avsynth.voice.melody import Melody
from avsynth.voice.rhythm import FASTEST, Piece, Place, cut_into_pieces, edges_in_samples
from avsynth.voice.weights import CONVERTER, VOCODER

DELIVERED_RATE = 48_000
_LEAD, _TAIL = Fraction(1, 50), Fraction(1, 20)  # seconds kept before the first phoneme and after the last
_WIDEST, _NARROWEST = 1.6, 0.7  # how far the base's melody is widened or flattened to the person's
_CARRIED = 0.6  # share of the original's emphasis that is laid over the base's own
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 600.0
LONGEST_REFERENCE = 3000  # frames looked up: half a minute
_AROUND = 32  # frames before and after a line that the networks hear of the base's, and whose sound is cut off

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Caution:
    """How carefully a base's speech is said in another voice: too little loses words, too much likeness.

    Attributes:
        kept: How much of its movement of the spectrum is kept, 0 to 1 (``articulated``).
        followed: How far weights that were fitted to a person are followed, 0 to 1.
    """

    kept: float = 0.0
    followed: float = 1.0


# Whose phonemes are known is understood without any. Where they are guessed, what the converter hears is less sure, and
# least sure in French.
_GUESSED, _GUESSED_OF = Caution(kept=0.3, followed=0.7), {"fr": Caution(kept=0.5, followed=0.5)}


@dataclass(frozen=True)
class Networks:
    """What listens, converts and speaks."""

    hearing: Hearing
    converter: VoiceConverter
    vocoder: NeuralVocoder

    @classmethod
    def load(cls) -> Networks:
        """With the weights of ``pretrained``.

        Raises:
            ModelError: They are absent or wrong.
        """
        return _networks()


@lru_cache(maxsize=1)
def _networks() -> Networks:
    converter, vocoder = VoiceConverter(), NeuralVocoder()
    load_into(converter, card=CONVERTER)
    load_into(vocoder, card=VOCODER)
    return Networks(Hearing.load(), converter.eval(), vocoder.eval())


class NeuralCloner:
    """Says lines in an enrolled voice, in every language that a base speaks, exactly as long as asked.

    Args:
        base: Engine of ``BASES`` that speaks the words; ``"auto"`` takes the best for the language.

    The phoneme times are the base's. Output is one channel at 48 kHz; the networks work at 16 kHz, and what lies above
    8 kHz is left empty.
    """

    name = "neural"
    sample_rate = DELIVERED_RATE
    takes_base = True
    takes_delivery = True

    def __init__(self, base: str = AUTO) -> None:
        if base != AUTO:
            BASES.get(base)
        self.base = base

    def languages(self) -> tuple[str, ...]:
        """Every language of the base, or of any."""
        names = BASES.names() if self.base == AUTO else [self.base]
        spoken: set[str] = set()
        for name in names:
            try:
                spoken |= set(BASES.get(name)().languages())
            except ImportError:  # its package is not installed
                continue
        return tuple(sorted(spoken))

    def clone(
        self,
        text: str,
        *,
        profile: VoiceProfile,
        language: str,
        duration: Fraction | None = None,
        seed: int = 0,
        delivery: Delivery | None = None,
    ) -> Speech:
        """Speak ``text``; with ``duration`` the speech lasts exactly that, rounded to whole samples.

        With ``delivery`` it is spoken as high and as lively as the original line, with its emphasis at the same places
        in the line and its pauses where the translation pauses too; without, as the person speaks in the mean.

        Within 0.7 to 1.4 of the natural length the base's own pace does most of it and the rest is moved between
        pauses, vowels and consonants. A longer place ends in silence; a shorter one is spoken as fast as it must be,
        and ``Speech.stretch`` says so.

        Raises:
            InputError: Nothing to say, a language that no base speaks, a place too short for its phonemes, or a
                profile from before this cloner.
        """
        if profile.sample is None or profile.encoder != "ge2e":
            raise InputError(
                f"the profile of {profile.speaker!r} holds no sample of the voice; enroll it with the encoder ge2e"
            )
        base: BaseVoice = BASES.get(choose(language) if self.base == AUTO else self.base)()
        stock = nearest_voice(base.voices(language), f0_hz=profile.statistics.f0_median_hz)
        voice = stock.name
        natural = _Said.by(base, text, language=language, voice=voice, pace=1.0, delivery=delivery)
        place = Place.of(duration, natural=natural.duration, sample_rate=DELIVERED_RATE)
        said = _nearest(base, natural, text, language, voice, place.factor)
        edges = edges_in_samples(said.pieces, samples=place.spoken, sample_rate=DELIVERED_RATE, lengths=said.lengths)
        sound = speak_as(profile, said=said, edges=edges, near_hz=stock.f0_median_hz, seed=seed)
        return place.fill(sound, pieces=said.pieces, edges=edges, language=language)


def caution_with(base: BaseVoice, *, language: str) -> Caution:
    """How carefully what a base says in a language is said again.

    Example:
        >>> [caution_with(BASES.get(name)(), language="en").kept > 0 for name in ("hibari", "nanotts")]
        [False, True]
    """
    return Caution() if base.knows_phonemes else _GUESSED_OF.get(match_language(language, among=_GUESSED_OF), _GUESSED)


@dataclass(frozen=True)
class _Said:
    """A base's speech, cut to what is said, and how it is to be said again."""

    waveform: Waveform
    pieces: tuple[Piece, ...]
    delivery: Delivery | None = None
    caution: Caution = Caution()

    @property
    def lengths(self) -> list[float]:
        """Of the pieces, in seconds; the original's pauses are as long as they were."""
        return with_pauses(self.pieces, self.delivery)

    @property
    def duration(self) -> Fraction:
        if self.delivery is None:
            return self.pieces[-1].span.end - self.pieces[0].span.start
        return Fraction(sum(self.lengths)).limit_denominator(DELIVERED_RATE)

    @classmethod
    def by(
        cls,
        base: BaseVoice,
        text: str,
        *,
        language: str,
        voice: str,
        pace: float,
        delivery: Delivery | None = None,
    ) -> _Said:
        speech = base.speak(text, language=language, voice=voice, pace=pace)
        if not len(speech.timeline):
            raise InputError("there is nothing to say; give words")
        first, last = speech.timeline.phonemes[0].span.start, speech.timeline.phonemes[-1].span.end
        within = Span(max(Fraction(0), first - _LEAD), min(speech.waveform.duration, last + _TAIL))
        pieces = cut_into_pieces(speech.timeline.phonemes, within=within)
        return cls(speech.waveform, pieces, delivery, caution_with(base, language=language))


def _nearest(base: BaseVoice, natural: _Said, text: str, language: str, voice: str, factor: Fraction) -> _Said:
    """Spoken by the base at the pace that should give ``factor`` of the natural length."""
    pace = float(1 / max(factor, FASTEST))
    if abs(pace - 1) < 0.03:
        return natural
    pace = min(max(pace, bases.SLOWEST), bases.FASTEST)
    return _Said.by(base, text, language=language, voice=voice, pace=pace, delivery=natural.delivery)


@dataclass(frozen=True)
class Source:
    """What the networks are to say, ``_AROUND`` frames more on either side than is kept.

    Attributes:
        content: ``(1, CONTENT, T)``.
        f0_hz: ``(1, T)``.
        voiced: ``(1, T)``.
        spoken: ``(1, MELS, T)``, log mels of the base's speech.
        share: ``(1, T)``, how much of its movement is kept (``articulated``).
    """

    content: Tensor
    f0_hz: Tensor
    voiced: Tensor
    spoken: Tensor
    share: Tensor

    def converted(self, converter: VoiceConverter, *, reference: Reference) -> Tensor:
        """Log mels ``(1, MELS, T)`` of it, said in the voice of the reference."""
        made = converter(self.content, reference=reference)
        return articulated(made, spoken=self.spoken, share=self.share)

    @classmethod
    def joined(cls, sources: Sequence[Source], *, dim: int) -> Source:
        """Several, beside one another (``dim=0``) or one after the other (``dim=-1``)."""
        parts = zip(*(vars(source).values() for source in sources), strict=True)
        return cls(*(torch.cat(part, dim=dim) for part in parts))

    def cut(self, first: int, *, count: int) -> Source:
        """``count`` of its frames."""
        return Source(*(values[..., first : first + count] for values in vars(self).values()))


def source_of(profile: VoiceProfile, *, said: _Said, edges: tuple[int, ...], near_hz: float | None = None) -> Source:
    """What was said, as high and lively as the profile's person speaks, its pieces at ``edges``."""
    sound = resample(Waveform(said.waveform.mono()[None], said.waveform.sample_rate), RATE).samples
    melody = Melody.of(sound[0], sample_rate=RATE, near_hz=near_hz)
    mel = at_level(log_mel(torch.from_numpy(np.ascontiguousarray(sound)))[0])
    symbols = [piece.phoneme.symbol for piece in said.pieces if piece.phoneme is not None]
    logits, loudness = Networks.load().hearing.logits(mel, said=symbols), loudness_of(mel[None])[0]
    pitch = toward(melody, profile=profile, delivery=said.delivery)
    times = _times(said.pieces, edges)
    times = np.concatenate([times[0] - np.arange(_AROUND, 0, -1), times, times[-1] + np.arange(1, _AROUND + 1)])
    log_f0, loudness = _moved(torch.from_numpy(pitch)[None].log(), times), _moved(loudness[None], times)
    spoken = _moved(mel, times)[None]
    if said.delivery is not None:
        within = slice(_AROUND, -_AROUND)
        sounding = _sounding(said.pieces, edges, count=len(times) - 2 * _AROUND)
        log_f0[:, within] += _CARRIED * torch.from_numpy(emphasis_at(said.delivery.pitch, sounding))
        stress = _CARRIED * torch.from_numpy(emphasis_at(said.delivery.loudness, sounding))
        loudness[:, within] += louder(stress)
        spoken[..., within] += stress  # else what is kept of the base would take half of it back
    f0_hz = log_f0.exp().clamp(_LOWEST_HZ, _HIGHEST_HZ)
    voiced = (_moved(torch.from_numpy(melody.voiced)[None].float(), times) > 0.5).float()
    heard, shape = _moved(logits, times)[None], _moved(cepstra_of(mel[None])[0], times)[None]
    content = content_of(heard, loudness=loudness, f0_hz=f0_hz, voiced=voiced, cepstra=shape)
    return Source(content, f0_hz, voiced, spoken, torch.full_like(f0_hz, said.caution.kept))


def source_of_text(profile: VoiceProfile, text: str, *, language: str) -> Source:
    """What the best base for a language says, at its own pace, to fit a voice to."""
    base: BaseVoice = BASES.get(choose(language))()
    stock = nearest_voice(base.voices(language), f0_hz=profile.statistics.f0_median_hz)
    said = _Said.by(base, text, language=language, voice=stock.name, pace=1.0)
    if said.caution.kept:  # the person's weights serve every language, so they are fitted with as much as any gets
        said = replace(said, caution=max(_GUESSED, *_GUESSED_OF.values(), key=lambda caution: caution.kept))
    edges = edges_in_samples(said.pieces, samples=int(said.duration * DELIVERED_RATE), sample_rate=DELIVERED_RATE)
    return source_of(profile, said=said, edges=edges, near_hz=stock.f0_median_hz)


def speak_as(
    profile: VoiceProfile, *, said: _Said, edges: tuple[int, ...], near_hz: float | None = None, seed: int = 0
) -> NDArray[np.float32]:
    """What was said, in the profile's voice, its pieces at ``edges``: ``(edges[-1],)`` at ``DELIVERED_RATE``."""
    networks = Networks.load()
    source = source_of(profile, said=said, edges=edges, near_hz=near_hz)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        converter = own_converter(profile, networks=networks, followed=said.caution.followed)
        made = source.converted(converter, reference=reference_of(profile, hearing=networks.hearing))
        noise = torch.randn(1, (made.shape[2] - 1) * HOP, generator=generator)
        speech = networks.vocoder(made, f0_hz=source.f0_hz, voiced=source.voiced, noise=noise)
    kept = speech[:, _AROUND * HOP : -_AROUND * HOP].numpy()
    wide = resample(Waveform(kept, RATE), DELIVERED_RATE).samples[0]
    length = edges[-1]
    return np.pad(wide[:length], (0, max(0, length - len(wide)))).astype(np.float32)


def own_converter(profile: VoiceProfile, *, networks: Networks, followed: float = 1.0) -> VoiceConverter:
    """The converter with the person's own weights, where the profile holds some.

    Args:
        profile: Whose.
        networks: The converter that they were fitted to.
        followed: How far it goes from its own weights to the person's, 0 to 1.

    Raises:
        InputError: They were fitted to another converter.
    """
    if not profile.adapted:
        return networks.converter
    if profile.adapted_from != find_card(CONVERTER).sha256:
        raise InputError(
            f"the voice of {profile.speaker!r} was fitted to other weights than those here; enroll it again"
        )
    own = copy.deepcopy(networks.converter)
    for name, values in profile.adapted.items():
        own.get_parameter(name).data.lerp_(torch.from_numpy(values.astype(np.float32)), followed)
    return own


def toward(melody: Melody, *, profile: VoiceProfile, delivery: Delivery | None = None) -> NDArray[np.float32]:
    """The melody moved to the person's pitch and as lively as theirs, or as the original line's, ``(T,)`` in Hz."""
    log_f0 = np.log(melody.f0_hz)
    own = log_f0[melody.voiced] if melody.voiced.any() else log_f0
    wanted, level = profile.statistics.f0_deviation, np.log(profile.statistics.f0_median_hz)
    if delivery is not None:
        wanted, level = delivery.spread, level + delivery.level
    width = wanted / max(float(own.std()), 0.03)
    moved = (log_f0 - np.median(own)) * np.clip(width, _NARROWEST, _WIDEST) + level
    pitch: NDArray[np.float32] = np.exp(moved).clip(_LOWEST_HZ, _HIGHEST_HZ).astype(np.float32)
    return pitch


def reference_of(profile: VoiceProfile, *, hearing: Hearing, longest: int = LONGEST_REFERENCE) -> Reference:
    """What the converter looks up of a voice: its first ``longest`` frames."""
    sample = profile.sample
    assert sample is not None
    mel = at_level(torch.from_numpy(sample.mel[:, :longest].astype(np.float32)))
    content = hearing.content(mel, melody=Melody.drawn(sample.f0_hz[:longest].astype(np.float32)))
    embedding = torch.from_numpy(profile.embedding.astype(np.float32))
    return Reference(embedding[None], content[None], mel[None], torch.ones(1, mel.shape[1]))


def _sounding(pieces: tuple[Piece, ...], edges: tuple[int, ...], *, count: int) -> NDArray[np.bool_]:
    """Where the line does not pause, ``(count,)``."""
    frames = np.arange(count) * (DELIVERED_RATE // FRAME_RATE)
    which = np.clip(np.searchsorted(edges, frames, side="right") - 1, 0, len(pieces) - 1)
    sounds: NDArray[np.bool_] = np.array([piece.kind != "pause" for piece in pieces])[which]
    return sounds


def _times(pieces: tuple[Piece, ...], edges: tuple[int, ...]) -> Array:
    """The moment of the base's speech that each frame of the line shows, in its frames."""
    natural = [float(piece.span.start) for piece in pieces] + [float(pieces[-1].span.end)]
    count = -(-edges[-1] * FRAME_RATE // DELIVERED_RATE) + 1
    times: Array = np.interp(np.arange(count) / FRAME_RATE, np.array(edges) / DELIVERED_RATE, natural) * FRAME_RATE
    return times


def _moved(values: Tensor, times: Array) -> Tensor:
    """Values ``(C, T)`` read at ``times``, between two frames in proportion."""
    at = np.clip(times, 0, values.shape[1] - 1)
    first = np.minimum(at.astype(np.int64), max(values.shape[1] - 2, 0))
    second = np.minimum(first + 1, values.shape[1] - 1)
    share = torch.from_numpy((at - first).astype(np.float32))
    return values[:, first] * (1 - share) + values[:, second] * share
