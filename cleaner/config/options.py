"""What people write for us, as a typed frozen value."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """A frozen pydantic model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
