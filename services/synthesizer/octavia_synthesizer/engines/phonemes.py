"""IPA in espeak-ng's own phoneme codes, which differ from voice to voice.

What a voice's codes sound like is asked of espeak-ng itself, which writes any of them in IPA: so a sound is
found where, and only where, the voice has it.
"""

from collections.abc import Callable, Mapping

CODES = sorted(
    (
        "? @ @: & &~ &: 0 3 3: 8 A A: A~ B C D E E: E~ G H I I: I^ J J^ K L N O O: O~ Q Q^ R R^ S S; T U "
        "U: U~ V V: V~ W W: W~ X Y Y: Y~ Z Z; a a# a: a~ aI aU aI@ aU@ AI AU OI OY oI oU eI eU E@ e@ I@ "
        "i@ U@ u@ O@ A@ b c d d. d; dH dZ dZ; d[ d^ dz dz. dz; e e: e~ f f; g g; gH h i i: i~ j k k; k^ "
        "kh l l. l; l^ m m; n n. n; n[ n^ o o: o~ p p; pF p\\ ph q r r. r; r` s s. s; s[ s^ t t. t; tS "
        "tS; t[ t^ th ts ts. ts; u u: u~ v v; w x y y: y~ z z. z; z` "
    ).split(),
    key=len,
)
"""Codes that voices of espeak-ng 1.51 have, the shortest first; a voice that lacks one writes it as nothing,
or as shorter ones."""

STRESS = {"ˈ": "'", "ˌ": ","}
_IGNORED = {
    ord(sign): None
    for sign in "\u203f\u035c\u0361/[].|\u2016\u02d1\u032f\u0329\u02b0\u032a\u0320\u031f\u031d\u031e"
    "˥˦˧˨˩0123456789^"
}
"""Ties, brackets, breaks, tones and finer points that no code of a voice tells apart."""

_SAME = {ord("g"): "ɡ", ord(":"): "ː", ord("'"): "ˈ", ord("\u2019"): "ˈ"}

Sounds = Mapping[str, str]
"""A voice's codes by their sound in IPA."""


def sounds_of(write: Callable[[str], str]) -> Sounds:
    """What a voice can say; `write` gives the IPA of lines in codes, one line each."""
    # With a vowel behind it, no consonant is at the end of a word, where some languages change it.
    asked = ["[[a]]", *(f"[[{code}|a]]" for code in CODES), *(f"[[{code}]]" for code in CODES)]
    answers = [_plain(line) for line in write("\n\n".join(asked)).split("\n")]
    answers += [""] * (len(asked) - len(answers))
    vowel, followed, alone = answers[0], answers[1 : len(CODES) + 1], answers[len(CODES) + 1 :]
    sounds: dict[str, str] = {}
    for code, before_vowel, by_itself in zip(CODES, followed, alone, strict=False):
        # Nor may a vowel be linked to the next one by a sound that is not its own: then it is the longer one.
        followed_by = before_vowel.removesuffix(vowel) if before_vowel.endswith(vowel) else ""
        heard = min(filter(None, (followed_by, by_itself)), key=len, default="")
        if heard:
            sounds.setdefault(heard, code)
    return sounds


def codes_of(ipa: str, sounds: Sounds) -> str | None:
    """The codes of what `ipa` writes, the longest sounds first; None where one of them is not the voice's."""
    text = ipa.translate(_SAME).translate(_IGNORED)
    longest = max(map(len, sounds), default=0)
    words: list[str] = []
    for word in text.split():
        codes: list[str] = []
        stress, place = "", 0
        while place < len(word):
            sign = word[place]
            if sign in STRESS:
                stress, place = STRESS[sign], place + 1
                continue
            if sign == "ː":  # a long form that the voice does not have as one sound
                place += 1
                codes.append(":")
                continue
            size = next((n for n in range(longest, 0, -1) if word[place : place + n] in sounds), 0)
            if not size:
                return None
            codes.append(stress + sounds[word[place : place + size]])
            stress, place = "", place + size
        if codes:
            words.append("|".join(codes).replace("|:", ":"))
    return "||".join(words) or None


def _plain(heard: str) -> str:
    bare = heard.strip().translate(_SAME).translate(_IGNORED)
    return bare.translate(dict.fromkeys(map(ord, STRESS)))
