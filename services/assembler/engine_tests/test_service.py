"""The whole service as a process with Demucs by path: it starts, is ready, and says why where it cannot."""

import asyncio
from pathlib import Path

import pytest
from octavia_common.commands.topics import apply_topics
from octavia_common.migrations import migrate, migrations_of_installed_services
from octavia_common.settings import ServiceSettings
from octavia_common.testing import replica

from .tiny_demucs import tiny_htdemucs, write_safetensors

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
async def environment(addresses, database_url, topic_prefix, bucket) -> dict[str, str]:
    found = {
        **addresses.environment(),
        "KAFKA_PREFIX": topic_prefix,
        "DATABASE_URL": database_url,
        "S3_BUCKET": bucket,
        "SHUTDOWN_GRACE_SECONDS": "2",
        "ASSEMBLER_ENGINE": "demucs",
    }
    await apply_topics(ServiceSettings.model_validate({key.lower(): value for key, value in found.items()}))
    folder = migrations_of_installed_services()["assembler"]
    await asyncio.to_thread(migrate, database_url, "assembler", folder)
    return found


async def test_it_is_ready_once_its_model_is_loaded(environment: dict[str, str], tmp_path: Path) -> None:
    model = write_safetensors(tmp_path / "tiny.safetensors", tiny_htdemucs())
    async with replica("assembler", {**environment, "DEMUCS_MODEL": str(model)}, tmp_path / "log") as process:
        assert process.returncode is None


async def test_without_its_model_it_ends_with_one_clear_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with pytest.raises(AssertionError, match="octavia-assembler: ASSEMBLER_ENGINE=demucs needs DEMUCS_MODEL"):
        async with replica("assembler", environment, log):
            pass
