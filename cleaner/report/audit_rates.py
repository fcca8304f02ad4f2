"""What an audit of a run says: its rates, and duplicates that were better than what was kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from cleaner.errors import InputError
from cleaner.report.contents import AuditRow, Pair
from cleaner.report.samples import pair
from cleaner.results.audit import Rate, Verdict, rates, read_audit
from cleaner.results.finished import Run
from cleaner.results.source_texts import texts_at

_WORSE = 3  # duplicates of a stage that are shown beside a worse survivor
_SAID = {
    "false_keep": "kept, and should have gone",
    "false_drop": "dropped, and should have stayed",
    "false_removal": "removed, and no duplicate",
    "worse_survivor": "removed, and better than what was kept",
}


@dataclass(frozen=True)
class Audited:
    """The verdicts of an audit, and what they come to; `note` says why there are none."""

    verdicts: Sequence[Verdict]
    rates: Sequence[Rate]
    note: str

    @classmethod
    def of(cls, run: Run) -> "Audited":
        """Return what `audit.json` of a run says; one of another run does not count."""
        try:
            verdicts = read_audit(run)
        except InputError as error:
            return cls((), (), str(error))
        found = rates(verdicts, [entry.title for entry in run.job.stages])
        return cls(
            verdicts, found, "" if found else f"Nobody judged it yet: cleaner audit {run.path}"
        )

    def rows(self) -> list[AuditRow]:
        """Return the rates as a report shows them."""
        return [
            AuditRow(
                one.stage, _SAID[one.measure], one.wrong, one.judged, one.share, one.low, one.high
            )
            for one in self.rates
        ]

    def worse(self, run: Run) -> dict[str, list[Pair]]:
        """Return, by stage, duplicates that were judged to be better than what was kept instead."""
        found: dict[str, list[Pair]] = {}
        for one in self.verdicts:
            mine = found.setdefault(one.stage, []) if one.answer == "worse" else None
            if mine is None or len(mine) >= _WORSE:
                continue
            rows = run.at(one.file, one.row).to_dicts()
            for row in rows[:1]:
                partner = {"file": row["duplicate_file"], "row": row["duplicate_row"]}
                text, kept = texts_at(run, [{"file": one.file, "row": one.row}, partner])
                if text is not None and kept is not None:
                    mine.append(pair(row, text, kept, "judged to be the better one"))
        return found
