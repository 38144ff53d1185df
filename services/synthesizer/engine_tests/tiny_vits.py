"""Makes a VITS of random weights that Coqui loads by path: `python tiny_vits.py FOLDER [--cloning]`.

What it says is noise, of plausible length; everything around its weights is what a real one has. With
`--cloning` speakers are vectors, and a speaker encoder (random too) makes these of any voice.
"""

import argparse
import json
from pathlib import Path

import torch
from TTS.encoder.configs.speaker_encoder_config import SpeakerEncoderConfig
from TTS.encoder.utils.generic_utils import setup_encoder_model
from TTS.tts.configs.shared_configs import BaseAudioConfig, CharactersConfig
from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
from TTS.tts.models.vits import Vits

RATE = 16_000
SPEAKERS = ("ana", "bob", "eva")
LANGUAGES = ("es", "fr-fr", "en")
VECTOR = 16
FRAMES_A_LETTER = 6.0
"""Each of 16 ms, over a letter and the blank beside it: speech of about 10 letters a second."""

LOUDNESS = 0.1
"""Of the loudest speaker, root mean square."""

_LATIN = "".join(chr(code) for code in range(0x20, 0x250) if chr(code).isalpha())


def make(
    folder: Path, *, cloning: bool = False, languages: tuple[str, ...] = LANGUAGES, seed: int = 7
) -> Path:
    """Write checkpoint and configuration into `folder`; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    voices = (
        _with_vectors(folder) if cloning else {"use_speaker_embedding": True, "num_speakers": len(SPEAKERS)}
    )
    arguments = VitsArgs(
        out_channels=65,
        hidden_channels=16,
        hidden_channels_ffn_text_encoder=16,
        num_heads_text_encoder=1,
        num_layers_text_encoder=1,
        num_layers_posterior_encoder=1,
        num_layers_flow=1,
        resblock_kernel_sizes_decoder=[3],
        resblock_dilation_sizes_decoder=[[1, 3, 5]],
        upsample_initial_channel_decoder=16,
        use_sdp=False,
        length_scale=FRAMES_A_LETTER / 2,
        init_discriminator=False,
        speaker_embedding_channels=VECTOR,
        use_language_embedding=len(languages) > 1,
        **{name: value for name, value in voices.items() if name in VitsArgs.__dataclass_fields__},
    )
    config = VitsConfig(
        model_args=arguments,
        audio=BaseAudioConfig(sample_rate=RATE, hop_length=256, win_length=1024, fft_size=1024, num_mels=20),
        characters=CharactersConfig(
            characters_class="TTS.tts.models.vits.VitsCharacters",
            pad="_",
            eos="",
            bos="",
            characters=_LATIN,
            punctuations="!¡'(),-.:;¿? ",
            phonemes="",
        ),
        text_cleaner="multilingual_cleaners",
        languages=list(languages),
        speakers=list(SPEAKERS),
        use_phonemes=False,
        **{name: value for name, value in voices.items() if name in VitsConfig.__dataclass_fields__},
    )
    model = Vits(config)
    with torch.no_grad():
        # A random duration is no letter's; and an untrained decoder whispers, or shouts.
        model.duration_predictor.proj.weight.mul_(0.05)
        model.duration_predictor.proj.bias.zero_()
        model.eval()
        for _ in range(3):
            loudest = max(
                model.synthesize("una frase de prueba", speaker=who, language=languages[0])["wav"].std()
                for who in SPEAKERS
            )
            model.waveform_decoder.conv_post.weight.mul_(float(LOUDNESS / max(1e-9, loudest)))
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    config.save_json(folder / "config.json")
    (folder / "LICENSE").write_text("CC0-1.0\n", "utf-8")
    return folder


def _with_vectors(folder: Path) -> dict[str, object]:
    encoder_config = SpeakerEncoderConfig(
        audio=BaseAudioConfig(sample_rate=RATE, num_mels=20),
        model_params={
            "model_name": "lstm",
            "input_dim": 20,
            "proj_dim": VECTOR,
            "lstm_dim": 16,
            "num_lstm_layers": 1,
            "use_lstm_with_projection": True,
        },
        num_classes_in_batch=1,
        num_utter_per_class=1,
        num_loader_workers=0,
    )
    torch.save({"model": setup_encoder_model(encoder_config).state_dict()}, folder / "model_se.pth")
    encoder_config.save_json(folder / "config_se.json")
    vectors = {f"{name}.wav": {"name": name, "embedding": torch.randn(VECTOR).tolist()} for name in SPEAKERS}
    (folder / "speakers.json").write_text(json.dumps(vectors), "utf-8")
    return {
        "use_d_vector_file": True,
        "d_vector_file": [str(folder / "speakers.json")],
        "d_vector_dim": VECTOR,
        "speaker_encoder_model_path": str(folder / "model_se.pth"),
        "speaker_encoder_config_path": str(folder / "config_se.json"),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cloning", action="store_true")
    given = parser.parse_args()
    make(given.folder, cloning=given.cloning)
