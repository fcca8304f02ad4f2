"""A stage at its place in a job, as it travels to workers and stands in the keys of units."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar

from cleaner.config.plain import Plain
from cleaner.job.job_file import Entry
from cleaner.stages import STAGES, plugins
from cleaner.stages.base import Stage
from cleaner.stages.global_stage import GlobalStage
from cleaner.storage import store

Spec = TypeVar("Spec", bound="StageSpec")


@dataclass(frozen=True, kw_only=True)
class StageSpec(Plain):
    """A resolved stage, with what it reads; `from_plain` makes it again, on any node.

    Of options that a stage calls `unkeyed` nothing is said: they come back as their defaults.
    """

    name: str
    index: int
    title: str
    options: Stage
    version: int
    reads: Mapping[str, str]  # carried columns, as the job calls them -> name inside
    files: Mapping[str, str]  # models and lists that decide the outcome -> SHA-256
    plugin: str | None = None  # `module:Class` of a stage of another package
    source: str | None = None  # a hash of that module

    @classmethod
    def of(cls, entry: Entry, reads: Mapping[str, str]) -> "StageSpec":
        """Return the spec of a stage of a job."""
        kind = type(entry.stage)
        plugin = plugins.place_of(kind)
        return StageSpec(
            name=entry.name,
            index=entry.index,
            title=entry.title,
            options=entry.stage,
            version=entry.stage.version,
            reads=dict(reads),
            files={p: store.sha256(p) for p in entry.stage.files() if store.exists(p)},
            plugin=plugin,
            source=None if plugin is None else plugins.source_hash(kind),
        )

    def plain(self) -> dict[str, Any]:
        """Return the spec as plain data."""
        said = super().plain()
        across = self.options.global_stage()
        for name in () if across is None else across.unkeyed:
            said["options"].pop(name, None)
        return said

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read back what `plain` returned."""
        if "plugin" in plain:
            kind = plugins.class_at(plain["plugin"])
        else:
            kind = STAGES[plain["name"]].resolved_type()
        return super().from_plain({**plain, "options": kind.model_validate(plain["options"])})

    def as_part_of(self, kind: type[Spec], **more: Any) -> Spec:
        """Return a spec that says more of the same stage."""
        return kind(**{one.name: getattr(self, one.name) for one in fields(self)}, **more)

    def across(self) -> GlobalStage:
        """Return how the stage sees all rows."""
        across = self.options.global_stage()
        if across is None:
            raise TypeError(f"{self.name} with these options goes row by row")
        return across
