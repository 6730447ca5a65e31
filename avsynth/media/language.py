"""Turns language tags into the three-letter codes that film containers keep."""

from __future__ import annotations

# ISO 639-1 to ISO 639-2/T, from the Library of Congress' code list.
_PAIRS = """
aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul bh:bih bi:bis
bm:bam bn:ben bo:bod br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces cu:chu cv:chv cy:cym da:dan de:deu dv:div
dz:dzo ee:ewe el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas ff:ful fi:fin fj:fij fo:fao fr:fra fy:fry ga:gle gd:gla
gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ho:hmo hr:hrv ht:hat hu:hun hy:hye hz:her ia:ina id:ind ie:ile ig:ibo
ii:iii ik:ipk io:ido is:isl it:ita iu:iku ja:jpn jv:jav ka:kat kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor
kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah
mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya na:nau nb:nob nd:nde ne:nep ng:ndo nl:nld nn:nno no:nor nr:nbl
nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:ron ru:rus
rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin sk:slk sl:slv sm:smo sn:sna so:som sq:sqi sr:srp ss:ssw st:sot su:sun
sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat tw:twi ty:tah ug:uig
uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:zho zu:zul
"""
_THREE_LETTERS = dict(pair.split(":") for pair in _PAIRS.split())
# Older files, and Matroska, hold the bibliographic codes.
_OLD_PAIRS = """
alb:sqi arm:hye baq:eus bur:mya chi:zho cze:ces dut:nld fre:fra geo:kat ger:deu gre:ell ice:isl mac:mkd may:msa mao:mri
per:fas rum:ron slo:slk tib:bod wel:cym sve:swe
"""
_TERMINOLOGICAL = dict(pair.split(":") for pair in _OLD_PAIRS.split())
_BIBLIOGRAPHIC = {new: old for old, new in _TERMINOLOGICAL.items()}
# QuickTime numbers its languages; FFmpeg finds the number by the older codes, except for these.
_QUICKTIME = _BIBLIOGRAPHIC | {code: code for code in ("fra", "ces", "ron", "slk")}
_QUICKTIME |= {"hrv": "hr ", "srp": "sr ", "fao": "fo ", "pan": "pa ", "nob": "nor", "nno": "nor"}


def iso_639_2(tag: str) -> str:
    """The ISO 639-2 code of a BCP 47 tag, or ``""`` where there is none.

    MP4 and MOV hold nothing else; a tag such as ``pt-BR`` written as it is would vanish without a word.

    Example:
        >>> [iso_639_2(tag) for tag in ("es", "pt-BR", "zh-Hant", "deu", "fre", "und", "")]
        ['spa', 'por', 'zho', 'deu', 'fra', '', '']
    """
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    if len(primary) == 2:
        return _THREE_LETTERS.get(primary, "")
    if len(primary) != 3 or not primary.isascii() or not primary.isalpha() or primary in ("und", "mis", "zxx"):
        return ""
    return _TERMINOLOGICAL.get(primary, primary)


def quicktime_code(tag: str) -> str:
    """The code by which FFmpeg writes the language of a BCP 47 tag into MOV, or ``""`` where there is none.

    MOV knows about a hundred languages by number; of the others nothing is kept.

    Example:
        >>> [quicktime_code(tag) for tag in ("es", "de-AT", "hr")]
        ['spa', 'ger', 'hr ']
    """
    code = iso_639_2(tag)
    return _QUICKTIME.get(code, code)
