"""What a job's run looks like, for events in any order and number."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from octavia_common.events import AUTO, ReleaseReason
from octavia_gateway.jobs.announce import kind_of
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.run import Run, apply
from octavia_gateway.jobs.states import JobStatus, Phase
from octavia_gateway.jobs.view import view_of
from octavia_gateway.webhooks.kinds import KINDS

from .events import NOW, JobEvents, spec_of

PHASES = list(Phase)


def run_after(made: JobEvents, *events: object) -> Run:
    run = Run(languages=made.spec.target_languages)
    for number, event in enumerate(events):
        run = apply(run, event, NOW + timedelta(seconds=number))  # type: ignore[arg-type]
    return run


@st.composite
def shuffled_runs(draw: st.DrawFn) -> tuple[JobEvents, list[object]]:
    """The events of a run, some twice or thrice, in any order whatever."""
    languages = tuple(draw(st.sampled_from([("es",), ("es", "fr"), ("es", "fr", "pt")])))
    made = JobEvents(chunks=draw(st.integers(0, 5)))
    made.spec = spec_of(made.job.user_id, languages)
    events = made.whole_run()
    again = draw(st.lists(st.sampled_from(events), max_size=10))
    return made, draw(st.permutations([*events, *again]))


@given(shuffled_runs())
def test_progress_and_phase_never_fall_and_every_order_ends_alike(
    case: tuple[JobEvents, list[object]],
) -> None:
    made, events = case
    run = Run(languages=made.spec.target_languages)
    before = view_of(run)
    for event in events:
        run = apply(run, event, NOW)  # type: ignore[arg-type]
        view = view_of(run)
        assert view.permille >= before.permille
        assert PHASES.index(view.phase) >= PHASES.index(before.phase)
        assert 0 <= view.permille <= 1000
        assert view.step
        before = view
    assert run.status is JobStatus.COMPLETED
    assert (before.phase, before.permille) == (Phase.COMPLETED, 1000)
    assert set(run.outputs) == set(made.spec.target_languages)


@given(shuffled_runs())
def test_a_run_in_the_language_spoken_is_called_by_it_in_every_order(
    case: tuple[JobEvents, list[object]],
) -> None:
    made, events = case
    assume(len(made.spec.target_languages) == 1)
    run = Run(languages=(AUTO,))
    named = Run(languages=made.spec.target_languages)
    for event in events:
        run, named = apply(run, event, NOW), apply(named, event, NOW)  # type: ignore[arg-type]
    assert run == named


@st.composite
def shuffled_runs_that_miss_languages(draw: st.DrawFn) -> tuple[JobEvents, tuple[str, ...], list[object]]:
    """As `shuffled_runs`, but of one or two of three languages it is told that they cannot be made."""
    languages = ("es", "fr", "pt")
    made = JobEvents(chunks=draw(st.integers(0, 4)))
    made.spec = spec_of(made.job.user_id, languages)
    missing = tuple(draw(st.lists(st.sampled_from(languages), min_size=1, max_size=2, unique=True)))
    events = made.whole_run(*missing)
    again = draw(st.lists(st.sampled_from(events), max_size=10))
    return made, missing, draw(st.permutations([*events, *again]))


@given(shuffled_runs_that_miss_languages())
def test_a_run_that_misses_languages_ends_partially_completed_in_every_order(
    case: tuple[JobEvents, tuple[str, ...], list[object]],
) -> None:
    made, missing, events = case
    run = Run(languages=made.spec.target_languages)
    before = view_of(run)
    for event in events:
        run = apply(run, event, NOW)  # type: ignore[arg-type]
        view = view_of(run)
        assert view.permille >= before.permille
        assert PHASES.index(view.phase) >= PHASES.index(before.phase)
        assert view.step
        before = view
    assert run.status is JobStatus.PARTIALLY_COMPLETED
    assert set(run.failed) == set(missing)
    assert set(run.delivered) == set(made.spec.target_languages) - set(missing)
    assert (before.phase, before.permille) == (Phase.COMPLETED, 1000)


def test_what_the_join_says_counts_whatever_was_told_of_a_language_before() -> None:
    made = JobEvents(chunks=0)
    run = run_after(made, made.planned(), made.language_failed("es"), made.assembled("es"))
    assert (set(run.outputs), set(run.failed)) == (set(), {"es"}), "what was told first stands"
    run = apply(run, made.job_assembled("fr"), NOW)
    assert (set(run.outputs), set(run.failed)) == ({"es"}, {"fr"})


@st.composite
def shuffled_reviews(draw: st.DrawFn) -> tuple[JobEvents, list[object]]:
    """What is told of a run up to its review, in any order, some of it twice."""
    languages = ("es", "fr")
    made = JobEvents(chunks=draw(st.integers(1, 4)))
    made.spec = spec_of(made.job.user_id, languages)
    events: list[object] = [made.reserved(), made.planned()]
    for index in range(made.chunks):
        if draw(st.booleans()):
            events.append(made.held(index))
        else:
            events += [made.held(index, language) for language in languages]
    again = draw(st.lists(st.sampled_from(events), max_size=6))
    return made, draw(st.permutations([*events, *again]))


@given(shuffled_reviews())
def test_a_run_waits_once_all_of_it_waits_and_goes_on_once_it_is_released(
    case: tuple[JobEvents, list[object]],
) -> None:
    made, events = case
    run = run_after(made, *events)
    assert run.status is JobStatus.REVIEW
    assert run.status.at_work
    assert not run.status.ended
    assert view_of(run).step == "Waiting for your review"
    run = replace(run, review_ended=True, status=JobStatus.PROCESSING)
    for event in [*events, *made.whole_run()]:
        assert run.status in (JobStatus.PROCESSING, JobStatus.COMPLETED)
        run = apply(run, event, NOW)  # type: ignore[arg-type]
    assert run.status is JobStatus.COMPLETED


def test_a_language_that_has_failed_is_not_waited_for() -> None:
    made = JobEvents(chunks=1)
    run = run_after(made, made.planned(), made.held(0, "es"))
    assert run.status is JobStatus.PROCESSING
    assert apply(run, made.language_failed("fr"), NOW).status is JobStatus.REVIEW


def adding(made: JobEvents) -> Run:
    """A run that adds the job's languages to one that has Galician, and could not have Portuguese."""
    return Run(
        languages=made.spec.target_languages,
        kept={"gl": made.output("gl")},
        failed={"pt": made.language_failed("pt").error},
        charged_before=10,
    )


