"""The only place with SQL."""

from collections.abc import Mapping
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

BY_KEY: Mapping[str, str] = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""Session settings of who settles. A settlement finds few rows by their keys among many. A connection plans
that once, perhaps while the tables are nearly empty and a look at all of them seems cheap, and keeps the
plan while they grow. Not for audits, which read everything."""
