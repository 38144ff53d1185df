"""Words that people read on their history and on a job that was not begun."""

from octavia_common.events import AUTO, JobError, JobKind, JobSpec

from octavia_billing.domain.prices import STAGE

WELCOME = "Welcome credits"

WORK = {
    JobKind.VIDEO_TRANSLATE: "Video translation",
    JobKind.AUDIO_TRANSLATE: "Audio translation",
    JobKind.SUBTITLES: "Subtitles",
    JobKind.SUBTITLE_TRANSLATE: "Subtitle translation",
    JobKind.VIDEO_GENERATE: "Generated video",
}


def purpose_of(spec: JobSpec) -> str:
    """What a hold is for. It names no file: the ledger is kept for ever, a user's names are not."""
    work = WORK[spec.kind]
    if spec.kind is JobKind.VIDEO_GENERATE or not spec.target_languages:
        return work
    if spec.target_languages == (AUTO,):
        return f"{work} (in the language spoken)"
    return f"{work} ({spec.source_language} to {', '.join(spec.target_languages)})"


def partly_delivered(missing: tuple[str, ...]) -> str:
    """Why a part of a hold goes back: these languages could not be made."""
    return f"not delivered: {', '.join(missing)}"


def insufficient_credits(required: int, available: int) -> JobError:
    """Too little balance, with what can be done about it."""
    return JobError(
        code="insufficient_credits",
        message=f"This job needs {required} credits and {available} are available. "
        "Add credits, or choose fewer languages, then process it again.",
        stage=STAGE,
    )


def insufficient_for_jobs(jobs: int, required: int, available: int) -> JobError:
    """Too little balance for jobs that were submitted together."""
    return JobError(
        code="insufficient_credits",
        message=f"These {jobs} jobs need {required} credits and {available} are available. "
        "Add credits, or choose fewer files or languages, then process them again.",
        stage=STAGE,
    )


def insufficient_for_videos(videos: int, required: int, available: int) -> JobError:
    """Too little balance for videos that were asked for together."""
    what = "This video needs" if videos == 1 else f"These {videos} videos need"
    advice = "Add credits" if videos == 1 else "Add credits, or ask for fewer at once"
    return JobError(
        code="insufficient_credits",
        message=f"{what} {required} credits and {available} are available. {advice}, then try it again.",
        stage=STAGE,
    )


def hold_missing() -> JobError:
    """A job that was finished though its credits were never held."""
    return JobError(
        code="hold_missing",
        message="This job was finished without its credits being held, so its result is withheld and "
        "nothing was charged. Process it again.",
        stage=STAGE,
    )
