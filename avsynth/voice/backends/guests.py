"""What guest cloners share: the person's recording, weights that the user brings, speech timed and cut to length."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError, ModelError
from avsynth.core.files import sha256
from avsynth.core.media import Waveform
from avsynth.core.speech import Speech, VoiceProfile
from avsynth.models.hub import cache_home, find_card, obtain, require
from avsynth.text.espeak import phonemize
from avsynth.voice.align import align
from avsynth.voice.bases import match_language
from avsynth.voice.fit import fit
from avsynth.voice.rhythm import FASTEST, SLOWEST

SAMPLE_RATE = 24_000  # what nearly all of them speak at
_FOLDER = "AVSYNTH_GUESTS"
_LEAD, _TAIL = Fraction(1, 50), Fraction(1, 20)  # seconds kept before the first phoneme and after the last
_FADE_SECONDS = 0.005
_ENOUGH = 0.03  # a change of pace that is left to ``fit`` rather than spoken anew

Array = NDArray[np.float32]


class GuestCloner:
    """A published network that imitates a recording, behind the promises of ``Cloner``.

    A guest says how it speaks (``_say``) and, if it can, how long (``paces``). Words are timed by the aligner, what
    lies before the first and after the last of them is cut off, and the length is met to the sample by ``fit``.

    Attributes:
        name: The engine's name in ``CLONERS``.
        sample_rate: Every guest delivers 24 kHz.
        codes: The library's own name of each language, by BCP 47 tag in lower case.
        paces: Whether ``_say`` follows a wished length.
    """

    name = ""
    sample_rate = SAMPLE_RATE
    codes: Mapping[str, str] = {}
    paces = False

    def languages(self) -> tuple[str, ...]:
        """BCP 47 tags it speaks, in lower case."""
        return tuple(sorted(self.codes))

    def clone(
        self, text: str, *, profile: VoiceProfile, language: str, duration: Fraction | None = None, seed: int = 0
    ) -> Speech:
        """Speak ``text``; with ``duration`` the speech lasts exactly that, rounded to whole samples.

        Raises:
            InputError: Nothing to say, a language it does not speak, a profile without a recording, a place too short,
                or words that the engine did not say.
            ModelError: Its weights are not here, or their license is not accepted.
        """
        tag = match_language(language, among=self.codes)
        if not tag:
            raise InputError(f"the cloner {self.name!r} does not speak {language!r}; it speaks: {self._known()}")
        if not text.strip() or not phonemize(text, language=language):
            raise InputError(f"there is nothing to say in {text!r}; give words")
        if duration is not None and round(duration * SAMPLE_RATE) <= 0:
            raise InputError("a line needs a place longer than nothing; give it a duration")
        prompt = prompt_of(profile, engine=self.name)
        natural = self._spoken(text, prompt=prompt, language=language, tag=tag, seed=seed)
        if duration is None:
            return natural
        factor = duration / natural.waveform.duration
        if self.paces and abs(factor - 1) > _ENOUGH:
            wished = natural.waveform.duration * min(max(factor, FASTEST), SLOWEST)
            paced = self._spoken(text, prompt=prompt, language=language, tag=tag, seed=seed, seconds=float(wished))
            natural = replace(paced, stretch=float(paced.waveform.duration / natural.waveform.duration))
        return fit(natural, duration)

    def _say(self, text: str, *, prompt: Array, code: str, seconds: float | None) -> tuple[Array, int]:
        """Sound ``(T,)`` and its rate.

        Args:
            text: What to say.
            prompt: The recording, ``(T,)`` at ``PROMPT_RATE``.
            code: One of the values of ``codes``.
            seconds: The wished length, only for a guest that paces.
        """
        raise NotImplementedError

    def _spoken(
        self, text: str, *, prompt: Array, language: str, tag: str, seed: int, seconds: float | None = None
    ) -> Speech:
        with torch.random.fork_rng(), torch.no_grad(), offline():
            torch.manual_seed(seed)
            sound, rate = self._say(text, prompt=prompt, code=self.codes[tag], seconds=seconds)
        return speech_of(Waveform(_clean(sound, self.name)[None], rate), text=text, language=language, engine=self.name)

    def _known(self) -> str:
        return ", ".join(self.languages()[:40]) + (" and more" if len(self.codes) > 40 else "")


def prompt_of(profile: VoiceProfile, *, engine: str) -> Array:
    """The recording in a profile, ``(T,)`` at ``PROMPT_RATE``, -1 to 1.

    Raises:
        InputError: The profile holds none.
    """
    if profile.prompt is None:
        raise InputError(
            f"the profile of {profile.speaker!r} holds no recording, which the cloner {engine!r} imitates; enroll it "
            "again from the recordings"
        )
    return profile.prompt.astype(np.float32) / np.float32(32_768)


def speech_of(sound: Waveform, *, text: str, language: str, engine: str) -> Speech:
    """A guest's sound as speech at 24 kHz: its words timed, nothing kept around them.

    Raises:
        InputError: The words are not in the sound.
    """
    waveform = resample(sound, SAMPLE_RATE)
    try:
        timeline = align(waveform, text=text, language=language)
    except InputError as error:
        raise InputError(
            f"the cloner {engine!r} did not say the line in its {float(waveform.duration):.1f} s ({error}); "
            "try another seed or a shorter line"
        ) from None
    first, last = timeline.phonemes[0].span.start, timeline.phonemes[-1].span.end
    start = max(0, round((first - _LEAD) * SAMPLE_RATE))
    end = min(waveform.samples.shape[1], round((last + _TAIL) * SAMPLE_RATE))
    cut = Waveform(_faded(waveform.samples[:, start:end]), SAMPLE_RATE)
    return Speech(cut, timeline.place(-Fraction(start, SAMPLE_RATE), cut.duration), language)


def weights_folder(engine: str, *, card: str, main: str, others: Sequence[str] = ()) -> Path:
    """The folder a library loads from: ``$AVSYNTH_GUESTS/ENGINE``, else ``guests/ENGINE`` in ``$AVSYNTH_HOME``.

    Its main file is the one that was added with ``avsynth models add``, known by its hash; the user puts the small
    files there that belong to it.

    Args:
        engine: The cloner's name.
        card: The card of the main file.
        main: The main file's place in the folder.
        others: Files that must be there as well.

    Raises:
        ModelError: Something is missing, or the license is not accepted.
    """
    added = obtain(card)
    folder = (Path(os.environ[_FOLDER]).expanduser() if _FOLDER in os.environ else cache_home() / "guests") / engine
    for file in others:
        if not (folder / file).is_file():
            page = find_card(card).source.url
            raise ModelError(f"the cloner {engine!r} needs {file} in {folder}; get it from {page} and put it there")
    place = folder / main
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(added, place)
        except OSError:  # another disk
            shutil.copyfile(added, place)
    elif not place.samefile(added) and _hash(place, place.stat().st_mtime_ns) != require(card).sha256:
        raise ModelError(f"{place} is not the file that was added for {card}; remove it, or add it: avsynth models add")
    return folder


@lru_cache(maxsize=16)
def _hash(path: Path, changed: int) -> str:
    """Once a process, as long as the file does not change."""
    return sha256(path)


@contextmanager
def offline() -> Iterator[None]:
    """Keep libraries from fetching what the user did not bring: Hugging Face's client refuses meanwhile."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    constants: Any = None
    with suppress(ModuleNotFoundError):
        constants = import_module("huggingface_hub.constants")
    known = getattr(constants, "HF_HUB_OFFLINE", None)
    if constants is not None:
        constants.HF_HUB_OFFLINE = True  # the variable is read only when the client is imported
    try:
        yield
    finally:
        if constants is not None:
            constants.HF_HUB_OFFLINE = known
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before


def _clean(sound: Array, engine: str) -> Array:
    samples = np.asarray(sound, np.float32).reshape(-1)
    if not samples.size or not np.isfinite(samples).all():
        raise InputError(f"the cloner {engine!r} gave no sound for this line; try another seed")
    return samples


def _faded(samples: Array) -> Array:
    size = min(round(_FADE_SECONDS * SAMPLE_RATE), samples.shape[1] // 2)
    ramp = np.ones(samples.shape[1], np.float32)
    ramp[:size] = np.arange(size) / size
    ramp[len(ramp) - size :] = ramp[:size][::-1]
    return samples * ramp
