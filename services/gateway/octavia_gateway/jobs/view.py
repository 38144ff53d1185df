"""What a run looks like to its owner: phase, progress and a sentence, from the facts alone.

Each is a function that rises with the facts, and facts only grow, so neither phase nor progress ever
falls within a run, whatever the order of events. Polling and streaming clients are shown this view.
"""

from dataclasses import dataclass

from octavia_gateway import messages
from octavia_gateway.jobs.run import Run
from octavia_gateway.jobs.states import JobStatus, Phase
from octavia_gateway.jobs.units import NO_UNITS, Units, whole_language
from octavia_gateway.messages import Language

STARTED, PLANNED = 10, 30
"""Permille once the credits are held, and once the source is cut."""

WEIGHTS = {
    Phase.TRANSCRIBING: 420,
    Phase.TRANSLATING: 50,
    Phase.SYNTHESIZING: 300,
    Phase.ASSEMBLING: 180,
}
"""Permille of each stage, by the share of time that the offline engines take (speech recognition and
synthesis are the long ones). With PLANNED they sum to 980: the rest is for the bill."""

CAPTURED, COMPLETED = 990, 1000


@dataclass(frozen=True)
class Step:
    """What is done just now, to be said in any language: `number` of `total` parts, or languages."""

    code: str
    number: int = 0
    total: int = 0
    language: str = ""

    def sentence(self, language: Language = "en") -> str:
        """As its owner reads it."""
        words = messages.words(f"job_{self.code}", language)
        return words.format(number=self.number, total=self.total, language=self.language)


@dataclass(frozen=True)
class View:
    """`permille` is progress in thousandths; `step` is English, and says why where the run failed."""

    phase: Phase
    permille: int
    doing: Step
    failure: str = ""

    @property
    def step(self) -> str:
        """What is done just now, as a sentence."""
        return self.failure or self.doing.sentence()


@dataclass(frozen=True)
class _Stage:
    phase: Phase
    done: int
    total: int

    @property
    def complete(self) -> bool:
        return self.done >= self.total


def view_of(run: Run) -> View:
    """The view of a run."""
    permille = _permille(run)
    if run.status.delivered:
        return View(Phase.COMPLETED, COMPLETED, Step(run.status.value))
    if run.status is JobStatus.FAILED:
        return View(Phase.FAILED, permille, Step("failed"), run.error.message if run.error else "")
    if run.status is JobStatus.CANCELLED:
        return View(Phase.CANCELLED, permille, Step("cancelled"))
    if run.status is JobStatus.PENDING:
        return View(Phase.PENDING, 0, Step("pending"))
    if run.status is JobStatus.QUEUED:
        return View(Phase.PENDING, permille, Step("cancelling" if run.cancel_requested else "queued"))
    phase, step = _at_work(run)
    if run.status is JobStatus.REVIEW:
        step = Step("review")
    return View(phase, permille, Step("cancelling") if run.cancel_requested else step)


def _at_work(run: Run) -> tuple[Phase, Step]:
    if run.charged is not None:
        return Phase.ASSEMBLING, Step("finishing")
    if run.chunks is None:
        return Phase.TRANSCRIBING, Step("opening")
    for stage in _stages(run, run.chunks):
        if not stage.complete:
            return stage.phase, _step(stage, run)
    return Phase.ASSEMBLING, Step("finishing")


def _step(stage: _Stage, run: Run) -> Step:
    number = min(stage.done + 1, stage.total)
    if stage.phase is not Phase.ASSEMBLING:
        return Step(stage.phase.value.lower(), number, stage.total)
    if stage.total == 1:
        return Step("assembling", 1, 1, run.languages[0])
    missing = next(language for language in run.languages if language not in run.ended_languages)
    return Step("assembling_one_of", number, stage.total, missing)


MOST_SHOWN_UNITS = 4000
"""Parts times languages that a document still tells one by one: some thirty hours in one language."""


def parts_of(run: Run) -> dict[str, str] | None:
    """How far each part is, a digit each in their order, by language.

    None before the source is cut, and where they are too many to be told one by one.

    0 waits, 1 is recognised, 2 is translated, 3 is spoken.
    """
    count = len(run.languages)
    if run.chunks is None or run.chunks * count > MOST_SHOWN_UNITS:
        return None
    return {
        language: "3" * run.chunks
        if language in run.outputs
        else "".join(str(_reached(run, chunk * count + place)) for chunk in range(run.chunks))
        for place, language in enumerate(run.languages)
    }


def _reached(run: Run, bit: int) -> int:
    stages: tuple[Units, ...] = (run.synthesized, run.translated, run.transcribed)
    return next((3 - place for place, units in enumerate(stages) if units.bits >> bit & 1), 0)


def _stages(run: Run, chunks: int) -> list[_Stage]:
    count = len(run.languages)
    # A finished language proves all of its units, whose events may still be on their way; of one that has
    # failed nothing more is to be done.
    proven = NO_UNITS
    for place, language in enumerate(run.languages):
        if language in run.ended_languages:
            proven = proven.union(whole_language(place, count, chunks))
    units = chunks * count
    return [
        _Stage(Phase.TRANSCRIBING, min(units, run.transcribed.union(proven).count()), units),
        _Stage(Phase.TRANSLATING, min(units, run.translated.union(proven).count()), units),
        _Stage(Phase.SYNTHESIZING, min(units, run.synthesized.union(proven).count()), units),
        _Stage(Phase.ASSEMBLING, len(run.ended_languages), count),
    ]


def _permille(run: Run) -> int:
    if run.status.delivered:
        return COMPLETED
    if run.charged is not None:
        return CAPTURED
    if run.chunks is None:
        return 0 if run.started_at is None else STARTED
    total = float(PLANNED)
    for stage in _stages(run, run.chunks):
        total += WEIGHTS[stage.phase] * (stage.done / stage.total if stage.total else 1.0)
    return int(total)
