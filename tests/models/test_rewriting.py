"""Rewriting against a real server: answers that stand, budgets, faults, kills, fair load."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support.fake_endpoint import Script, serving
from support.rewriting import rewritten, target, texts

from cleaner.errors import InputError, JobError
from cleaner.models.rewriting import pool, work
from cleaner.models.rewriting.answers import Budget, OutOfBudget, begin, told
from cleaner.models.rewriting.prompts import read_prompt
from cleaner.models.rewriting.work import Outcome, Prices, Settings


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(pool, "FIRST_WAIT", 0.001)
    monkeypatch.setenv("CLEANER_TEST_KEY", "sk-secret")


def upper(_: int, page: str) -> str:
    return page.upper()


def test_every_text_is_asked_once_and_its_answer_stands(tmp_path: Path) -> None:
    some = [*texts(40), *texts(10)]  # ten of them twice
    with serving(upper) as server:
        found = rewritten(tmp_path / "a", [target(server.url)], some)
        assert [one.text for one in found] == [one.text.upper() for one in some]
        assert set(server.pages.values()) == {1}
        assert set(server.keys) == {"Bearer sk-secret"}
    # Nobody serves any more, and nobody needs to; nor need the key be there.
    os.environ.pop("CLEANER_TEST_KEY")
    assert rewritten(tmp_path / "a", [target(server.url)], some) == found
    facts = told(str(tmp_path / "a"))
    assert facts["questions"] == {"answered": 40}
    assert facts["requests"] == 40
    assert facts["tokens"] == server.tokens
    assert not any(b"sk-secret" in path.read_bytes() for path in tmp_path.iterdir())


def test_another_model_prompt_or_setting_is_another_question(tmp_path: Path) -> None:
    other = [one._replace(prompt=read_prompt("clean_math_en")) for one in texts(1)]
    with serving(upper) as server:
        for some, more in [
            (texts(1), {}), (texts(1), {"model": "n"}), (texts(1), {"temperature": 0.5}),
            (texts(1), {"max_output_tokens": 99}), (other, {}),
            # these say how it is asked, not what
            (texts(1), {"retries": 1}), (texts(1), {"prices": Prices(read=1)}),
        ]:  # fmt: skip
            rewritten(tmp_path / "a", [target(server.url)], some, **more)
        assert len(server.bodies) == 5


def test_what_goes_wrong_is_tried_again(tmp_path: Path) -> None:
    trouble = [429, 500, 503, "cut", b"not json", b'{"choices": []}', b""]
    tried: dict[str, int] = {}

    def script(number: int, page: str) -> object:
        tried[page] = tried.get(page, 0) + 1
        return trouble[int(page.split()[1]) % len(trouble)] if tried[page] <= 2 else page.upper()

    with serving(script) as server:
        found = rewritten(tmp_path / "a", [target(server.url)], texts(28))
        assert [one.text for one in found] == [one.text.upper() for one in texts(28)]
        assert told(str(tmp_path / "a"))["requests"] == len(server.bodies) == 84


def test_a_question_without_an_answer_is_a_reason_and_stays_one(tmp_path: Path) -> None:
    def script(_: int, page: str) -> object:
        return 500 if page.startswith("page 3 ") else page

    with serving(script) as server:
        first = rewritten(tmp_path / "a", [target(server.url)], texts(9), retries=2)
        assert first[3] == Outcome(None, ("rewrite_unanswered",))
        assert server.pages["page 3 of the book"] == 3
        assert rewritten(tmp_path / "a", [target(server.url)], texts(9), retries=2) == first
        assert len(server.bodies) == 11
        server.script = upper
        again = rewritten(tmp_path / "a", [target(server.url)], texts(9), ask_again=True)
        assert again[3].text == "PAGE 3 OF THE BOOK"
        assert len(server.bodies) == 12


def test_an_endpoint_that_can_only_fail_stops_the_run_and_condemns_nothing(tmp_path: Path) -> None:
    with serving(lambda *_: 500) as server:
        one = target(server.url, concurrency=2)
        with pytest.raises(InputError, match="questions in a row failed, the last one with"):
            rewritten(tmp_path / "a", [one], texts(60), retries=1)
        assert len(server.bodies) < 40
        server.script = upper
        found = rewritten(tmp_path / "a", [one], texts(60))
        assert sum(one.text is None for one in found) == 0


def test_nobody_there_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with serving(upper) as server:
        pass
    with pytest.raises(InputError, match=r"does not answer: .*nothing was asked"):
        rewritten(tmp_path / "a", [target(server.url)], texts(3))
    assert told(str(tmp_path / "a"))["requests"] == 0


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_of_the_endpoint_stops_at_once_and_hides_the_key(
    status: int, tmp_path: Path
) -> None:
    with serving(lambda *_: status) as server:
        with pytest.raises(JobError, match=f"answers {status}") as error:
            rewritten(tmp_path / "a", [target(server.url, concurrency=1)], texts(9))
        assert "sk-secret" not in str(error.value)
        assert len(server.bodies) <= 3


def test_budgets_are_kept_and_going_on_pays_nothing_twice(tmp_path: Path) -> None:
    with serving(upper) as server:
        for budget, said in [
            (Budget(requests=7, tokens=10**9), "budget of requests"),
            (Budget(requests=10**6, tokens=20_000), "budget of tokens"),
            (Budget(requests=10**6, tokens=10**9, money=0.15), "budget of money"),
        ]:
            prices = Prices(read=1, written=10)
            with pytest.raises(OutOfBudget, match=said):
                rewritten(tmp_path / "a", [target(server.url)], texts(60), budget, prices=prices)
            facts = told(str(tmp_path / "a"))
            assert facts["requests"] == len(server.bodies) <= budget.requests
            assert facts["tokens"] == server.tokens <= budget.tokens
        found = rewritten(tmp_path / "a", [target(server.url)], texts(60))
        assert all(one.text for one in found)
        assert set(server.pages.values()) == {1}


def test_a_usage_that_cannot_be_is_not_believed(tmp_path: Path) -> None:
    def lying(usage: object) -> Script:
        reply = {"choices": [{"message": {"content": "WELL"}}], "usage": usage}
        return lambda *_: json.dumps(reply).encode()

    most = work.question(Settings(model="m"), texts(1)[0], 0).most(Prices()).tokens
    for number, usage in enumerate(
        [None, {}, {"total_tokens": 0}, {"total_tokens": -5}, {"total_tokens": 10**9}, "much"]
    ):
        with serving(lying(usage)) as server:
            rewritten(tmp_path / str(number), [target(server.url)], texts(1))
            assert told(str(tmp_path / str(number)))["tokens"] == most, usage


def test_a_second_try_asks_another_question(tmp_path: Path) -> None:
    with serving(lambda *_: "") as server:
        server.script = lambda n, page: "" if server.bodies[n]["temperature"] < 0.7 else page
        found = rewritten(tmp_path / "a", [target(server.url)], texts(5), tries=2)
        assert all(one.text for one in found)
        assert len(server.bodies) == 10
        server.script = lambda *_: ""
        some = [one._replace(text=f"{one.text}!") for one in texts(2)]
        failed = rewritten(tmp_path / "a", [target(server.url)], some, tries=2)
        assert failed == [Outcome(None, ("rewrite_empty",))] * 2


def test_several_endpoints_share_the_load_by_their_room(tmp_path: Path) -> None:
    slow: Script = lambda _, page: ("slow", 0.02, page)  # noqa: E731
    with serving(slow) as one, serving(slow) as other, serving(lambda *_: 503) as busy:
        targets = [target(one.url, concurrency=4), target(other.url, concurrency=12)]
        targets.append(target(busy.url, concurrency=4))
        found = rewritten(tmp_path / "a", targets, texts(320))
        assert all(one.text for one in found)
        counts = len(one.bodies), len(other.bodies)
        assert sum(counts) == 320
        assert counts[0] == pytest.approx(80, abs=32)
        assert len(busy.bodies) < 100  # it is left alone for longer and longer


def test_no_endpoint_takes_more_than_its_room(tmp_path: Path) -> None:
    at_once = [0, 0]
    lock = threading.Lock()

    def script(_: int, page: str) -> str:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        time.sleep(0.01)
        with lock:
            at_once[0] -= 1
        return page

    with serving(script) as server:
        rewritten(tmp_path / "a", [target(server.url, concurrency=5)], texts(60))
    assert at_once[1] == 5


RUN = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from support.rewriting import rewritten, target, texts
found = rewritten(Path({path!r}), [target({url!r})], texts({count}), ask_again={again})
lost = sum(one.reasons == ("rewrite_lost",) for one in found)
print(sum(one.text is not None for one in found), lost)
"""


