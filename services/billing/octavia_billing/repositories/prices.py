"""Price lists that were ever in force."""

from collections.abc import Collection

from octavia_common.pricing import PriceList

from octavia_billing.repositories import Connection


class PriceRepository:
    """Keeps every published list, so that an older quote can still be held against its own."""

    async def add(self, connection: Connection, prices: PriceList) -> bool:
        """Keep a list; False where this version is known already."""
        row = await connection.fetchval(
            """
            INSERT INTO price_lists (version, prices) VALUES ($1, $2::text::jsonb)
            ON CONFLICT DO NOTHING RETURNING version
            """,
            prices.version,
            prices.model_dump_json(),
        )
        return row is not None

    async def latest_version(self, connection: Connection) -> str | None:
        """The version published last."""
        version: str | None = await connection.fetchval(
            "SELECT version FROM price_lists ORDER BY published_at DESC LIMIT 1"
        )
        return version

    async def find(self, connection: Connection, versions: Collection[str]) -> list[PriceList]:
        """The known ones among `versions`."""
        rows = await connection.fetch(
            "SELECT prices::text AS body FROM price_lists WHERE version = ANY($1)", list(versions)
        )
        return [PriceList.model_validate_json(row["body"]) for row in rows]
