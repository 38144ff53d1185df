"""The engines of this service, as `octavia engines` tries them."""

from octavia_common.engines import EngineOffer

from octavia_translator.engines import NAMES, make_engine
from octavia_translator.settings import TranslatorSettings

OFFER = EngineOffer(
    kind="translator",
    names=NAMES,
    chosen=lambda: TranslatorSettings().translator_engine,
    make=lambda name: make_engine(TranslatorSettings.model_validate({"translator_engine": name})),
    gently={"LLM_START_SECONDS": "3"},
)
