"""What a job file or a corpus must never bring about, each as a thing tried."""

import ast
import io
import json
import re
import signal
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from support.broken_files import record
from support.corpus_maker import texts

from cleaner.cli import main
from cleaner.corpus import files
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import Piece
from cleaner.corpus.read import read_parts
from cleaner.errors import InputError, JobError
from cleaner.job.job_file import parse_job
from cleaner.rules.conditions import parse
from cleaner.rules.rule_set import parse_rules
from cleaner.rules.sql import ConditionError
from cleaner.runs.doctor import examine
from cleaner.runs.submit import submit
from cleaner.storage import store
from cleaner.text.urls import load_lists, on_list

ROOT = Path(__file__).parents[1]
CODE = sorted((ROOT / "cleaner").rglob("*.py"))


# What runs what it is given: no module of the package may use it.

MODULES = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "code",
    "codeop", "runpy", "subprocess", "pty", "commands",
}  # fmt: skip
CALLS = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
METHODS = {
    "os.system", "os.popen", "os.execv", "os.execve", "os.execvp", "os.spawnv", "os.startfile",
    "yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load", "torch.load",
    "pl.DataFrame.deserialize", "pl.LazyFrame.deserialize", "pl.Expr.deserialize",
    "pl.read_database", "pl.sql_expr", "pl.SQLContext",
}  # fmt: skip
SWITCHES = {"shell": True, "allow_pickle": True, "trust_remote_code": True, "weights_only": False}


