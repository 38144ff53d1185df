"""Settings of billing, beside those every service has."""

from octavia_common.settings import OptionalPath, ServiceSettings
from pydantic import Field
from pydantic_settings import SettingsConfigDict


class BillingSettings(ServiceSettings):
    """Read from the environment, one variable a field, upper-cased."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    welcome_credits: int = Field(100, ge=0, description="Credits granted to a new user; 0 grants none.")
    prices_file: OptionalPath = Field(
        None, description="The price list, a JSON file like the bundled `prices.json`, used instead of it."
    )
    billing_batch: int = Field(256, ge=1, description="Most events that one transaction settles.")
    grant_expiry_seconds: float = Field(
        60.0, gt=0, description="Time between two looks for grants whose time is over."
    )
