"""One request to an endpoint, and what came of it."""

import http.client
import json
import os
import urllib.error
import urllib.request
from email.message import Message
from typing import Any, NamedTuple

from cleaner.errors import InputError
from cleaner.models.asking.address import Address

OVERHEAD = 64  # tokens that a chat template adds to two messages, at most
LONGEST_WAIT = 120.0  # seconds; a server that asks for more is asked again then
RETRY = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529))
BUSY = frozenset((429, 503, 529))
LARGEST_REPLY = 4 << 20
_PROBE = 10.0  # seconds for an endpoint to answer at all
SHOWN = 200  # characters of a reply that cannot be read


class Reply(NamedTuple):
    """What a model said, and what it cost."""

    text: str
    tokens: int | None  # in all, as the endpoint counts them; None: it did not say
    read: int | None  # of these, of the question
    whole: bool  # it ended by itself, not at the limit of its length


class Refused(Exception):
    """An answer that no repetition will change."""


class Retry(Exception):
    """A failure that may pass."""

    def __init__(
        self,
        problem: str,
        after: float,
        may_have_cost: bool,
        reached: bool = True,
        busy: bool = False,
    ) -> None:
        super().__init__(problem)
        self.after, self.may_have_cost, self.reached = after, may_have_cost, reached
        self.busy = busy  # it says nothing of the question: the endpoint takes none now


def most_tokens(body: dict[str, Any]) -> int:
    """Return what a request can cost at most: no token is shorter than a byte."""
    said = sum(len(message["content"].encode()) for message in body["messages"])
    return said + OVERHEAD + int(body["max_tokens"])


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key is for this host alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """Sends requests to one address, from any number of threads."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._key = os.environ.get(address.key_env, "")
        self._opener = urllib.request.build_opener(_Stay)

    def probe(self) -> None:
        """Raise InputError unless somebody answers; asks for what costs nothing."""
        request = urllib.request.Request(f"{self.address.base_url}/models", headers=self._headers())
        try:
            self._opener.open(request, timeout=min(_PROBE, self.address.timeout)).close()
        except urllib.error.HTTPError as error:
            error.close()  # it answers; what it thinks of the key, the first question will say
        except (OSError, http.client.HTTPException) as error:
            raise InputError(
                f"{self.address.base_url}: does not answer: {_cause(error)}; nothing was asked"
            ) from None

    def send(self, body: dict[str, Any]) -> Reply:
        """Return the reply to one request, or raise `Retry` or `Refused`."""
        headers = {"Content-Type": "application/json", **self._headers()}
        request = urllib.request.Request(
            f"{self.address.base_url}/chat/completions",
            json.dumps(body).encode(),
            headers,
            method="POST",
        )
        try:
            with self._opener.open(request, timeout=self.address.timeout) as response:
                raw = response.read(LARGEST_REPLY)
        except urllib.error.HTTPError as error:
            with error:
                said = self.scrubbed(error.read(2000))
            if error.code not in RETRY:
                raise Refused(f"{self.address.base_url}: answers {error.code}: {said}") from None
            after, busy = _after(error.headers), error.code in BUSY
            raise Retry(f"status {error.code}", after, False, busy=busy) from None
        except (OSError, http.client.HTTPException) as error:
            # URLError is of the connection, and the request did not arrive. Any other comes after
            # it: it may have been worked on before the line broke.
            reached = not isinstance(error, urllib.error.URLError)
            raise Retry(_cause(error), 0.0, reached, reached, busy=not reached) from None
        try:
            value = json.loads(raw)
            choice = value["choices"][0]
            content = choice["message"]["content"]
            if not isinstance(content, str):
                raise TypeError
        except (ValueError, KeyError, IndexError, TypeError):
            said = self.scrubbed(raw[:2000])[:SHOWN]
            raise Retry(f"the body is not a chat completion: {said!r}", 0.0, True) from None
        usage = value.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        whole = choice.get("finish_reason") != "length"
        return Reply(content, _count(usage, "total_tokens"), _count(usage, "prompt_tokens"), whole)

    def scrubbed(self, said: bytes) -> str:
        """Return what somebody said on one line, without the key."""
        text = " ".join(said.decode("utf-8", "replace").split())[:300]
        return text.replace(self._key, "[key]") if self._key else text

    def _headers(self) -> dict[str, str]:
        key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return {"User-Agent": "cleaner", **key}


def _count(usage: dict[str, Any], name: str) -> int | None:
    said = usage.get(name)
    return said if isinstance(said, int) and said >= 0 else None


def _cause(error: BaseException) -> str:
    """Return what broke a connection, by its class and in its words."""
    reason = getattr(error, "reason", error)
    said = getattr(reason, "strerror", None) or str(reason)
    return f"{type(reason).__name__}: {said}" if said else type(reason).__name__


def _after(headers: Message) -> float:
    try:
        return max(0.0, float(headers.get("Retry-After", 0)))
    except ValueError:
        return 0.0  # a date; our own growing wait will do
