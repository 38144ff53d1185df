"""What a translator counts."""

from prometheus_client import Counter

LINES = Counter(
    "octavia_translated_lines_total", "Lines that left the translator, by what is wrong with them.",
    ["engine", "problem"],
)  # fmt: skip
ASKED = Counter(
    "octavia_translator_answers_total", "Answers of a language model for one line, by the first thing wrong.",
    ["engine", "problem"],
)  # fmt: skip