def test_a_run_that_adds_languages_keeps_what_there_is() -> None:
    made = JobEvents(chunks=1)
    run = adding(made)
    for event in made.whole_run():
        assert set(run.delivered) == {"gl"}
        run = apply(run, event, NOW)
    assert run.status is JobStatus.PARTIALLY_COMPLETED, "Portuguese is still missing"
    assert set(run.delivered) == {"gl", "es", "fr"}


@pytest.mark.parametrize("reason", list(ReleaseReason))
def test_a_run_that_adds_languages_in_vain_leaves_what_there_was(reason: ReleaseReason) -> None:
    made = JobEvents(chunks=1)
    run = adding(made)
    for event in (made.reserved(), made.planned(), made.assembled("es"), made.released(reason)):
        run = apply(run, event, NOW)
    assert run.status is JobStatus.PARTIALLY_COMPLETED
    assert set(run.delivered) == {"gl"}, "nothing is delivered unpaid"
    assert set(run.failed) == {"es", "fr", "pt"}
    code = "cancelled" if reason is ReleaseReason.CANCELLED else "unusable_media"
    assert {run.failed[each].code for each in ("es", "fr")} == {code}


@given(shuffled_runs(), st.integers(0, 100), st.sampled_from(list(ReleaseReason)))
def test_a_released_hold_ends_the_run_wherever_it_falls(
    case: tuple[JobEvents, list[object]], place: int, reason: ReleaseReason
) -> None:
    made, events = case
    without_capture = [event for event in events if event != made.captured()]
    place = min(place, len(without_capture))
    ended = run_after(made, *without_capture[:place], made.released(reason))
    after = run_after(made, *without_capture[:place], made.released(reason), *without_capture[place:])
    assert after == ended
    assert after.status is (JobStatus.FAILED if reason is ReleaseReason.FAILED else JobStatus.CANCELLED)


def test_progress_moves_with_every_unit() -> None:
    made = JobEvents(chunks=50)
    seen = [0]
    run = Run(languages=made.spec.target_languages)
    for event in made.whole_run():
        run = apply(run, event, NOW)
        seen.append(view_of(run).permille)
    assert len(set(seen)) > 150
    assert max(b - a for a, b in itertools.pairwise(seen)) <= 100


def test_phases_come_in_order_with_sentences() -> None:
    made = JobEvents(chunks=50)
    made.spec = spec_of(made.job.user_id, ("es",))
    run = run_after(made)
    assert view_of(run).phase is Phase.PENDING
    run = apply(run, made.reserved(), NOW)
    assert view_of(run).phase is Phase.TRANSCRIBING
    assert run.started_at == NOW
    run = apply(run, made.planned(), NOW)
    for index in range(50):
        run = apply(run, made.transcribed(index, "es"), NOW)
    for index in range(11):
        run = apply(run, made.translated(index, "es"), NOW)
    assert view_of(run).phase is Phase.TRANSLATING
    assert view_of(run).step == "Translating part 12 of 50"
    for index in range(50):
        run = apply(run, made.synthesized(index, "es"), NOW)
    assert view_of(run).phase is Phase.ASSEMBLING
    run = apply(run, made.assembled("es"), NOW)
    assert run.status is JobStatus.PROCESSING
    run = apply(run, made.captured(), NOW)
    assert view_of(run).phase is Phase.COMPLETED


def test_captured_before_the_outputs_are_known_is_not_completed_yet() -> None:
    made = JobEvents(chunks=1)
    run = run_after(made, made.captured(), made.assembled("es"))
    assert run.status is JobStatus.PROCESSING
    assert view_of(run).permille < 1000
    assert apply(run, made.assembled("fr"), NOW).status is JobStatus.COMPLETED


def test_a_rejected_run_fails_with_its_reason() -> None:
    made = JobEvents()
    run = run_after(made, made.rejected())
    assert run.status is JobStatus.FAILED
    assert run.error is not None
    assert run.error.code == "insufficient_credits"
    assert apply(run, made.reserved(), NOW) == run


@pytest.mark.parametrize("language", ["de", ""])
def test_units_of_languages_not_asked_for_count_nothing(language: str) -> None:
    made = JobEvents()
    run = run_after(made, made.planned())
    assert apply(run, made.translated(0, language), NOW) == run


def test_web_hooks_can_be_told_of_every_end_and_of_a_job_that_waits() -> None:
    made = JobEvents(chunks=1)
    for status in JobStatus:
        job = Job(
            job_id=made.job.job_id,
            user_id=made.job.user_id,
            file_id=made.job.job_id,
            spec=made.spec,
            quote_credits=1,
            price_version="v",
            created_at=NOW,
            run=Run(languages=made.spec.target_languages, status=status),
        )
        told = kind_of(job)
        assert (told in KINDS) == (status.ended or status is JobStatus.REVIEW), told
