"""The engines of this service, as `octavia engines` tries them."""

from octavia_common.engines import EngineOffer

from octavia_synthesizer.engines import NAMES, make_engine
from octavia_synthesizer.settings import SynthesizerSettings

OFFER = EngineOffer(
    kind="synthesizer",
    names=NAMES,
    chosen=lambda: SynthesizerSettings().synthesizer_engine,
    make=lambda name: make_engine(SynthesizerSettings.model_validate({"synthesizer_engine": name})),
    gently={"COQUI_DOWNLOAD": "false"},
)
