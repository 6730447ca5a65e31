"""What a finished file says of itself: the C2PA manifest of a dub, as readers of such manifests expect it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import avsynth
from avsynth.core.consent import Kind, VerifiedConsent
from avsynth.core.errors import ConsentError
from avsynth.provenance.consent import require_standing

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"  # IPTC NewsCodes
LIPS = "lips"  # the region by which readers of C2PA recognize lip-sync
CONSENT_LABEL = "avsynth.consent"
SPEECH_LABEL = "avsynth.speech"
WATERMARK_LABEL = "avsynth.watermark"
PATCHES_LABEL = "avsynth.patches"
INGREDIENT = "source"
_NOT_ALLOWED = {"use": "notAllowed"}
_UNKNOWN = "und"  # BCP 47: undetermined


@dataclass(frozen=True)
class Claim:
    """What was made, from what, and by whose leave.

    Attributes:
        title: Of the finished file.
        language: BCP 47 tag of what is spoken.
        consents: The permission of everybody whose voice or face was used.
        source: The film that was dubbed; None where nothing was there before, as with speech alone.
        source_language: BCP 47 tag of the original, where it is known.
        lips_changed: The mouth in the picture was replaced.
        voice_cloned: The speech was made in the person's voice, not recorded.
        patches_sha256: Of the list of patches that were handed over beside the film, which holds the hash of each;
            empty where there are none.
    """

    title: str
    language: str
    consents: tuple[VerifiedConsent, ...]
    source: Path | None = None
    source_language: str = ""
    lips_changed: bool = False
    voice_cloned: bool = True
    patches_sha256: str = ""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What kinds of consent it needs."""
        wanted: tuple[tuple[Kind, bool], ...] = (("voice", self.voice_cloned), ("likeness", self.lips_changed))
        return tuple(kind for kind, used in wanted if used)

    def require_permission(self) -> None:
        """Make sure that the consents cover it, now: the work may have outlasted one.

        Raises:
            ConsentError: There is none, one does not hold any more, or a kind or the language is not covered.
        """
        if not self.consents or not all(isinstance(item, VerifiedConsent) for item in self.consents):
            raise ConsentError("nothing is finished without consent; pass the records: avsynth consent new")
        for item in self.consents:
            require_standing(item)
            for kind in set(self.kinds) & set(item.consent.kinds):
                item.require(kind, language=self.language)
        for kind in self.kinds:
            if not any(kind in item.consent.kinds for item in self.consents):
                self.consents[0].require(kind, language=self.language)


def manifest(claim: Claim, *, mime_type: str, engine: str) -> dict[str, Any]:
    """Write the C2PA manifest definition of a finished file, as ``c2pa.Builder`` takes it.

    Of the people only the random ids and the digests of their consents go in.

    Args:
        claim: What was made.
        mime_type: Of the finished file.
        engine: Name of the watermark engine that marked the speech.
    """
    consents = [{"id": item.consent.id, "sha256": item.consent.digest} for item in claim.consents]
    voice = "cloned" if claim.voice_cloned else "recorded"
    uses = ("cawg.ai_generative_training", "cawg.ai_inference", "cawg.ai_training", "cawg.data_mining")
    patches = [{"label": PATCHES_LABEL, "data": {"sha256": claim.patches_sha256}}] if claim.patches_sha256 else []
    return {
        "claim_generator_info": [_agent()],
        "title": claim.title,
        "format": mime_type,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": _actions(claim, engine)}},
            {"label": "cawg.training-mining", "data": {"entries": dict.fromkeys(uses, _NOT_ALLOWED)}},
            {"label": CONSENT_LABEL, "data": {"consents": consents}},
            {"label": SPEECH_LABEL, "data": {"language": claim.language, "voice": voice}},
            {"label": WATERMARK_LABEL, "data": {"engine": engine, "scope": "speech", "payload": "presence"}},
            *patches,
        ],
    }


def ingredient(source: Path) -> dict[str, Any]:
    """Describe the film that was opened."""
    return {"title": source.name, "relationship": "parentOf", "label": INGREDIENT}


def _actions(claim: Claim, engine: str) -> list[dict[str, Any]]:
    """C2PA wants ``opened`` (with the ingredient) or ``created`` first."""
    if claim.source is None:
        made = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPES + "trainedAlgorithmicMedia"}
        actions = [{**made, "softwareAgent": _agent(), "description": "speech"}]
    else:
        actions = [{"action": "c2pa.opened", "parameters": {"ingredientIds": [INGREDIENT]}}]
        # C2PA refuses the action without either language.
        languages = {"sourceLanguage": claim.source_language or _UNKNOWN, "targetLanguage": claim.language}
        actions.append({"action": "c2pa.translated", "parameters": languages, "softwareAgent": _agent()})
        actions.append(_dubbed(claim))
    watermark = {
        "action": "c2pa.watermarked.unbound",  # Perth says only that it is there: it leads to no manifest
        "softwareAgent": {"name": engine, "version": _engine_version(engine)},
        "description": "inaudible mark in the speech",
    }
    return [*actions, watermark]


def _dubbed(claim: Claim) -> dict[str, Any]:
    how = "in the speaker's cloned voice" if claim.voice_cloned else "from a recording"
    action: dict[str, Any] = {
        "action": "c2pa.dubbed",
        "softwareAgent": _agent(),
        "digitalSourceType": SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia",
        "description": f"dubbed {how}" + (", lips matched" if claim.lips_changed else ""),
    }
    if claim.lips_changed:
        region = {"type": "identified", "item": {"identifier": "face", "value": LIPS}}
        action["changes"] = [{"description": "lips matched to the dub", "region": [region]}]
    return action


def _agent() -> dict[str, str]:
    return {"name": "avsynth", "version": avsynth.__version__}


def _engine_version(engine: str) -> str:
    return version("resemble-perth") if engine == "perth" else avsynth.__version__
