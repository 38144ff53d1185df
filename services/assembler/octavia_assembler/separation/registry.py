"""The separator of the settings."""

from octavia_assembler.separation.base import Separator
from octavia_assembler.settings import AssemblerSettings


def make_separator(settings: AssemblerSettings) -> Separator | None:
    """What separates the voice, not yet started; None where the whole sound is ducked instead."""
    if settings.assembler_engine == "ducking":
        return None
    from octavia_assembler.separation.demucs import DemucsSeparator

    return DemucsSeparator(settings.demucs_model, settings.demucs_device)