def dangers(source: str) -> Iterator[str]:
    """Yield what in a module could run foreign code."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        yield from (name for name in names if name.split(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in CALLS or called in METHODS:
                yield called
            for word in node.keywords:
                if word.arg in SWITCHES and isinstance(word.value, ast.Constant):
                    yield from [word.arg] * (word.value.value == SWITCHES[word.arg])


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "import dill as d", "eval(x)", "exec(x)",
        "compile(x, '', 'exec')", "__import__(x)", "os.system(x)", "run(x, shell=True)",
        "import subprocess", "yaml.load(x, yaml.Loader)", "yaml.unsafe_load(x)",
        "np.load(x, allow_pickle=True)", "torch.load(x)", "pl.sql_expr(x)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
    ],
)  # fmt: skip
def test_the_search_finds_what_runs_foreign_code(source: str) -> None:
    assert list(dangers(source))


def test_nothing_in_the_package_runs_what_it_is_given() -> None:
    assert len(CODE) > 100
    found = {str(path.relative_to(ROOT)): list(dangers(path.read_text())) for path in CODE}
    # The one that begins this very command again, in UTF-8 mode, and the one that asks for
    # credentials the command that the user's own profile names for it, without a shell; `--notify`
    # runs what its user gives on the command line, without one, too.
    assert {name: what for name, what in found.items() if what} == {
        "cleaner/cli/command_line.py": ["os.execve"],
        "cleaner/runs/notify.py": ["subprocess"],
        "cleaner/storage/profiles.py": ["subprocess"],
    }


def test_yaml_makes_plain_values_only() -> None:
    for tagged in ("!!python/object/apply:os.system ['true']", "!!python/name:os.system", "!x 1"):
        with pytest.raises(JobError):
            parse_rules(f"title: {tagged}\nsource: {{cite: ours}}\nrules: []\n", "x", "x.yaml")


# The SQL of filters reads the row at hand, and nothing else.

ROW = pl.DataFrame({"words": [7], "lang": ["en"], "text": ["a" * 5000 + "b"]})


@pytest.mark.parametrize(
    "condition",
    [
        "read_parquet('/etc/passwd') = 1",
        "read_csv_auto('x') IS NOT NULL",
        "words IN (SELECT words FROM read_parquet('x'))",
        "words > (SELECT 1)",
        "EXISTS (SELECT 1)",
        "words > 1; COPY x TO '/tmp/y'",
        "COPY x TO '/tmp/y'",
        "ATTACH 'x.db' AS y",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "'/tmp/x.parquet'",
        "\"/etc/passwd\" = 'x'",
        "getenv('HOME') = 'x'",
        "current_setting('x') = 'x'",
        "words.__class__ = 1",
        "__import__('os') = 1",
        "lambda = 1",
        "pl.col('words') > 1",
        "words::text = '7'",
        "CAST(words AS text) = '7'",
        "words > 1 UNION SELECT 1",
        "words > 1 -- and so on",
        "words > 1 /* and so on */",
        "words > $1",
        "words > ?",
        "regexp_matches(lang, '(a+)+$')",
        "strpos(lang, 'e') = 1",
        "my_function(words) > 1",
        "map_elements(words) > 1",
        "glob('/*') = 'x'",
        "sum(words) OVER (ORDER BY words) > 1",
        "list_transform(words, x -> x) = 1",
        "`words` > 1",
        "[words] > 1",
        "words > 1\x00",
        "words" + " + 1" * 2_000 + " > 0",
        "-" * 3_000 + "words > 0",
        "NOT " * 900 + "words > 0",
        "CASE WHEN words > 1 THEN " * 300 + "1" + " ELSE 2 END" * 300 + " = 1",
    ],
)
def test_a_condition_reads_the_row_and_nothing_else(condition: str) -> None:
    with pytest.raises(ConditionError):
        parse(condition).check(ROW.schema)


def test_the_deepest_condition_allowed_is_computed() -> None:
    deep = parse("words" + " + 1" * 190 + " = 197")
    assert ROW.select(deep.expression(ROW.schema)).item()


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fail when what is inside takes longer."""

    def late(*_: object) -> None:
        raise AssertionError(f"over {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_no_pattern_of_a_person_takes_more_than_linear_time(tmp_path: Path) -> None:
    (tmp_path / "expressions").write_text("(a+)+$\n(a|aa)*c\n")
    lists = load_lists((str(tmp_path),))
    with within(5):
        like = parse("text LIKE '" + "%a" * 30 + "c'")
        assert not ROW.select(like.expression(ROW.schema)).item()
        assert on_list(pl.Series(["http://x/" + "a" * 50_000 + "!"]), lists).to_list() == [False]
    for pattern in ("(a(?=b))", "(a){1000}{1000}{1000}", "(a"):
        source = {"paths": ["x.parquet"], "text": "text", "source": {"path": pattern}}
        with pytest.raises(JobError, match="regular expression"):
            parse_job({"name": "x", "input": source})
        rules = {"title": "x", "source": {"cite": "ours"}, "cut": [pattern], "lines": []}
        with pytest.raises(JobError, match="regular expression"):
            parse_rules(yaml.safe_dump(rules), "x", "x.yaml")


# What is small on disk and large in memory.


def peak_of(path: Path, columns: Columns, kind: str) -> tuple[int, list[str | None]]:
    """Return by how many bytes reading a file raised the process's peak, and the rows' errors."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    clear.write_text("5")  # the peak begins at what is there now

    def peak() -> int:
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found is not None
        return int(found[1]) << 10

    before = peak()
    errors: list[str | None] = []
    for part in read_parts([Piece(0, str(path), "", 0, kind)], [columns], 4 << 20):
        errors += part.docs["error"].to_list()
        errors += [item.error for item in part.failed]
    return peak() - before, errors


PAGES = Columns("payload", None, None, {}, {}, {}, {})


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_bomb_in_the_body_of_an_archive_fails_alone(tmp_path: Path, encoding: str) -> None:
    size = 400 << 20
    if encoding == "br":
        packed = brotli(size)
    else:
        stream = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
        blocks = [stream.compress(bytes(1 << 20)) for _ in range(size >> 20)]
        packed = b"".join([*blocks, stream.flush()])
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {encoding}\r\n\r\n"
    good = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>a page</p>"
    path = tmp_path / "a.warc"
    path.write_bytes(record(head.encode() + packed) + record(good))
    grown, errors = peak_of(path, PAGES, "warc")
    assert errors[0] is not None
    assert "over the budget" in errors[0]
    assert errors[1:] == [None]
    assert grown < 300 << 20


def brotli(size: int) -> bytes:
    """Return `size` zeros as one brotli stream, packed by Arrow."""
    return pa.Codec("brotli").compress(bytes(size), asbytes=True)


def test_a_footer_that_claims_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": pa.nulls(50_000, pa.string())}), sink)
    path.write_bytes(sink.getvalue())
    columns = Columns(None, "text", None, {}, {}, {}, {})
    _, errors = peak_of(path, columns, "parquet")
    assert len(errors) == 50_000
    monkeypatch.setattr(files, "MAX_RATIO", 10)
    monkeypatch.setattr(files, "_ROWS_GRACE", 10_000)
    _, (error,) = peak_of(path, columns, "parquet")
    assert error is not None
    assert error.endswith(f"claims 50,000 rows in {path.stat().st_size:,}; refused as a bomb")


# What a corpus holds is never a place.

EVIL = (
    "../../../evil", "/evil", "evil/../../evil", "s3://evil/x", "file:///evil", "evil\0", "~/evil",
    "C:\\evil", "$(evil)", "`evil`", "evil*", "%2e%2e%2fevil", "\x1b]0;evil\x07", "", " ",
    ".", "..",
)  # fmt: skip


def evil_job(folder: Path) -> dict[str, object]:
    """Return a job over documents whose every label is a path, and write its input."""
    rows = len(EVIL) * 4
    labels = [EVIL[i % len(EVIL)] for i in range(rows)]
    names = ("id", "url", "source", "date", "licence", "more")
    table = pl.DataFrame({"text": texts(rows), **dict.fromkeys(names, labels)})
    folder.mkdir(parents=True, exist_ok=True)
    table.write_parquet(folder / "a.parquet")
    mapped = {name: name for name in names if name != "more"}
    return {
        "name": "evil",
        "input": {"paths": [f"{folder}/a.parquet"], "text": "text", "read": ["more"], **mapped},
        "stages": [
            {"exact_dedup": {"on": "url", "within": "source"}},
            {"near_dedup": {"preset": "fineweb"}},
            {"filter": "gopher_quality"},
        ],
        "output": {"shard_bytes": 20_000},
    }


def cleaner(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Run a command, which must end well."""
    monkeypatch.setattr("sys.argv", ["cleaner", *words])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code


def test_no_label_of_a_document_is_taken_for_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(evil_job(tmp_path / "in")))
    touched: set[str] = set()
    real = store.place
    monkeypatch.setattr(store, "place", lambda path: touched.add(path) or real(path))  # type: ignore[func-returns-value]
    run = tmp_path / "run"
    cleaner(monkeypatch, "run", str(file), "--engine", "inline", "--out", str(run))
    for command in (["stats"], ["sample", "-n", "60"], ["verify"], ["explain", "../../../evil"]):
        cleaner(monkeypatch, command[0], str(run), *command[1:])
    assert len(touched) > 20
    assert [path for path in touched if "evil" in path.removeprefix(str(tmp_path))] == []
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path).parts[0] for path in made} == {"in", "run", "job.yaml"}
    assert all(re.fullmatch(r"[\w.,:-]+", path.name) for path in made)


