"""The engines; one is chosen by setting and only that one is imported."""

from octavia_translator.engine import TranslationEngine
from octavia_translator.settings import TranslatorSettings


def make_engine(settings: TranslatorSettings) -> TranslationEngine:
    """The engine that the settings name, not yet started."""
    if settings.translator_engine == "timed":
        from octavia_translator.engines.timed import TimedTranslator

        return TimedTranslator(settings.timed_engine_seconds, threads=settings.translator_threads)
    from octavia_translator.engines.apertium import ApertiumTranslator

    return ApertiumTranslator(
        settings.apertium_data_dir,
        max_hops=settings.apertium_max_hops,
        threads=settings.translator_threads,
        warm_pipelines=settings.apertium_warm_pipelines,
        line_timeout_seconds=settings.translator_line_timeout_seconds,
    )
