"""The file of answers: what was asked, what it cost and what came back, for all workers of a run.

A question is on disk before it is sent, and its answer before anybody uses it. Whoever asks owns
the question as long as the process lives; of one whose owner died, nobody knows what became of it:
it is lost, has cost what it could have cost, and is asked again only where that is wanted. One
answer stands for a question, whoever asks it and however often.
"""

import fcntl
import hashlib
import json
import os
import queue
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from cleaner.errors import InputError

Value = TypeVar("Value")
_WAIT = 60.0  # seconds for another process to finish its line
_TABLES = """
CREATE TABLE IF NOT EXISTS questions (
  key TEXT PRIMARY KEY, state TEXT NOT NULL, owner INTEGER NOT NULL,
  reply TEXT, whole INTEGER, tokens INTEGER, problem TEXT, about TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account (
  one INTEGER PRIMARY KEY CHECK (one = 1), requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
  money REAL NOT NULL, reserved INTEGER NOT NULL, reserved_money REAL NOT NULL
);
INSERT OR IGNORE INTO account VALUES (1, 0, 0, 0, 0, 0);
CREATE TABLE IF NOT EXISTS owners (number INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL);
"""


class Budget(BaseModel):
    """What may be spent on one file of answers, by all runs together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int = Field(gt=0)
    tokens: int = Field(gt=0)
    money: float | None = Field(None, gt=0)  # in the currency of the prices


class Account(NamedTuple):
    """What was spent, and what requests under way, or lost ones, may have cost besides."""

    requests: int
    tokens: int
    money: float
    reserved: int
    reserved_money: float


class Answer(NamedTuple):
    """What a model said; no text where it never answered."""

    state: Literal["answered", "failed", "lost"]
    text: str = ""
    whole: bool = True
    problem: str = ""


class Mine(NamedTuple):
    """The question is whoever asked's to send."""


class Theirs(NamedTuple):
    """Another process, or thread, has sent the question and lives."""


Standing = Answer | Mine | Theirs


class Cost(NamedTuple):
    """What a request costs, or may cost."""

    tokens: int
    money: float


class Terms(NamedTuple):
    """On what terms a job asks."""

    budget: Budget
    ask_again: bool = False  # what was lost, or never answered


class OutOfBudget(InputError):
    """The next request might cost more than is left."""


