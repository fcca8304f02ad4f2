"""Questions to an OpenAI-compatible endpoint: paced, retried, within a budget, never asked twice.

Every request is written to a journal before it is sent and its answer as soon as it is there, each
line on disk before the next step. After a kill the journal says what was asked, what came back, and
what is owed to the budget.
"""

import fcntl
import json
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cleaner.errors import InputError, JobError
from cleaner.models.asking.address import Address
from cleaner.models.asking.send import (
    LONGEST_WAIT,
    SHOWN,
    Client,
    Refused,
    Retry,
    most_tokens,
)

FIRST_WAIT = 1.0  # seconds before the second attempt; doubled for each further one


class Endpoint(Address):
    """Where to ask, how fast and how patiently."""

    model: str
    concurrency: int = Field(4, ge=1, le=256)
    requests_per_minute: float | None = Field(None, gt=0)
    retries: int = Field(5, ge=0, le=20)
    temperature: float | None = Field(0.0, ge=0, le=2)
    max_output_tokens: int = Field(300, ge=16)
    response_format: str = Field("json_schema", pattern="^(json_schema|json_object|none)$")


class Budget(BaseModel):
    """What may be spent on one output, all its runs together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int = Field(gt=0)
    tokens: int = Field(gt=0)


@dataclass(frozen=True)
class Question:
    """A request body and the name by which its answer is kept."""

    key: str
    body: dict[str, Any]

    def most_tokens(self) -> int:
        """Return what the request can cost at most."""
        return most_tokens(self.body)


@dataclass
class Account:
    """Requests and tokens spent, and tokens that requests under way may still cost."""

    requests: int = 0
    tokens: int = 0
    reserved: int = 0


class Journal:
    """What was asked and answered: lines of JSON, each on disk before the call returns."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.answers: dict[str, dict[str, Any]] = {}
        self.lost: set[str] = set()
        self.account = Account()
        self._lock = threading.Lock()
        self._file = self.path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # gone with the process
        except OSError:
            raise JobError(f"{path}: another process is labelling into this file") from None
        before = self.path.read_bytes()
        self._read(before)
        if before and not before.endswith(b"\n"):  # a line cut by a kill must not swallow the next
            self._file.write(b"\n")

    def _read(self, before: bytes) -> None:
        open_asks: dict[str, int] = {}
        for line in before.split(b"\n"):
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # the last line of a killed run
            kind, key = entry["kind"], entry["key"]
            if kind == "unreached":
                self.account.requests -= 1
            if kind == "ask":
                self.account.requests += 1
                open_asks[key] = entry["tokens"]
                continue
            open_asks.pop(key, None)
            self.account.tokens += entry["tokens"]
            if kind == "answer":
                self.answers[key] = entry
        # Sent, and nobody knows what became of them: they cost what they could have cost.
        self.lost = set(open_asks) - set(self.answers)
        self.account.tokens += sum(open_asks.values())

    def write(self, entry: dict[str, Any]) -> None:
        """Append one line and wait until it is on disk."""
        data = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
            if entry["kind"] == "answer":
                self.answers[entry["key"]] = entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class OutOfBudget(Exception):
    """The next request might cost more than is left."""


@dataclass
class Asker:
    """Asks questions from several threads; the journal and the budget are shared."""

    endpoint: Endpoint
    budget: Budget
    journal: Journal
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0
        self._failures = 0
        self.problem = ""
        self._client = Client(self.endpoint)

    def probe(self) -> None:
        """Raise InputError unless somebody answers at the endpoint; asks for what costs nothing."""
        self._client.probe()

    def ask(self, question: Question, parse: Callable[[str], Any]) -> Any:
        """Return the parsed reply, or None when every attempt failed; `OutOfBudget` stops."""
        for attempt in range(self.endpoint.retries + 1):
            if self._pace():
                return None
            self._reserve(question)
            wait = min(FIRST_WAIT * 2.0**attempt, 30.0) * random.uniform(0.5, 1)
            spent, reached = 0, True
            try:
                reply = ""
                reply, spent = self._send(question)
                parsed = parse(reply)
            except Refused as refused:
                self._settle(question, 0, "refused")
                raise JobError(str(refused)) from None
            except Retry as retry:
                spent = question.most_tokens() if retry.may_have_cost else 0
                reached = retry.reached
                self.problem, wait = str(retry), max(wait, retry.after)
            except ValueError as error:
                self.problem = f"{error}: {self._client.scrubbed(reply.encode())[:SHOWN]!r}"
            else:
                self._settle(question, spent, "answer", reply=reply)
                self._count(failed=False)
                return parsed
            kind = "failure" if reached else "unreached"
            self._settle(question, spent, kind, problem=self.problem)
            if attempt < self.endpoint.retries and self.stopped.wait(min(wait, LONGEST_WAIT)):
                return None
        self._count(failed=True)
        return None

    def _count(self, failed: bool) -> None:
        """Stop when nothing but failures comes back: the endpoint is down or cannot do this."""
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= max(8, 2 * self.endpoint.concurrency):
                raise InputError(
                    f"{self.endpoint.base_url}: {self._failures} questions in a row failed, the "
                    f"last one with: {self.problem}; what was answered is kept, run again to go on"
                )

    def _reserve(self, question: Question) -> None:
        cost, account = question.most_tokens(), self.journal.account
        with self._lock:
            if (
                account.requests + 1 > self.budget.requests
                or account.tokens + account.reserved + cost > self.budget.tokens
            ):
                raise OutOfBudget
            account.requests += 1
            account.reserved += cost
        self.journal.write({"kind": "ask", "key": question.key, "tokens": cost})

    def _settle(self, question: Question, spent: int, kind: str, **facts: Any) -> None:
        self.journal.write({"kind": kind, "key": question.key, "tokens": spent, **facts})
        with self._lock:
            self.journal.account.reserved -= question.most_tokens()
            self.journal.account.tokens += spent
            if kind == "unreached":  # who does not answer is owed nothing
                self.journal.account.requests -= 1

    def _pace(self) -> bool:
        """Wait for this request's turn, spaced evenly over a minute; return whether to stop."""
        if self.endpoint.requests_per_minute is None:
            return self.stopped.is_set()
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 60 / self.endpoint.requests_per_minute
        return self.stopped.wait(turn - now)

    def _send(self, question: Question) -> tuple[str, int]:
        """Return the reply's text and the tokens that the exchange cost."""
        reply = self._client.send(question.body)
        return reply.text, question.most_tokens() if reply.tokens is None else reply.tokens
