"""Where a large model answers, and the key that it asks for, which is never written anywhere."""

import os
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cleaner.errors import InputError


class Address(BaseModel):
    """An endpoint that speaks the chat completions protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str  # as in https://api.example.org/v1
    key_env: str = "OPENAI_API_KEY"  # the variable that holds the key; the key is never written
    timeout: float = Field(120, gt=0)

    @field_validator("base_url", mode="after")
    @classmethod
    def _plain(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is an http:// or https:// address, as in https://host/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError("holds no key: name the variable that does in key_env")
        return value.rstrip("/")


def check_reachable_key(address: Address) -> None:
    """Raise unless the key's variable is set, or unnamed and the endpoint on this machine."""
    local = urlsplit(address.base_url).hostname in ("localhost", "127.0.0.1", "::1")
    asked = "key_env" in address.model_fields_set
    if not os.environ.get(address.key_env) and (asked or not local):
        raise InputError(
            f"{address.base_url}: the variable {address.key_env} is not set; it must hold the key"
        )
