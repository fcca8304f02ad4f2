"""Texts to their other form: many questions under way at once, each answer guarded."""

import json
import random
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from cleaner.errors import InputError, JobError
from cleaner.models.asking.send import Refused, Reply, Retry, most_tokens
from cleaner.models.rewriting.answers import (
    Answer,
    Answers,
    Cost,
    Mine,
    Terms,
    Theirs,
    standing,
)
from cleaner.models.rewriting.guards import Guards, broken
from cleaner.models.rewriting.pool import Pool, Target
from cleaner.models.rewriting.prompts import Prompt, messages
from cleaner.models.rewriting.replies import Said, said

NOT_ASKED = "rewrite_not_asked"  # whoever only looks up has no answer to it
FIRST_WAIT = 1.0  # seconds before a question is sent again; doubled for each further time
_LOOK = 0.05  # seconds until it is asked again whether somebody else's question is answered
_ANOTHER = 0.7  # temperature of a second answer, where the first one's is lower
_IN_A_ROW = 8  # questions that fail in a row, at the least, before a run gives up
_BYTES_OF_TOKEN = 40  # no endpoint makes fewer tokens of a text than one of so many bytes


class Prices(BaseModel):
    """What a million tokens cost, in the currency of the budget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: float = Field(0.0, ge=0)
    written: float = Field(0.0, ge=0)


class Settings(BaseModel):
    """How a model is asked; all of it but the prices decides the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    temperature: float | None = Field(0.0, ge=0, le=2)
    max_output_tokens: int = Field(4096, ge=16)
    tries: int = Field(1, ge=1, le=5)
    retries: int = Field(5, ge=0, le=20)
    prices: Prices = Prices()


class Text(NamedTuple):
    """A text, the prompt for it, and what is a formula in it."""

    text: str
    prompt: Prompt
    guards: Guards
    marked: bool


class Outcome(NamedTuple):
    """Another form of a text, or why there is none."""

    text: str | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """A request body and the name by which its answer is kept."""

    key: str
    body: dict[str, Any]
    about: dict[str, Any]

    def most(self, prices: Prices) -> Cost:
        """Return what the request can cost at most."""
        tokens, written = most_tokens(self.body), int(self.body["max_tokens"])
        money = (tokens - written) * prices.read + written * prices.written
        return Cost(tokens, money / 1e6)


def question(settings: Settings, one: Text, turn: int) -> Question:
    """Return what is asked about a text; the same text, prompt, model and settings are the same."""
    warm = settings.temperature
    if turn and warm is not None:
        warm = max(warm, _ANOTHER)
    body: dict[str, Any] = {
        "model": settings.model,
        "messages": messages(one.prompt, one.text),
        "max_tokens": settings.max_output_tokens,
    }
    if warm is not None:
        body["temperature"] = warm
    asked = [settings.model, warm, settings.max_output_tokens, one.prompt.digest(), one.text, turn]
    key = sha256(json.dumps(asked).encode()).hexdigest()[:32]
    about = {"model": settings.model, "prompt": one.prompt.digest()[:16], "turn": turn}
    return Question(key, body, about)