def test_what_a_corpus_holds_does_not_command_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = "\x1b[2J\x1b]0;title\x07\x9b31m\x08\r\x7f\u202edesrever\u2066"
    rows = 40
    frame = pl.DataFrame(
        {
            "text": [f"{text} {commands}" for text in texts(rows)],
            **{name: [f"{commands}{i}" for i in range(rows)] for name in ("id", "url", "source")},
        }
    )
    place = tmp_path / f"in{commands.replace('/', '')}"
    place.mkdir()
    frame.write_parquet(place / "a.parquet")
    (place / "b.parquet").write_bytes(b"broken")
    job = {
        "name": "x", "max_error_rate": 1,
        "input": {"paths": [f"{tmp_path}/in*/*"], "text": "text", "id": "id", "url": "url",
                  "source": "source"},
        "stages": [{"exact_dedup": {}}, {"filter": "gopher_quality"}],
    }  # fmt: skip
    (tmp_path / "job.yaml").write_text(json.dumps(job))
    run = str(tmp_path / "run")
    cleaner(monkeypatch, "plan", str(tmp_path / "job.yaml"), "--forecast", "0")
    cleaner(monkeypatch, "run", str(tmp_path / "job.yaml"), "--engine", "inline", "--out", run)
    for words in (["stats"], ["sample"], ["sample", "--rule", "word_count"], ["status"],
                  ["explain", f"{commands}3"], ["verify"]):  # fmt: skip
        cleaner(monkeypatch, words[0], run, *words[1:])
        if words[0] in ("stats", "sample", "explain", "status"):
            cleaner(monkeypatch, words[0], run, *words[1:], "--json")
    said = capsys.readouterr()
    assert "desrever" in said.out
    assert "b.parquet" in said.err
    for stream in (said.out, said.err):
        assert set(stream) & set(commands) <= set("2J]0;tile31mdesrv[")


