"""What is to be said: lines with their exact place in the film."""

from __future__ import annotations

from dataclasses import dataclass, field

from avsynth.core.errors import ScriptError
from avsynth.core.span import Span


@dataclass(frozen=True)
class Utterance:
    """One line of a dubbing script.

    Attributes:
        id: Unique in its script, such as ``"1"``.
        span: When the line is heard.
        speaker: Who says it; empty where the script names nobody.
        text: The words to speak, in ``language``.
        language: BCP 47 tag, such as ``"es"`` or ``"pt-BR"``.
        source_text: The original words, empty if unknown.
        on_screen: Whether the speaker's face may be changed.
    """

    id: str
    span: Span
    speaker: str
    text: str
    language: str
    source_text: str = ""
    on_screen: bool = True

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ScriptError(f"line {self.id} is empty; give it words or delete it")
        if self.span.start < 0:
            raise ScriptError(f"line {self.id} starts before the film, at {float(self.span.start)} s")


@dataclass(frozen=True)
class Script:
    """The lines of a film in order of time; lines of one speaker do not overlap.

    Raises:
        ScriptError: Two lines share an id, are out of order, or one speaker says two things at once.
    """

    utterances: tuple[Utterance, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.utterances:
            raise ScriptError("the script has no lines")
        seen: set[str] = set()
        last: dict[str, Utterance] = {}
        for line in self.utterances:
            if line.id in seen:
                raise ScriptError(f"two lines are called {line.id!r}; ids must be unique")
            seen.add(line.id)
            before = last.get(line.speaker)
            if before is not None and line.span.start < before.span.end:
                raise ScriptError(
                    f"line {line.id} starts at {float(line.span.start)} s, before line {before.id} of the same "
                    f"speaker ends at {float(before.span.end)} s; move one of them"
                )
            last[line.speaker] = line

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names in order of first appearance."""
        return tuple(dict.fromkeys(line.speaker for line in self.utterances))