@dataclass
class Asker:
    """Asks for other forms of texts; `pool` is None where nothing may be asked, only looked up."""

    settings: Settings
    phrases: Sequence[str]
    terms: Terms
    answers: Answers | None
    pool: Pool | None
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row: list[str] = []  # keys

    def outcomes(self, texts: Sequence[Text]) -> Iterator[tuple[int, Outcome]]:
        """Yield what becomes of each text, by its number, in the order of answers."""
        assert self.pool is not None
        left = iter(enumerate(texts))
        running: dict[Future[Outcome], int] = {}
        # More threads than requests under way: while answers are judged, others are sent.
        with ThreadPoolExecutor(self.pool.size + self.pool.size // 4 + 2, "asking") as threads:
            try:
                while True:
                    while len(running) < 2 * self.pool.size and (one := next(left, None)):
                        running[threads.submit(self.outcome, one[1])] = one[0]
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        yield running.pop(future), future.result()
            except BaseException:
                self.stopped.set()  # what waits gives up; what was sent is waited for
                threads.shutdown(cancel_futures=True)
                raise

    def outcome(self, one: Text, known: Mapping[str, Answer] | None = None) -> Outcome:
        """Return what becomes of one text: the first answer that keeps what it must.

        Nothing is asked where it is given what is `known`.
        """
        reasons: list[str] = []
        for turn in range(self.settings.tries):
            asked = question(self.settings, one, turn)
            answer = self._ask(asked) if known is None else known.get(asked.key)
            if answer is None:
                return Outcome(None, (*reasons, NOT_ASKED))
            if answer.state != "answered":
                found = ["rewrite_lost" if answer.state == "lost" else "rewrite_unanswered"]
            else:
                formulas: Any = "marked" if one.marked else True
                meant = said(Said(answer.text, answer.whole), one.text, formulas)
                instruction = one.prompt.said()
                found = broken(one.guards, one.text, meant, instruction, self.phrases, formulas)
                if not found:
                    return Outcome(meant.text)
            reasons += found
        return Outcome(None, tuple(dict.fromkeys(reasons)))

    def _ask(self, asked: Question) -> Answer | None:
        """Return the answer that stands, or the one that comes; None when all was stopped."""
        assert self.answers is not None
        most = asked.most(self.settings.prices)
        while not self.stopped.is_set():
            found = self.answers.claim(asked.key, asked.about, self.terms)
            if isinstance(found, Answer):
                return found
            if isinstance(found, Mine):
                try:
                    return self._sent(asked, most)
                finally:  # of one that was answered nothing changes
                    self.answers.give_up(asked.key)
            assert isinstance(found, Theirs)
            self.stopped.wait(_LOOK)
        return None

    def _sent(self, asked: Question, most: Cost) -> Answer | None:
        """Send a question that is ours until it is answered or fails for good."""
        assert self.answers is not None
        assert self.pool is not None
        tried = 0
        while True:
            with_it: Answer | None = None
            cost, reached, problem, may_pass = Cost(0, 0.0), True, "", False
            sent = False
            try:
                with self.pool.client(self.stopped) as client:
                    if client is None:
                        return None
                    self.answers.sending(asked.key, most, self.terms)
                    sent = True
                    reply = client.send(asked.body)
            except Refused as refused:
                self.answers.settle(asked.key, most, cost, None)
                raise JobError(str(refused)) from None
            except Retry as retry:
                cost = most if retry.may_have_cost else cost
                reached, problem, may_pass = retry.reached, str(retry), retry.busy
            except InputError:  # all endpoints are silent, or the budget is spent
                if sent:
                    self.answers.settle(asked.key, most, cost, None, reached=False)
                raise
            else:
                cost = self._cost(reply, asked, most)
                with_it = Answer("answered", reply.text, reply.whole)
            tried += not may_pass
            if with_it is None and tried > self.settings.retries:
                with_it = Answer("failed", problem=problem)
            self.answers.settle(asked.key, most, cost, with_it, reached)
            if with_it is not None:
                self._count(asked.key, with_it)
                return with_it
            pause = min(FIRST_WAIT * 2.0 ** max(0, tried - 1), 30.0) * random.uniform(0.5, 1)
            if not may_pass and self.stopped.wait(pause):
                return None

    def _cost(self, reply: Reply, asked: Question, most: Cost) -> Cost:
        """Return what a reply cost; an endpoint that says what cannot be is not believed."""
        sent = sum(len(message["content"].encode()) for message in asked.body["messages"])
        least = (sent + len(reply.text.encode())) // _BYTES_OF_TOKEN
        if reply.tokens is None or not least <= reply.tokens <= most.tokens:
            return most
        read = reply.read
        if read is None or read > reply.tokens:
            return Cost(reply.tokens, most.money)
        prices = self.settings.prices
        money = read * prices.read + (reply.tokens - read) * prices.written
        return Cost(reply.tokens, money / 1e6)

    def _count(self, key: str, answer: Answer) -> None:
        """Stop when nothing but failures comes back: the endpoint cannot do this.

        What failed then is no verdict on the texts; a later run sends it again.
        """
        assert self.answers is not None
        assert self.pool is not None
        with self._lock:
            self._in_a_row = [*self._in_a_row, key] if answer.state == "failed" else []
            failed = list(self._in_a_row)
        if len(failed) >= max(_IN_A_ROW, 2 * self.pool.size):
            self.answers.reopen(failed)
            raise InputError(
                f"{len(failed)} questions in a row failed, the last one with: {answer.problem}; "
                "what was answered is kept, run again to go on"
            )


def known(file: sqlite3.Connection, settings: Settings, one: Text) -> dict[str, Answer]:
    """Return the answers about a text that a file has."""
    keys = [question(settings, one, turn).key for turn in range(settings.tries)]
    return standing(file, keys)


@lru_cache
def pool_of(targets: tuple[Target, ...]) -> Pool:
    """Return the endpoints as this process shares them."""
    return Pool(targets)


@lru_cache
def answers_at(path: str) -> Answers:
    """Return the file of answers as this process shares it."""
    return Answers(path)