def started(path: Path, url: str, count: int, again: bool = False) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parents[1])
    code = RUN.format(tests=tests, path=str(path), url=url, count=count, again=again)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip


@pytest.mark.slow
def test_twenty_kills_cost_no_request_twice(tmp_path: Path) -> None:
    slow: Script = lambda _, page: ("slow", 0.03, page)  # noqa: E731
    rng = random.Random(20)
    count = 4_000
    with serving(slow) as server:
        for _ in range(20):
            asked = len(server.bodies)
            run = started(tmp_path / "a", server.url, count)
            while len(server.bodies) < asked + 20 and run.poll() is None:
                time.sleep(0.01)
            time.sleep(rng.random() * 0.3)
            run.send_signal(signal.SIGKILL)
            run.wait()
        done = started(tmp_path / "a", server.url, count)
        answered, lost = (int(n) for n in done.communicate()[0].split())
        assert set(server.pages.values()) == {1}  # no page was asked twice
        assert answered + lost == count
        assert 0 < lost <= 20 * 8
        assert told(str(tmp_path / "a"))["questions"] == {"answered": answered, "lost": lost}
        again = started(tmp_path / "a", server.url, count, again=True)
        assert again.communicate()[0].split() == [str(count), "0"]
        assert max(server.pages.values()) == 2
        assert sum(times == 2 for times in server.pages.values()) <= lost


@pytest.mark.slow
def test_two_processes_ask_the_same_questions_once(tmp_path: Path) -> None:
    slow: Script = lambda _, page: ("slow", 0.02, page)  # noqa: E731
    with serving(slow) as server:
        begin(str(tmp_path / "a"))
        both = [started(tmp_path / "a", server.url, 600) for _ in range(2)]
        assert [one.communicate()[0].split() for one in both] == [["600", "0"]] * 2
        assert set(server.pages.values()) == {1}
        assert len(server.pages) == 600
