"""What can go wrong, each class with the exit code of the command line.

CleanerError                 1  an internal error when raised bare
├── JobError                 2  the job file or the command is wrong
│   └── RuleError            2  a filter file is wrong
├── InputError               3  the input or the storage failed
│   └── UnreadableFile       3  one file cannot be read; a run quarantines it
├── StorageError             3  the storage failed; never an unreadable file
│   └── Damaged              3  a committed file is not what its marker says
├── MemoryShort              3  a task did not get the memory it asked for
├── TooManyFailures          3  more rows failed than max_error_rate allows
├── AlarmError               4  an alarm of the job stopped the run
└── AccountError             4  the counts do not add up
"""


def is_panic(error: BaseException) -> bool:
    """Return whether this is a panic of a Rust library, which arrives beside all `Exception`s."""
    return type(error).__name__ == "PanicException"


class CleanerError(Exception):
    """Base of every error raised on purpose; its text is a message for a person."""

    exit_code = 1


class JobError(CleanerError):
    """The job file, a filter it names, or the command line is wrong."""

    exit_code = 2


class RuleError(JobError):
    """A filter file is wrong."""


class InputError(CleanerError):
    """The input or the storage failed."""

    exit_code = 3


class UnreadableFile(InputError):
    """One file cannot be opened or read; under `quarantine` it becomes a failed unit."""


class StorageError(CleanerError):
    """The storage failed; no row is condemned, the run can be continued.

    No InputError, so that nobody takes it for a file that cannot be read.
    """

    exit_code = 3


class Damaged(StorageError):
    """A committed file is not what its marker says; a run makes its unit again."""

    def __init__(self, path: str, said: str) -> None:
        super().__init__(path, said)  # what it is made from, on its way from a worker
        self.path, self.said = path, said

    def __str__(self) -> str:
        return f"{self.path}: {self.said}"


class MemoryShort(CleanerError):
    """A task did not get the memory it asked for; no row is condemned, the run can be continued."""

    exit_code = 3


class TooManyFailures(InputError):
    """More rows failed than `max_error_rate` allows; the run can be continued."""


class AlarmError(CleanerError):
    """An alarm with `action: stop` ended the run before the shards."""

    exit_code = 4


class AccountError(CleanerError):
    """`in = kept + dropped + failed` does not hold."""

    exit_code = 4
