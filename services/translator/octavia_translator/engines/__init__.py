"""The engines; one is chosen by setting and only that one is imported."""

from typing import get_args

from octavia_translator.engine import TranslationEngine
from octavia_translator.settings import TranslatorSettings

NAMES: tuple[str, ...] = get_args(TranslatorSettings.model_fields["translator_engine"].annotation)
"""What the setting TRANSLATOR_ENGINE may be."""


def make_engine(settings: TranslatorSettings) -> TranslationEngine:
    """The engine that the settings name, not yet started."""
    if settings.translator_engine == "timed":
        from octavia_translator.engines.timed import TimedTranslator

        return TimedTranslator(settings.timed_engine_seconds, threads=settings.translator_threads)
    if settings.translator_engine == "vllm":
        from octavia_translator.engines.llm.client import LlmClient
        from octavia_translator.engines.llm.engine import LlmTranslator

        client = LlmClient(
            settings.llm_url,
            key=settings.llm_api_key.get_secret_value(),
            timeout_seconds=settings.llm_timeout_seconds,
            connections=settings.llm_requests_in_flight,
        )
        return LlmTranslator(
            client,
            model=settings.llm_model,
            languages=settings.llm_languages.replace(",", " ").split(),
            threads=settings.llm_requests_in_flight,
            lines_per_request=settings.llm_lines_per_request,
            start_seconds=settings.llm_start_seconds,
            candidates=settings.llm_candidates,
        )
    from octavia_translator.engines.apertium import ApertiumTranslator

    return ApertiumTranslator(
        settings.apertium_data_dir,
        max_hops=settings.apertium_max_hops,
        threads=settings.translator_threads,
        warm_pipelines=settings.apertium_warm_pipelines,
        line_timeout_seconds=settings.translator_line_timeout_seconds,
    )