# Secrets stay where they are.

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "OPENAI_API_KEY",
        "RAY_AUTH_TOKEN", "RAY_REDIS_PASSWORD", "GOOGLE_APPLICATION_CREDENTIALS",
    ):  # fmt: skip
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("https_proxy", f"http://me:{SECRET}@127.0.0.1:9")


@pytest.mark.usefixtures("secrets")
def test_no_secret_of_the_environment_is_ever_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "job.yaml"
    plain = evil_job(tmp_path / "in")
    file.write_text(yaml.safe_dump(plain))
    run = tmp_path / "run"
    cleaner(monkeypatch, "run", str(file), "--engine", "inline", "--out", str(run))
    cleaner(monkeypatch, "plan", str(file), "--forecast", "0", "--json")
    cleaner(monkeypatch, "doctor", str(run), "--json")
    for command in ("stats", "status", "sample", "verify"):
        cleaner(monkeypatch, command, str(run))
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    assert len(said.out) > 1_000
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 20
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []


def refused(act: object, *words: object) -> str:
    with pytest.raises((InputError, JobError)) as wrong:
        act(*words)  # type: ignore[operator]
    return str(wrong.value)


def test_a_secret_in_an_address_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [refused(store.find, f"s3://AKIA:{SECRET}@bucket/*.parquet")]
    said += [refused(store.find, f"gs://{SECRET}@bucket/a.parquet")]
    said += [refused(store.find, f"https://me:{SECRET}@host/a.parquet")]
    said += [refused(store.find, f"https://host/a.parquet?X-Amz-Signature={SECRET}")]
    said += [refused(store.find, f"abfs://me:{SECRET}@host/a.parquet?download=true")]
    assert "curl -fLO 'https://host/a.parquet?X-Amz-Signature=…'" in said[3]
    assert said[4].startswith("abfs://…@host/a.parquet?download=true: unknown scheme")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://me:{SECRET}@127.0.0.1:9")
    said += [refused(store.exists, "s3://bucket/a")]
    said += [refused(submit, "job.yaml", f"http://me:{SECRET}@127.0.0.1:9")]
    said += [f"{check.name} {check.found}" for check in examine(f"s3://AKIA:{SECRET}@bucket/x")]
    (tmp_path / "job.yaml").write_text(
        f"name: x\ninput: {{paths: 's3://AKIA:{SECRET}@bucket/*.parquet', text: text}}\n"
    )
    monkeypatch.setattr("sys.argv", ["cleaner", "plan", str(tmp_path / "job.yaml")])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 3
    shown = capsys.readouterr()
    assert "credentials come from the environment" in shown.err
    assert SECRET not in "".join([*said, shown.out, shown.err])


# Ray's token authentication.


def test_token_authentication_is_never_switched_off() -> None:
    places = [*CODE, *(ROOT / "jobs").rglob("*"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    asked = re.compile(r"RAY_AUTH_MODE[\"']?\s*[=:,]\s*[\"']?(\w+)")
    found = {
        mode: path.name
        for path in places
        if path.is_file()
        for mode in asked.findall(path.read_text())
    }
    assert set(found) == {"token"}


@pytest.mark.parametrize(("mode", "good"), [(None, True), ("token", True), ("disabled", False)])
def test_the_doctor_says_when_the_token_is_switched_off(
    monkeypatch: pytest.MonkeyPatch, mode: str | None, good: bool
) -> None:
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if mode is not None:
        monkeypatch.setenv("RAY_AUTH_MODE", mode)
    (found,) = (check for check in examine() if check.name == "ray token")
    assert found.good is good


def test_every_cluster_that_we_describe_asks_for_a_token() -> None:
    cluster = ROOT / "jobs/cluster"
    kube = yaml.safe_load((cluster / "kuberay.yaml").read_text())
    assert kube["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token"}
    launcher = yaml.safe_load((cluster / "launcher.yaml").read_text())
    assert "--env RAY_AUTH_MODE=token" in launcher["docker"]["run_options"]
    assert any(place.endswith(".ray/auth_token") for place in launcher["file_mounts"])
    assert "RAY_AUTH_MODE=token" in (cluster / "slurm.sh").read_text()
