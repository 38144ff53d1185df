"""What a run looks like to its owner: phase, progress and a sentence, from the facts alone.

Each is a function that rises with the facts, and facts only grow, so neither phase nor progress ever
falls within a run, whatever the order of events. Polling and streaming clients are shown this view.
"""

from dataclasses import dataclass

from octavia_gateway.jobs.run import Run
from octavia_gateway.jobs.states import JobStatus, Phase
from octavia_gateway.jobs.units import NO_UNITS, whole_language

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
class View:
    """`permille` is progress in thousandths."""

    phase: Phase
    permille: int
    step: str


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
    if run.status is JobStatus.COMPLETED:
        return View(Phase.COMPLETED, COMPLETED, "Done")
    if run.status is JobStatus.FAILED:
        return View(Phase.FAILED, permille, run.error.message if run.error else "Failed")
    if run.status is JobStatus.CANCELLED:
        return View(Phase.CANCELLED, permille, "Cancelled")
    if run.status is JobStatus.PENDING:
        return View(Phase.PENDING, 0, "Ready to be processed")
    if run.status is JobStatus.QUEUED:
        step = "Cancelling" if run.cancel_requested else "Waiting for a place in the queue"
        return View(Phase.PENDING, permille, step)
    phase, step = _at_work(run)
    return View(phase, permille, "Cancelling" if run.cancel_requested else step)


def _at_work(run: Run) -> tuple[Phase, str]:
    if run.charged is not None:
        return Phase.ASSEMBLING, "Finishing"
    if run.chunks is None:
        return Phase.TRANSCRIBING, "Opening the file and finding the speech"
    for stage in _stages(run, run.chunks):
        if not stage.complete:
            return stage.phase, _sentence(stage, run)
    return Phase.ASSEMBLING, "Finishing"


_VERBS = {
    Phase.TRANSCRIBING: "Transcribing",
    Phase.TRANSLATING: "Translating",
    Phase.SYNTHESIZING: "Speaking",
}


def _sentence(stage: _Stage, run: Run) -> str:
    number = min(stage.done + 1, stage.total)
    if stage.phase is not Phase.ASSEMBLING:
        return f"{_VERBS[stage.phase]} part {number} of {stage.total}"
    if stage.total == 1:
        return f"Putting the result together ({run.languages[0]})"
    missing = next(language for language in run.languages if language not in run.outputs)
    return f"Putting the result together, language {number} of {stage.total} ({missing})"


def _stages(run: Run, chunks: int) -> list[_Stage]:
    count = len(run.languages)
    # A finished language proves all of its units, whose events may still be on their way.
    proven = NO_UNITS
    for place, language in enumerate(run.languages):
        if language in run.outputs:
            proven = proven.union(whole_language(place, count, chunks))
    units = chunks * count
    return [
        _Stage(Phase.TRANSCRIBING, min(units, run.transcribed.union(proven).count()), units),
        _Stage(Phase.TRANSLATING, min(units, run.translated.union(proven).count()), units),
        _Stage(Phase.SYNTHESIZING, min(units, run.synthesized.union(proven).count()), units),
        _Stage(Phase.ASSEMBLING, len(run.outputs), count),
    ]


def _permille(run: Run) -> int:
    if run.status is JobStatus.COMPLETED:
        return COMPLETED
    if run.charged is not None:
        return CAPTURED
    if run.chunks is None:
        return 0 if run.started_at is None else STARTED
    total = float(PLANNED)
    for stage in _stages(run, run.chunks):
        total += WEIGHTS[stage.phase] * (stage.done / stage.total if stage.total else 1.0)
    return int(total)
