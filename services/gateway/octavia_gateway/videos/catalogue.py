"""What can be asked for: choosing a model, and holding a wish against what it can do. Pure."""

from octavia_common.events import AspectRatio, VideoModel, VideoModelsPublished, VideoTask

from octavia_gateway.videos.errors import (
    ModelsUnknownError,
    RetiredModelError,
    UnknownModelError,
    UnsupportedVideoError,
)


def choose_model(catalogue: VideoModelsPublished, asked: str | None, task: VideoTask) -> VideoModel:
    """The model asked for, or the first that does `task`.

    Raises UnknownModelError, RetiredModelError, UnsupportedVideoError (422), ModelsUnknownError (503).
    """
    live = [model.id for model in catalogue.models]
    if asked is not None:
        found = next((model for model in catalogue.models if model.id == asked), None)
        if found is None:
            raise (RetiredModelError if asked in catalogue.retired else UnknownModelError)(asked, live)
    else:
        if not catalogue.models:
            raise ModelsUnknownError
        found = next((model for model in catalogue.models if task in model.tasks), catalogue.models[0])
    if task not in found.tasks:
        raise UnsupportedVideoError("task", task, found.id, found.tasks)
    return found


def check_wish(model: VideoModel, ratio: AspectRatio, duration_seconds: int) -> None:
    """Raises UnsupportedVideoError (422), which says what the model can do."""
    if ratio not in model.aspect_ratios:
        raise UnsupportedVideoError("aspect_ratio", ratio, model.id, model.aspect_ratios)
    if duration_seconds not in model.durations_seconds:
        raise UnsupportedVideoError("duration_seconds", duration_seconds, model.id, model.durations_seconds)
