"""The C library libespeak-ng, loaded afresh for every call so that the same text gives the same bytes."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError, MissingExtraError, ModelError

# speak_lib.h of espeak-ng 1.52
_OUTPUT_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 1 << 0, 1 << 1, 1 << 15
_CHARS_UTF8 = 1
_RATE, _PITCH = 1, 3
_EVENT_LIST_END, _EVENT_PHONEME = 0, 7
_SEED = 1  # of the library's noise, which it otherwise seeds from the clock


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_lock = threading.Lock()


@dataclass(frozen=True)
class Marks:
    """What one synthesis gave.

    Attributes:
        samples: ``(T,)`` int16.
        sample_rate: Samples a second.
        events: Sample index and symbol of every phoneme in order, in the library's own IPA; ``""`` is a pause.
    """

    samples: NDArray[np.int16]
    sample_rate: int
    events: tuple[tuple[int, str], ...]


class Library:
    """An initialized libespeak-ng; get one from ``fresh_library``."""

    def __init__(self, path: str, *, data: str) -> None:
        self._c = ctypes.CDLL(path)
        self._c.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        flags = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        self.sample_rate: int = self._c.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, os.fsencode(data), flags)
        if self.sample_rate <= 0:
            raise ModelError(
                f"espeak-ng cannot read its data in {data}; reinstall espeakng-loader, in a folder with a path "
                "of fewer than 140 characters"
            )
        self._c.espeak_ng_SetRandSeed(_SEED)

    def close(self) -> None:
        """Stop and unload, so that nothing of this call's state is left."""
        self._c.espeak_Terminate()
        if sys.platform == "win32":
            from _ctypes import FreeLibrary

            FreeLibrary(self._c._handle)
        else:
            from _ctypes import dlclose

            dlclose(self._c._handle)

    def voices(self) -> list[tuple[str, tuple[tuple[int, str], ...]]]:
        """File of every voice, and its languages: priority (1 best) and BCP 47 tag in lower case."""
        listed = self._c.espeak_ListVoices(None)
        found = []
        for index in range(10_000):
            if not listed[index]:
                break
            voice = listed[index].contents
            found.append((os.fsdecode(voice.identifier).replace("\\", "/"), tuple(_language_list(voice.languages))))
        return found

    def synthesize(self, text: str, *, voice: str, words_per_minute: int, pitch: int) -> Marks:
        """Speak ``text`` with a voice file.

        Raises:
            InputError: There is no such voice.
            ModelError: The library failed.
        """
        blocks: list[NDArray[np.int16]] = []
        events: list[tuple[int, str]] = []

        def receive(samples: Any, count: int, marks: Any) -> int:
            if samples and count > 0:
                blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            index = 0
            while marks[index].type != _EVENT_LIST_END:
                if marks[index].type == _EVENT_PHONEME:
                    # at most 8 bytes: a longer symbol arrives cut, maybe inside a letter
                    events.append((marks[index].sample, marks[index].id.string.decode("utf-8", "ignore")))
                index += 1
            return 0

        callback = _Callback(receive)
        self._c.espeak_SetSynthCallback(callback)
        if self._c.espeak_SetVoiceByName(os.fsencode(voice)) != 0:
            raise InputError(f"espeak-ng has no voice {voice!r}")
        self._c.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._c.espeak_SetParameter(_PITCH, pitch, 0)
        data = text.encode()
        failed = self._c.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 1, 0, _CHARS_UTF8, None, None)
        if failed or self._c.espeak_Synchronize():
            raise ModelError(f"espeak-ng could not speak {text[:60]!r}; try a shorter text")
        samples = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
        return Marks(samples, self.sample_rate, tuple(events))


@contextmanager
def fresh_library() -> Iterator[Library]:
    """Load the library, alone in this process, and unload it afterward.

    espeak-ng keeps the phase of its oscillators and its noise from one call to the next in static variables
    that neither ``espeak_Initialize`` nor ``espeak_Terminate`` resets, so that a sentence's length varies by a
    few samples. Loading anew costs about a millisecond and makes the result a function of the text alone.

    Raises:
        MissingExtraError: The package ``espeakng-loader`` is not installed.
        ModelError: The library or its data cannot be read.
    """
    try:
        import espeakng_loader
    except ModuleNotFoundError:
        raise MissingExtraError("phonemes need the package espeakng-loader: pip install espeakng-loader") from None
    with _lock:
        try:
            library = Library(espeakng_loader.get_library_path(), data=espeakng_loader.get_data_path())
        except OSError as error:
            raise ModelError(f"cannot load libespeak-ng: {error}; reinstall espeakng-loader") from None
        try:
            yield library
        finally:
            library.close()


def _language_list(packed: Any) -> Iterator[tuple[int, str]]:
    """Unpack ``<priority byte> <tag> 0 ... 0``."""
    at = 0
    while packed[at] != b"\0":
        priority = packed[at][0]
        end = at + 1
        while packed[end] != b"\0":
            end += 1
        yield priority, b"".join(packed[i] for i in range(at + 1, end)).decode()
        at = end + 1
