"""Dub one film into several languages, with the report of each.

    python examples/dub_one_film.py FILM CONSENT SCRIPT_ES SCRIPT_FR ...

A script's language is the last part of its name, as in ``film.es.srt``.
"""

import sys
from pathlib import Path

import avsynth


def main(film: Path, consent: Path, *scripts: Path) -> None:
    for script in scripts:
        language = script.suffixes[-2].lstrip(".")
        output = film.with_name(f"{film.stem}.{language}.mp4")
        options = avsynth.DubOptions(report=output.with_suffix(".report"))
        made = avsynth.dub(film, script=script, language=language, consent=consent, output=output, options=options)
        print(made.output, "passed" if made.report.passed else "look at the report")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
