"""Texts too short for a neural voice, which makes noise of a single word. Pure."""

from dataclasses import dataclass

from octavia_synthesizer.engines.coqui.takes import letters

ENOUGH_LETTERS = 14
"""About what the shortest sentences of the corpora have that such models learn from."""

MOST_COPIES = 8
_SENTENCE_ENDS = ".!?…。！？।؟"


@dataclass(frozen=True)
class Script:
    """What is handed to the model: `text`, of which only what comes of `kept` is to be heard."""

    text: str
    kept: str

    @property
    def padded(self) -> bool:
        """Whether more is spoken than is heard."""
        return self.text != self.kept


def script_of(text: str) -> Script:
    """The line as a sentence; a short one is followed by itself until it is long enough, as a person repeats
    a word, and the pause behind the first is where it is cut."""
    sentence = text.strip()
    if sentence and sentence[-1] not in _SENTENCE_ENDS:
        sentence += "."
    count = max(1, letters(sentence))
    copies = min(MOST_COPIES, -(-ENOUGH_LETTERS // count))
    return Script(" ".join([sentence] * copies), sentence)
