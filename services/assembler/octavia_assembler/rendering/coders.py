"""Encoders whose packets can be made block by block and joined to one stream."""

from dataclasses import dataclass

from octavia_assembler.sound.blocks import AAC_FRAME, MP3_FRAME


@dataclass(frozen=True)
class Coder:
    """How an encoder of ffmpeg's is used on blocks.

    `options` choose it, `form` is the bare stream that it writes and that is read again; a packet is
    `frame` samples and, where all are alike, `packet_bytes` long. Its decoder gives the first sample `lag`
    samples late. `ahead` is by how many samples sound is fed too early to make up for that, where the
    container cannot say it; else the first packet of all is `priming` (it only starts decoders), and lies
    one frame before zero. `muxing` are options for whatever writes the stream into its container.
    """

    options: tuple[str, ...]
    form: tuple[str, str]
    frame: int
    lag: int
    ahead: int = 0
    packet_bytes: int | None = None
    muxing: tuple[str, ...] = ()

    @property
    def priming(self) -> int:
        """Packets before the first sample."""
        return (self.lag - self.ahead) // self.frame

    def packets(self, stream: bytes) -> list[memoryview]:
        """The packets of a bare stream."""
        view = memoryview(stream)
        if self.packet_bytes is None:
            return _adts_packets(view)
        return [view[at : at + self.packet_bytes] for at in range(0, len(view), self.packet_bytes)]


AAC_OPTIONS = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "192k")
"""ffmpeg's manual on the coder: better, and much faster, at rates like this one."""

AAC_CODER = Coder(AAC_OPTIONS, ("adts", "aac"), AAC_FRAME, lag=AAC_FRAME)

MP3_CODER = Coder(
    # Without its reservoir each frame is whole by itself, and 192 kbit/s are 576 bytes a frame at 48 kHz.
    ("-c:a", "libmp3lame", "-b:a", "192k", "-reservoir", "0", "-write_xing", "0", "-id3v2_version", "0"),
    ("mp3", "mp3"),
    MP3_FRAME,
    lag=1105,  # LAME's own delay of 576, and its decoders' of 529
    ahead=1105,
    packet_bytes=576,
    muxing=("-write_xing", "0"),  # it would say to leave out what is not there
)


def _adts_packets(view: memoryview) -> list[memoryview]:
    """By the length that each one's header states (ISO/IEC 13818-7, 6.2)."""
    packets, at = [], 0
    while at + 7 <= len(view):
        length = (view[at + 3] & 0b11) << 11 | view[at + 4] << 3 | view[at + 5] >> 5
        packets.append(view[at : at + length])
        at += max(length, 7)
    return packets
