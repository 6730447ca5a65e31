"""Follows every face through one shot: detector now and then, landmarks from frame to frame, both ways."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from avsynth.core.media import Frames
from avsynth.face.appearance import Album
from avsynth.face.base import FoundFace, Landmarker, Region
from avsynth.face.occlusion import Cells, lower_face

SEARCH_EVERY = 8
"""Frames between two looks with the detector; a chunk is as long, and the chunk before is kept, so that a face that is
found late can be followed back to the frame it appeared in."""

THOROUGH_EVERY = 4  # searches between two that also look for small faces while one is followed
_SURE = 0.5
_FEWEST_FRAMES, _FEWEST_HITS = 8, 2  # a hand may look like a face, but not for long
_SAME_FACE = 0.3  # overlap of regions above which two are one face
_LARGEST_JUMP = 0.4  # of the region's side, from one frame to the next
_LARGEST_GROWTH = 1.5


@dataclass
class Trail:
    """One face in one shot.

    Attributes:
        faces: What was found, by frame.
        here: Where it is now; None while it is lost.
        seen: Where it was when it was last seen.
        cells: What its lower part looks like, by frame.
        album: What the face looks like.
        hits: How often the detector, which does not know where the face was, saw it too.
    """

    faces: dict[int, FoundFace] = field(default_factory=dict)
    here: Region | None = None
    seen: Region | None = None
    cells: dict[int, Cells] = field(default_factory=dict)
    album: Album = field(default_factory=Album)
    hits: int = 0

    @property
    def last(self) -> int:
        """The last frame it was seen in."""
        return max(self.faces)


class ShotFollower:
    """Follows the faces of one shot; frames are shown to it in order.

    Args:
        landmarker: The engine.
        start: First frame of the shot; nothing is carried over from another.
        rotation: Degrees clockwise a player turns the picture.
    """

    def __init__(self, landmarker: Landmarker, *, start: int, rotation: int = 0) -> None:
        self._engine, self._start, self._rotation = landmarker, start, rotation
        self._searched = self._last = start - 1
        self._searches = 0
        self.trails: list[Trail] = []

    def found(self) -> list[Trail]:
        """The faces that are sure: seen often enough, and by the detector more than once where it had the chance."""
        count = self._last + 1 - self._start
        fewest, hits = min(_FEWEST_FRAMES, count), min(_FEWEST_HITS, -(-count // (2 * SEARCH_EVERY)))
        return [trail for trail in self.trails if len(trail.faces) >= fewest and trail.hits >= hits]

    def see(self, frame: int, pictures: Mapping[int, tuple[Frames, int]], *, last: bool) -> None:
        """Look at one frame.

        Args:
            frame: Its index in the film.
            pictures: Chunk and place in it, of this frame and the ones before that are still kept.
            last: The shot ends with it.
        """
        self._last = frame
        for trail in self.trails:
            if trail.here is not None:
                self._step(trail, frame, pictures)
        self._drop_doubles(frame)
        if is_searched(frame - self._start, last=last):
            self._search(frame, pictures)

    def _step(self, trail: Trail, frame: int, pictures: Mapping[int, tuple[Frames, int]]) -> None:
        assert trail.here is not None
        found = self._try(frame, trail.here, pictures)
        trail.here = None
        if found is not None:
            self._put(trail, frame, found, pictures)

    def _try(self, frame: int, region: Region, pictures: Mapping[int, tuple[Frames, int]]) -> FoundFace | None:
        frames, index = pictures[frame]
        found = self._engine.fit(frames, index, region=region)
        if found.score < _SURE or not _is_near(self._engine.region(found.landmarks_px), region):
            return None
        return found

    def _put(self, trail: Trail, frame: int, found: FoundFace, pictures: Mapping[int, tuple[Frames, int]]) -> None:
        self._keep(trail, frame, found, pictures)
        trail.album.see(frame, pictures[frame], landmarks_px=found.landmarks_px, layout=self._engine.layout)
        trail.here = trail.seen = self._engine.region(found.landmarks_px)

    def _keep(self, trail: Trail, frame: int, found: FoundFace, pictures: Mapping[int, tuple[Frames, int]]) -> None:
        frames, index = pictures[frame]
        trail.faces[frame] = found
        trail.cells[frame] = lower_face(frames, index, landmarks_px=found.landmarks_px, layout=self._engine.layout)

    def _drop_doubles(self, frame: int) -> None:
        """Two trails on one face: the one that was followed longer keeps it."""
        live = sorted((t for t in self.trails if t.here is not None), key=lambda t: -len(t.faces))
        for number, trail in enumerate(live):
            for other in live[:number]:
                if trail.here is not None and other.here is not None and trail.here.overlap(other.here) > _SAME_FACE:
                    trail.faces.pop(frame, None)
                    trail.here = None
        self.trails = [trail for trail in self.trails if trail.faces]

    def _search(self, frame: int, pictures: Mapping[int, tuple[Frames, int]]) -> None:
        live = [trail for trail in self.trails if trail.here is not None]
        thorough = not live or self._searches % THOROUGH_EVERY == 0
        frames, index = pictures[frame]
        regions = self._engine.detect(frames, index, rotation=self._rotation, thorough=thorough)
        self._searches += 1
        for region in regions:
            owner = self._owner(region)
            if owner is not None:
                owner.hits += 1
            else:
                self._begin(frame, region, pictures)
        self._searched = frame

    def _owner(self, region: Region) -> Trail | None:
        live = (trail for trail in self.trails if trail.here is not None)
        return next((trail for trail in live if trail.here and trail.here.overlap(region) > _SAME_FACE), None)

    def _begin(self, frame: int, region: Region, pictures: Mapping[int, tuple[Frames, int]]) -> None:
        """Place landmarks twice, since the detector's square is rough, then follow the face back."""
        frames, index = pictures[frame]
        rough = self._engine.fit(frames, index, region=region)
        if rough.score < _SURE:
            return
        found = self._try(frame, self._engine.region(rough.landmarks_px), pictures)
        if found is None or self._owner(self._engine.region(found.landmarks_px)) is not None:
            return
        trail = self._lost_near(self._engine.region(found.landmarks_px))
        if trail is None:
            trail = Trail()
            self.trails.append(trail)
        first = max(self._searched, trail.last if trail.faces else self._start - 1) + 1
        self._put(trail, frame, found, pictures)
        trail.hits += 1
        self._follow_back(trail, frame, first, pictures)

    def _lost_near(self, region: Region) -> Trail | None:
        lost = [t for t in self.trails if t.here is None and t.seen is not None and t.seen.overlap(region) > 0]
        same = [t for t in lost if t.seen is not None and _is_near(region, t.seen, jump=1.0, growth=2.0)]
        return max(same, key=lambda t: t.last, default=None)

    def _follow_back(self, trail: Trail, frame: int, first: int, pictures: Mapping[int, tuple[Frames, int]]) -> None:
        assert trail.here is not None
        region = trail.here
        for earlier in range(frame - 1, first - 1, -1):
            found = self._try(earlier, region, pictures) if earlier in pictures else None
            if found is None:
                return
            self._keep(trail, earlier, found, pictures)
            region = self._engine.region(found.landmarks_px)


def is_searched(past: int, *, last: bool) -> bool:
    """Whether the detector looks at a frame: the first of a shot, the last, and some between.

    Args:
        past: Frames of the shot before it.
        last: It is the shot's last.

    Example:
        >>> [past for past in range(20) if is_searched(past, last=past == 19)]
        [0, 7, 15, 19]
    """
    return past == 0 or past % SEARCH_EVERY == SEARCH_EVERY - 1 or last


def _is_near(region: Region, before: Region, *, jump: float = _LARGEST_JUMP, growth: float = _LARGEST_GROWTH) -> bool:
    moved = math.hypot(region.x - before.x, region.y - before.y)
    ratio = region.size / before.size if before.size > 0 else math.inf
    return moved < jump * before.size and 1 / growth < ratio < growth
