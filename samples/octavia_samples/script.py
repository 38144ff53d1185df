"""What is said, by whom and after which pause."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

VOICES = {"S1": "slt", "S2": "rms"}
"""Speakers of the sample and flite's voices for them; pocketsphinx follows both well."""


@dataclass(frozen=True)
class Line:
    """A sentence; `pause` is the silence before it in seconds."""

    speaker: str
    text: str
    pause: float


SAMPLE: tuple[Line, ...] = (
    Line("S1", "Welcome to the history museum. How can I help you?", 1.0),
    Line("S2", "Thank you. We would like to see the old paintings first.", 0.8),
    Line("S1", "They are on the second floor, next to the big window.", 0.7),
    Line("S2", "How many people work here every day?", 1.2),
    Line("S1", "More than thirty, and all of them can speak English and French.", 0.9),
    Line("S2", "That is very interesting. What time do you close?", 1.6),
    Line("S1", "We close at six in the evening, but tomorrow we are open until eight.", 0.8),
    Line("S2", "Then we will come back tomorrow with the children.", 1.1),
    Line("S1", "Please remember to bring your tickets with you.", 2.0),
    Line("S2", "We will not forget them. We will see you tomorrow.", 0.9),
)
"""The bundled sample, about 40 s."""

SENTENCES: tuple[str, ...] = (
    "My brother works in a small hospital near the station.",
    "The river was high after three days of rain.",
    "We decided to leave the house early in the morning.",
    "The teacher asked the students to open the book.",
    "Every summer they travel to the mountains with their friends.",
    "She wrote a long letter to her mother last week.",
    "There was nothing to eat in the kitchen but bread and cheese.",
    "The new road will connect the two villages.",
    "I have never seen so many people in the market.",
    "They built the bridge more than a hundred years ago.",
    "The doctor said that he must stay in bed for a month.",
    "The children were playing in the garden behind the church.",
    "You can find the answer at the end of the lesson.",
    "He closed the door and turned off the light.",
    "Our company wants to open another office next year.",
    "The train to the city leaves in ten minutes.",
    "The dog was sleeping under the table all afternoon.",
    "Nobody knew the name of the old man.",
    "In the winter the days are short and the nights are long.",
    "It is important to drink water when the weather is hot.",
)
"""For videos of any length; spoken in turn, every second one is for the second speaker."""

_PAUSES = (0.7, 1.1, 0.8, 1.5, 0.9, 2.0, 0.75, 1.3)


def endless() -> Iterator[Line]:
    """Lines without end: the speaker changes with each, the pauses vary, nothing is random."""
    lines = zip(cycle(SENTENCES), cycle(_PAUSES), cycle(VOICES), strict=False)
    for text, pause, speaker in lines:
        yield Line(speaker, text, pause)
