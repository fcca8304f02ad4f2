"""Taxonomies: what documents may be about, and what kind of text they may be."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cleaner.config.mistakes import guess
from cleaner.config.spec import read_spec
from cleaner.errors import JobError


class Category(BaseModel):
    """One category: its label, its names for people, and what belongs to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    en: str
    zh: str
    about: str


class Taxonomy(BaseModel):
    """A taxonomy file: two ways to part documents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    title: str
    source: str | dict[str, str] | None = None
    topics: tuple[Category, ...] = Field(min_length=2)
    kinds: tuple[Category, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _different(self) -> "Taxonomy":
        names = [one.name for one in (*self.topics, *self.kinds)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two categories are named {', '.join(twice)}")
        return self

    def categories(self, of: str) -> tuple[Category, ...]:
        """Return the categories of `topic` or `kind`."""
        ways = {"topic": self.topics, "kind": self.kinds}
        if of not in ways:
            raise JobError(f"{self.name}: no categories {of!r}; there are: {', '.join(ways)}")
        return ways[of]

    def check(self, labels: tuple[str, ...], model: str) -> None:
        """Raise JobError unless all labels of a model are categories of one of the two ways."""
        ways = [{one.name for one in way} for way in (self.topics, self.kinds)]
        if any(way >= set(labels) for way in ways):
            return
        strange = sorted(set(labels) - ways[0] - ways[1]) or sorted(labels)
        near = guess(strange[0], sorted(ways[0] | ways[1]))
        raise JobError(
            f"{model}: its labels are not the topics, nor the kinds, of the taxonomy {self.name}: "
            f"{strange[0]!r}{near}"
        )


def read_taxonomy(name: str) -> Taxonomy:
    """Return the taxonomy of a file; a plain name is one of ours, in `jobs/taxonomies/`."""
    ours = name.replace("_", "").isalnum()
    return read_spec(f"shipped:jobs/taxonomies/{name}.yaml" if ours else name, Taxonomy)
