"""The engines of this service, as `octavia engines` tries them."""

from octavia_common.engines import EngineOffer

from octavia_transcriber.engines.registry import ENGINES, make_engine
from octavia_transcriber.settings import TranscriberSettings

OFFER = EngineOffer(
    kind="transcriber",
    names=tuple(ENGINES),
    chosen=lambda: TranscriberSettings().transcriber_engine,
    make=lambda name: make_engine(TranscriberSettings.model_validate({"transcriber_engine": name})),
    gently={"WHISPER_DOWNLOAD": "false"},
)
