"""ffmpeg's complaints become words for the owner of the file; everything else stays a failed tool."""

from pathlib import Path

import pytest
from octavia_common.media import ForbiddenFormatError, ToolFailedError, ffmpeg, safe_input


async def test_a_good_file_is_converted(media: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    await ffmpeg(*safe_input(media / "video.mp4"), "-vn", "-ar", "16000", "-ac", "1", str(out))
    assert out.stat().st_size == pytest.approx(6 * 32000, abs=4000)


async def test_bytes_go_in_and_out(media: Path) -> None:
    result = await ffmpeg(*safe_input(media / "sound.wav"), "-f", "s16le", "-ar", "8000", "pipe:1")
    assert len(result.stdout) == pytest.approx(6 * 16000, abs=100)


async def test_a_playlist_is_refused_here_too(media: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.mp4"
    evil.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{media / 'video.mp4'}\n#EXT-X-ENDLIST\n")
    with pytest.raises(ForbiddenFormatError):
        await ffmpeg(*safe_input(evil), "-f", "null", "-")


async def test_our_own_mistakes_are_not_blamed_on_the_file(media: Path) -> None:
    with pytest.raises(ToolFailedError) as caught:
        await ffmpeg(*safe_input(media / "sound.wav"), "-c:a", "no_such_codec", "-f", "null", "-")
    assert "no_such_codec" in caught.value.stderr