class Answers:
    """One file of answers, open in one process; its methods may be called from many threads."""

    def __init__(self, path: str) -> None:
        self.path = path
        if not Path(path).is_file():
            raise InputError(
                f"{path}: this machine has no such file of answers; the workers of a run that asks "
                "must be on the machine on which it was begun"
            )
        self._lock_file = os.open(f"{path}.lock", os.O_RDWR)
        self._todo: queue.SimpleQueue[tuple[Callable[..., Any], Future[Any]] | None]
        self._todo = queue.SimpleQueue()
        self._ready: Future[int] = Future()
        self._writer = threading.Thread(target=self._write, daemon=True, name="answers")
        self._writer.start()
        self.owner = self._ready.result()

    def close(self) -> None:
        """Write what is waiting, and give up what is owned."""
        self._todo.put(None)
        self._writer.join()
        os.close(self._lock_file)

    # -- what is asked of the file ---------------------------------------------------------------

    def claim(self, key: str, about: dict[str, Any], terms: Terms) -> Standing:
        """Return the answer that stands, or whose the question is."""
        return self._done(lambda file: self._claim(file, key, json.dumps(about), terms))

    def sending(self, key: str, most: Cost, terms: Terms) -> None:
        """Take down that a question of ours is about to be sent; `OutOfBudget` if it may not."""

        def write(file: sqlite3.Connection) -> None:
            self._reserve(file, most, terms.budget)
            file.execute("UPDATE questions SET state = 'sent' WHERE key = ?", [key])

        self._done(write)

    def settle(
        self,
        key: str,
        most: Cost,
        spent: Cost,
        answer: Answer | None,
        reached: bool = True,
    ) -> None:
        """Take down what a request cost, and what it brought; None: it will be sent again."""

        def write(file: sqlite3.Connection) -> None:
            file.execute(
                "UPDATE account SET requests = requests - ?, tokens = tokens + ?, "
                "money = money + ?, reserved = reserved - ?, reserved_money = reserved_money - ?",
                [not reached, *spent, *most],
            )
            if answer is None:
                file.execute("UPDATE questions SET state = 'waiting' WHERE key = ?", [key])
                return
            file.execute(
                "UPDATE questions SET state = ?, reply = ?, whole = ?, tokens = ?, problem = ?, "
                "at = ? WHERE key = ?",
                [answer.state, answer.text, answer.whole, spent.tokens, answer.problem, time.time(),
                 key],
            )  # fmt: skip

        self._done(write)

    def give_up(self, key: str) -> None:
        """Let go of a question of ours: one under way is lost, any other free to be sent."""

        def write(file: sqlite3.Connection) -> None:
            file.execute(
                "UPDATE questions SET state = CASE state WHEN 'sent' THEN 'lost' ELSE 'open' END "
                "WHERE key = ? AND state IN ('sent', 'waiting')",
                [key],
            )

        self._done(write)

    def reopen(self, keys: Sequence[str]) -> None:
        """Let questions of ours that failed be sent again, by whoever needs them."""

        def write(file: sqlite3.Connection) -> None:
            query = "UPDATE questions SET state = 'open' WHERE key = ? AND state = 'failed'"
            file.executemany(query, [[key] for key in keys])

        self._done(write)

    def account(self) -> Account:
        """Return what was spent so far, by all."""
        return self._done(_account)

    # -- in the thread that writes ---------------------------------------------------------------

    def _done(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        """Return what some work on the file gives, once it is on disk."""
        future: Future[Value] = Future()
        self._todo.put((work, future))
        return future.result()

    def _write(self) -> None:
        """Do what is waiting, all of it in one transaction: the disk is waited for once."""
        try:
            file = _connected(self.path)
            self._ready.set_result(self._own(file))
        except BaseException as error:  # whoever opens the file is told
            self._ready.set_exception(_told(self.path, error))
            return
        last = False
        while not last:
            group = [self._todo.get()]
            while not self._todo.empty():
                group.append(self._todo.get())
            last = None in group
            done: list[tuple[Future[Any], Any, BaseException | None]] = []
            try:
                file.execute("BEGIN IMMEDIATE")
                for item in group:
                    if item is None:
                        continue
                    work, future = item
                    try:
                        done.append((future, work(file), None))
                    except OutOfBudget as error:  # raised before anything is written
                        done.append((future, None, error))
                file.execute("COMMIT")
            except BaseException as error:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                done = [(item[1], None, _told(self.path, error)) for item in group if item]
            for future, value, problem in done:
                if problem is None:
                    future.set_result(value)
                else:
                    future.set_exception(problem)
        file.close()

    def _own(self, file: sqlite3.Connection) -> int:
        file.execute("BEGIN IMMEDIATE")
        said = [host for (host,) in file.execute("SELECT host FROM owners ORDER BY number LIMIT 1")]
        file.execute("COMMIT")
        here = socket.gethostname()
        if said != [here]:  # locks of SQLite hold on one machine
            raise InputError(
                f"{self.path}: the run was begun on {''.join(said)}, this is {here}; the workers "
                "of a run that asks must be on the machine on which it was begun"
            )
        number = file.execute("INSERT INTO owners (host) VALUES (?)", [here]).lastrowid
        assert number is not None
        fcntl.lockf(self._lock_file, fcntl.LOCK_EX, 1, number)  # gone with the process
        return number

    def _lives(self, owner: int) -> bool:
        if owner == self.owner:
            return True
        try:
            fcntl.lockf(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, owner)
        except OSError:
            return True
        fcntl.lockf(self._lock_file, fcntl.LOCK_UN, 1, owner)
        return False

    def _claim(self, file: sqlite3.Connection, key: str, about: str, terms: Terms) -> Standing:
        row = file.execute(
            "SELECT state, owner, reply, whole, problem FROM questions WHERE key = ?", [key]
        ).fetchone()
        state = None if row is None else row[0]
        if row is not None and state == "answered":
            return Answer("answered", row[2], bool(row[3]))
        if row is not None and state in ("sent", "waiting") and self._lives(row[1]):
            return Theirs()
        if row is not None and state in ("sent", "lost", "failed") and not terms.ask_again:
            if state == "sent":  # what it may have cost stays reserved
                file.execute("UPDATE questions SET state = 'lost' WHERE key = ?", [key])
            return Answer("failed" if state == "failed" else "lost", problem=row[4] or "")
        file.execute(
            "INSERT OR REPLACE INTO questions (key, state, owner, about, at) "
            "VALUES (?, 'waiting', ?, ?, ?)",
            [key, self.owner, about, time.time()],
        )
        return Mine()

    def _reserve(self, file: sqlite3.Connection, most: Cost, budget: Budget) -> None:
        spent = _account(file)
        over = {
            "requests": spent.requests + 1 > budget.requests,
            "tokens": spent.tokens + spent.reserved + most.tokens > budget.tokens,
            "money": budget.money is not None
            and spent.money + spent.reserved_money + most.money > budget.money,
        }
        for what, is_over in over.items():
            if is_over:
                raise OutOfBudget(
                    f"{self.path}: the budget of {what} is spent ({spent.requests:,} requests, "
                    f"{spent.tokens:,} tokens, {spent.money:.2f} of money); what was answered is "
                    "kept, raise the budget and run again to go on"
                )
        file.execute(
            "UPDATE account SET requests = requests + 1, reserved = reserved + ?, "
            "reserved_money = reserved_money + ?",
            list(most),
        )


def begin(path: str) -> None:
    """Make the file of answers where there is none, and take it for this machine."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(f"{path}.lock").touch()
    file = _connected(path, make=True)
    try:
        file.executescript(_TABLES)
        file.execute("BEGIN IMMEDIATE")
        here = [socket.gethostname()]
        # Numbers of owners are never used again: those of another machine are all dead here.
        first = file.execute("SELECT number FROM owners ORDER BY number LIMIT 1").fetchone()
        if first is None:
            file.execute("INSERT INTO owners (host) VALUES (?)", here)
        else:
            file.execute("UPDATE owners SET host = ? WHERE number = ?", [*here, first[0]])
        file.execute("COMMIT")
    except sqlite3.Error as error:
        raise _told(path, error) from None
    finally:
        file.close()


@contextmanager
def open_answers(path: str) -> Iterator[sqlite3.Connection]:
    """Open a file of answers to read from it."""
    try:
        file = _connected(path)
    except sqlite3.Error as error:
        raise _told(path, error) from None
    try:
        yield file
    finally:
        file.close()


def standing(file: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Answer]:
    """Return the answers that stand to some questions."""
    marks = ",".join("?" * len(keys))
    rows = file.execute(
        "SELECT key, state, reply, whole, problem FROM questions "
        f"WHERE state IN ('answered', 'failed', 'lost') AND key IN ({marks})",
        list(keys),
    )
    return {
        key: Answer(state, reply or "", bool(whole), problem or "")
        for key, state, reply, whole, problem in rows
    }


def told(path: str) -> dict[str, Any]:
    """Return what a file of answers says of itself: counts, a hash of all answers, dates."""
    with open_answers(path) as file:
        states = dict(file.execute("SELECT state, count(*) FROM questions GROUP BY state"))
        first, last = file.execute("SELECT min(at), max(at) FROM questions").fetchone()
        sha = hashlib.sha256()
        for key, reply in file.execute(
            "SELECT key, reply FROM questions WHERE state = 'answered' ORDER BY key"
        ):
            sha.update(f"{key} {reply}\n".encode())
        account = _account(file)
    return {
        "questions": dict(sorted(states.items())),
        "sha256": sha.hexdigest(),
        "from": _date(first),
        "to": _date(last),
        "requests": account.requests,
        "tokens": account.tokens,
        "money": round(account.money, 6),
    }


def _date(at: float | None) -> str | None:
    return None if at is None else time.strftime("%Y-%m-%d", time.gmtime(at))


def _account(file: sqlite3.Connection) -> Account:
    query = "SELECT requests, tokens, money, reserved, reserved_money FROM account"
    return Account(*file.execute(query).fetchone())


def _connected(path: str, make: bool = False) -> sqlite3.Connection:
    where = f"{Path(path).absolute().as_uri()}?mode={'rwc' if make else 'rw'}"
    file = sqlite3.connect(
        where, uri=True, timeout=_WAIT, isolation_level=None, check_same_thread=False
    )
    if make:
        file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    return file


def _told(path: str, error: BaseException) -> BaseException:
    return InputError(f"{path}: {error}") if isinstance(error, sqlite3.Error) else error
