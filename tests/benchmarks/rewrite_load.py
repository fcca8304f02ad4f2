"""How much of an endpoint's capacity rewriting uses, and whether its memory stays flat.

A server in a process of its own answers each question after LATENCY and takes as many at once as
the workers may have under way, so its capacity is known. Workers are processes that share one file
of answers, as those of a run do. `python -m tests.benchmarks.rewrite_load --help`.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

PAGE = (
    "Exercise {n} of the series: let $x_{{{n}}} \\leq {n}$ and let $\\frac{{a}}{{b}} = c$ hold for "
    "all of the numbers that were named before. Show that the sum of the first {n} terms is never "
    "below the least of them, and that it is equal to it only where all but one of them vanish. "
)


async def _answer(latency: float, reader: asyncio.StreamReader, writer: Any) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    said = [line.split(b":") for line in head.lower().split(b"\r\n")]
    length = next((int(line[1]) for line in said if line[0] == b"content-length"), 0)
    body = json.loads(await reader.readexactly(length)) if length else {}
    text = ""
    if body:
        await asyncio.sleep(latency)
        text = body["messages"][1]["content"].split("\n", 1)[1].rsplit("\n", 1)[0]
    usage = {"prompt_tokens": length // 4, "total_tokens": length // 4 + len(text) // 4}
    raw = json.dumps({"choices": [{"message": {"content": text}}], "usage": usage}).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(raw))
    writer.write(raw)
    await writer.drain()
    writer.close()


def serve(latency: float, port: Any) -> None:
    """Answer every question with its page after a while."""

    async def main() -> None:
        server = await asyncio.start_server(
            lambda r, w: _answer(latency, r, w), "127.0.0.1", 0, backlog=512
        )
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def work(
    path: str, url: str, first: int, count: int, under_way: int, ready: Any, told: Any
) -> None:
    """Rewrite so many texts in frames as a run does, and tell memory on the way."""
    import polars as pl

    from cleaner.stages import STAGES

    stage = STAGES["rewrite"].model_validate({
        "prompt": "clean_math_en", "model": "m", "answers": path,
        "endpoints": [{"base_url": url, "concurrency": under_way}],
        "budget": {"requests": 10**9, "tokens": 10**12},
    }).resolve()  # fmt: skip
    warm = pl.DataFrame({"text": [PAGE.format(n=first + count)]})
    assert stage(warm)["rewritten"][0]
    ready.wait()
    started, peaks = time.time(), []
    for at in range(0, count, 5_000):
        some = range(first + at, first + min(count, at + 5_000))
        made = stage(pl.DataFrame({"text": [PAGE.format(n=n) for n in some]}))
        assert made["rewritten"].null_count() == 0
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    told.put((started, time.time(), time.process_time(), peaks))


def main() -> None:
    """Measure, and print one line a figure."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--texts", type=int, default=10_000)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--under-way", type=int, default=64, help="requests, of all workers")
    asked.add_argument("--latency", type=float, default=0.2, help="seconds")
    given = asked.parse_args()
    spawn = multiprocessing.get_context("spawn")
    port, told, ready = spawn.Queue(), spawn.Queue(), spawn.Barrier(given.workers)
    server = spawn.Process(target=serve, args=(given.latency, port), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{port.get()}/v1"
    from cleaner.models.rewriting.answers import begin

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/answers"
        begin(path)
        each, under_way = given.texts // given.workers, given.under_way // given.workers
        crew = [
            spawn.Process(target=work, args=(path, url, n * each * 2, each, under_way, ready, told))
            for n in range(given.workers)
        ]
        for one in crew:
            one.start()
        found = [told.get() for _ in crew]
        for one in crew:
            one.join()
    server.terminate()
    seconds = max(end for _, end, _, _ in found) - min(start for start, *_ in found)
    rate, capacity = given.workers * each / seconds, given.under_way / given.latency
    print(f"{rate:.0f} answers a second of {capacity:.0f}: {rate / capacity:.1%} of capacity")
    cpu = sum(one for *_, one, _ in found) / (given.workers * each)
    print(f"CPU of the workers: {cpu * 1e3:.2f} ms a text")
    for *_, peaks in found:
        print(f"peak memory of a worker, MiB: {peaks[0]} after 5,000, {peaks[-1]} at the end")


if __name__ == "__main__":
    main()
