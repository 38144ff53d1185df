"""`make quality`: the fixed set, dubbed by the platform's stages and by a naive chain, side by side."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from octavia_assembler.reporting.report import report_of
from octavia_common.documents import DubResult, Loudness, QualityReport, QualityTotals, Transcript
from octavia_common.telemetry.logs import configure_logging
from octavia_samples.measure import loudness
from octavia_samples.quality_set import SET, make_scene

from octavia_benchmarks.plain_script import PlainScript, plain_script
from octavia_benchmarks.quality.candidates import gain
from octavia_benchmarks.quality.judging import Judged, heard_onsets, rates_of, table
from octavia_benchmarks.quality.naive_chain import NaiveChain

TARGET = "es"
FRAMES_A_SECOND = 25.0


async def main() -> None:
    """Print the tables."""
    platform: list[Judged] = []
    naive: list[Judged] = []
    with tempfile.TemporaryDirectory(prefix="octavia-quality-") as scratch:
        folder = Path(scratch)
        async with plain_script() as script:
            chain = NaiveChain(script.translator, script.synthesizer, folder)
            for number, scene in enumerate(SET):
                source = folder / f"{number}.mp4"
                truth = await asyncio.to_thread(make_scene, source, scene)
                dubbed = await script.dubbed(source, seconds=truth.duration, target=TARGET)
                result = await script.store.read_document(dubbed.made.result, DubResult)
                media = await script.store.fetch(dubbed.made.media, folder / f"{number}.dub.mp4")
                totals = await _totals(script, result)
                onsets = heard_onsets(media, truth, result.segments)
                platform.append(Judged(totals, onsets, rates_of(result.segments)))
                transcripts = [
                    await script.store.read_document(each, Transcript) for each in dubbed.transcripts
                ]
                output = folder / f"{number}.naive.mp4"
                placed, cues = await chain.dub(source, transcripts, TARGET, output)
                before, after = loudness(source), loudness(output)
                told = report_of(
                    TARGET,
                    placed,
                    cues=cues,
                    frame_rate=FRAMES_A_SECOND,
                    loudness=Loudness(
                        source_lufs=before.integrated,
                        output_lufs=after.integrated,
                        output_true_peak_dbtp=after.true_peak,
                    ),
                    voice_gain_db=None,
                )
                naive.append(Judged(told.totals, heard_onsets(output, truth, placed), rates_of(placed)))
                print(f"{scene.name}: {len(result.segments)} lines, {truth.duration:.1f} s", flush=True)
        gained = await gain()
    print(f"\nMeasured on {datetime.now(UTC):%Y-%m-%d}, en to {TARGET}, the offline engines.\n")
    print(table(platform, naive))
    print(f"\n{gained}")


async def _totals(script: PlainScript, result: DubResult) -> QualityTotals:
    assert result.report is not None
    return (await script.store.read_document(result.report, QualityReport)).totals


if __name__ == "__main__":
    configure_logging("quality", level="WARNING", style="console")
    asyncio.run(main())
