"""The generated pages of the documents hold what the code says."""

import json
from pathlib import Path

import pytest
from octavia_common.commands.asyncapi import Contract, contracts, document
from octavia_common.commands.settings import settings_page
from octavia_local.settings import SERVICES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_setting_is_in_the_table() -> None:
    assert (DOCS / "settings.md").read_text() == settings_page(), "run `octavia settings > docs/settings.md`"


def test_every_service_has_a_contract() -> None:
    assert {contract.service for contract in contracts()} == set(SERVICES)


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.service)
def test_the_asyncapi_document_is_up_to_date(contract: Contract) -> None:
    written = json.loads((DOCS / "asyncapi" / f"{contract.service}.json").read_text())
    assert written == document(contract), "run `octavia asyncapi`"


def test_what_is_sent_is_received_by_somebody() -> None:
    sent = {kind for contract in contracts() for kind in contract.sends}
    received = {kind for contract in contracts() for kind in contract.receives}
    assert sent <= received
    assert received <= sent
