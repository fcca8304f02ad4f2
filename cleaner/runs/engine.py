"""Runs tasks on Ray, or in this very process; the only module that imports ray.

A task travels as plain data and returns plain data; Ray carries keys and counts, never documents.
Both engines call the same function, so what a run writes does not depend on which one ran it.
"""

import os
import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from cleaner.config.versions import other_versions, versions
from cleaner.errors import CleanerError, InputError, JobError, MemoryShort, StorageError
from cleaner.runs.interrupts import held
from cleaner.runs.status import Tally, Working
from cleaner.storage import store, waiting
from cleaner.storage.commits import committed

if TYPE_CHECKING:
    from cleaner.runs.phases import Check, Task

    AnyTask = Task | Check
Result = list[dict[str, Any]]
Done = tuple["AnyTask", Result | None]  # None: the worker died, again and again, or hung
Engine = Literal["ray", "inline"]
Death = Literal["node", "memory", "worker"]

# One task, one core: what runs beside it is another task.
_THREADS = {
    "POLARS_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_IO_THREADS": "2",
    "NUMBA_NUM_THREADS": "1",
}
_RETRIES = 2  # of a task whose worker died; never of an exception of ours
_NODES = 20  # nodes that may die under one task: that is never the task's fault
_STUCK = 1800.0  # seconds without a commit, and a task is hung; CLEANER_STUCK_AFTER overrides
_OBJECT_STORE = 80 << 20  # bytes; only keys and counts pass through it
_LISTEN = 2.0  # seconds between two looks at what tasks have to say
_LOOK = 5.0  # seconds between two looks at what the cluster has, and at who hangs
_PATIENCE = 3.0  # seconds of warming before it is worth a word
_SILENT = 8.0  # seconds between two of them
_WARMING = 300.0  # seconds of warming, at most
_KNOCK = 5.0  # seconds for a cluster to answer at all
_SOCKET = 37  # bytes of a folder; Ray adds up to 70, and the path of a socket ends at 107
_PROBE = 60.0  # seconds for the nodes to look at the storage
_WORDS = "cleaner"  # where words of tasks to their driver wait
_SHARED = "every node must read and write the same paths"


class Inline:
    """Runs tasks one after another in this process."""

    slots = 1

    def __init__(self) -> None:
        self.tally = Tally()

    def under_way(self) -> list[Working]:
        """Return nothing: whoever asks is not at work."""
        return []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def run(self, tasks: "Iterable[AnyTask]") -> Iterator[Done | None]:
        """Yield each task with the markers it committed."""
        from cleaner.runs.phases import work

        for task in tasks:
            yield task, work(task)

    def attempt(self, task: "AnyTask") -> Result | None:
        """Return what one task committed."""
        from cleaner.runs.phases import work

        return work(task)

    def see(self, folder: str, files: Mapping[str, int]) -> list[str]:
        """Return nothing: this process sees what it sees."""
        return []

    def warm(self, function: Callable[[Any], None], given: Any, tell: Callable[[], None]) -> None:
        """Do nothing: one process compiles as it goes."""


@dataclass
class _Attempt:
    """A task under way."""

    task: "AnyTask"
    since: float  # when it was given to Ray, or last committed a part
    parts: int = 0  # that it had committed by then
    deaths: int = 0
    nodes: int = 0
    memory: int = 1  # how many times its estimate it asks for


@dataclass(frozen=True)
class _Nodes:
    """What the cluster has at the moment."""

    slots: int
    memory: int  # bytes that the largest node has for tasks
    gpus: int
    avoid: str | None  # the head, where other nodes have cores
    working: Mapping[str, str]  # nodes that take tasks, id -> address


class Ray:
    """Runs tasks on a Ray cluster: its own on this machine, or the one at `address`."""

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self.address = address or os.environ.get("RAY_ADDRESS")
        if self.address and self.address.startswith("ray://"):
            raise JobError(
                f"{self.address}: run it on a node of the cluster (--address auto there), or from "
                "outside: cleaner submit JOB --address http://HEAD:8265"
            )
        self.workers = workers
        self.slots = workers or os.cpu_count() or 1
        self._known: tuple[float, _Nodes] | None = None
        self._call: Any = None
        self._env: dict[str, Any] = {}
        self._words = secrets.token_hex(8)
        self._heard = 0.0
        self._joined = False  # a Ray that somebody else began in this process
        self.tally = Tally()
        self._under_way: dict[Any, _Attempt] = {}
        self._nodes_of: dict[str, str] = {}  # units -> who works on them

    def __enter__(self) -> Self:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        # A call without a connection must fail, not join whatever Ray runs on this machine.
        os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")
        import ray

        ours = {name: value for name, value in os.environ.items() if name.startswith("CLEANER_")}
        self._env = {"env_vars": {**_THREADS, **ours}}
        self._joined = ray.is_initialized()
        if self._joined:  # by a notebook, or this is a task of Ray
            self._check_joined()
        else:
            try:
                self._start_or_connect()
            except KeyboardInterrupt:
                self.__exit__()
                raise
        self._call = self._remote(_work)
        return self

    def __exit__(self, *error: object) -> None:
        import ray

        if self._joined:  # it goes on for whoever began it
            return
        with held():
            ray.shutdown()

    def _check_joined(self) -> None:
        """Refuse what is no connection for tasks of ours, or to another cluster than was asked."""
        import ray
        from ray.util.client import ray as client

        if client.is_connected():
            raise JobError(
                "this process is a Ray client (ray.init('ray://…')): ray.shutdown(), then run on a "
                "node of the cluster, or cleaner submit JOB --address http://HEAD:8265"
            )
        here = ray.get_runtime_context().gcs_address
        if self.address not in (None, "auto", "local", here):
            raise JobError(
                f"this process is connected to Ray at {here} already: leave out {self.address}, or "
                "ray.shutdown() first"
            )

    def _start_or_connect(self) -> None:
        import ray

        common: dict[str, Any] = {
            "logging_level": "error",
            "log_to_driver": False,
            "runtime_env": self._env,
        }
        if self.address and self.address != "local":
            _knock(self.address)
            common["address"] = self.address
        else:
            _lend_a_token()
            common["address"] = "local"
            common["num_cpus"] = self.slots
            common["include_dashboard"] = False
            common["object_store_memory"] = _OBJECT_STORE
            common["_temp_dir"] = _short_folder()
        try:
            with held():
                ray.init(**common)
        except (OSError, RuntimeError, ValueError) as error:
            where = f"at {self.address}" if self.address else "on this machine"
            said = str(error).strip().split("\n", 1)[0].rstrip(".")
            raise InputError(f"no Ray {where}: {said}; --engine inline runs without it") from None

    @property
    def _shared(self) -> bool:
        """Whether this Ray goes on when the run has ended."""
        return self._joined or self.address not in (None, "local")

    def _remote(self, function: Callable[..., Any]) -> Any:
        """Return a function as one of Ray, in the environment of our tasks."""
        import ray

        made = ray.remote(runtime_env=self._env) if self._joined else ray.remote
        return made(function)

    def run(self, tasks: "Iterable[AnyTask]") -> Iterator[Done | None]:
        """Yield each task with the markers it committed, in the order they end; None now and then.

        Twice as many tasks as slots are under way. An error of ours ends the run as it was raised
        in the worker. A task whose worker dies is tried again, a few times; then, or when it goes
        on without committing anything, it comes with None.
        """
        import ray

        waiting = iter(tasks)
        under_way = self._under_way = {}
        self._nodes_of.clear()
        ended = False
        looked = time.monotonic()
        try:
            while True:
                while not ended and len(under_way) < 2 * self._slots():
                    task = next(waiting, None)
                    if task is None:
                        ended = True
                    else:
                        one = _Attempt(task, time.monotonic())
                        under_way[self._start(one)] = one
                if not under_way:
                    return
                done, _ = ray.wait(list(under_way), num_returns=1, timeout=1)
                if done:  # and all that ended with it: one look is as dear as another
                    done, _ = ray.wait(list(under_way), num_returns=len(under_way), timeout=0)
                for reference in done:
                    one = under_way.pop(reference)
                    result = self._result(reference, one.task)
                    if isinstance(result, list):
                        yield one.task, result
                        continue
                    self._known = None
                    self.tally.died(result, time.monotonic() - one.since)
                    if not self.address and not self._nodes().working:
                        raise InputError("Ray on this machine died; the same command continues")
                    if _may_try_again(one, result):
                        under_way[self._start(one)] = one
                    elif result == "memory":
                        raise _too_little(one.task)
                    else:
                        yield one.task, None
                self._hear()
                if time.monotonic() - looked > _LOOK:
                    looked = time.monotonic()
                    for reference in [ref for ref, one in under_way.items() if _hangs(one)]:
                        ray.cancel(reference, force=True)
                        yield under_way.pop(reference).task, None
                if not done:
                    yield None
        finally:
            # A Ray of our own ends with this run. One that ends a task while it is cancelled may
            # abort the process ("task that was not pending"); so only who goes on is asked.
            if self._shared:
                for reference in under_way:
                    ray.cancel(reference, force=True)

    def _hear(self) -> None:
        """Pass on what tasks said that wait for storage."""
        from ray.experimental import internal_kv

        if time.monotonic() - self._heard < _LISTEN:
            return
        self._heard = time.monotonic()
        for key in internal_kv._internal_kv_list(self._words, namespace=_WORDS):
            said = internal_kv._internal_kv_get(key, namespace=_WORDS)
            internal_kv._internal_kv_del(key, namespace=_WORDS)
            _, at, unit = key.decode().partition("@")
            if said and at:
                self._nodes_of[unit] = said.decode()
            elif said:
                waiting.say(said.decode())

    def under_way(self) -> list[Working]:
        """Return the units that workers are busy with, those that began first ahead."""
        now = time.monotonic()
        found = [
            Working(
                one.task.unit,
                round(now - one.since, 1),
                self._nodes_of[one.task.unit],
                _file_of(one.task),
            )
            for one in self._under_way.values()
            if one.task.unit in self._nodes_of
        ]
        return sorted(found, key=lambda one: (-one.seconds, one.unit))

    def attempt(self, task: "AnyTask") -> Result | None:
        """Return what one task committed, or None when it killed its worker or hung."""
        import ray

        one = _Attempt(task, time.monotonic())
        while True:
            reference = self._start(one)
            done, _ = ray.wait([reference], timeout=stuck_after())
            if not done:
                ray.cancel(reference, force=True)
                return None
            result = self._result(reference, task)
            if isinstance(result, list):
                return result
            if result == "worker":
                return None
            if not _may_try_again(one, result):
                if result == "memory":  # that is no word on what it read
                    raise _too_little(task)
                return None

    def see(self, folder: str, files: Mapping[str, int]) -> list[str]:
        """Raise InputError unless all nodes see this run folder and these files, path -> bytes.

        Returns which nodes have other versions than this one. A cluster of one node is not asked.
        """
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        nodes = self._nodes().working
        if sum(node["Alive"] for node in ray.nodes()) < 2:
            return []
        token = secrets.token_hex(8)
        probe = store.join(folder, "_work", "seen", token)
        store.write_whole(probe, token.encode())
        look = self._remote(_look)
        asked = {
            look.options(
                num_cpus=0,
                max_retries=0,
                scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
            ).remote(os.getcwd(), probe, token, dict(files)): where
            for node, where in nodes.items()
        }
        wrong: list[str] = []
        differ: list[str] = []
        # A node that goes, or is too busy to say, is no reason not to begin.
        done, late = ray.wait(list(asked), num_returns=len(asked), timeout=_PROBE)
        for reference in done:
            try:
                unseen, theirs = ray.get(reference)
                wrong += [f"node {asked[reference]}: {said}" for said in unseen]
                if others := other_versions(theirs):
                    differ.append(f"node {asked[reference]} has other versions: {others}")
            except ray.exceptions.RayTaskError:
                raise
            except ray.exceptions.RayError:
                continue
        for reference in late:
            ray.cancel(reference, force=True)
        store.delete(probe)
        if wrong:
            raise InputError("\n".join(sorted(wrong)))
        return sorted(differ)

    def warm(self, function: Callable[[Any], None], given: Any, tell: Callable[[], None]) -> None:
        """Call a function in one worker and wait for it; `tell` says now and then that it goes on.

        Whatever becomes of it, the tasks themselves will say.
        """
        import ray

        reference = self._remote(function).options(max_retries=0, num_cpus=1).remote(given)
        done, _ = ray.wait([reference], timeout=_PATIENCE)
        until = time.monotonic() + min(_WARMING, stuck_after())
        while not done and (left := until - time.monotonic()) > 0:
            tell()
            done, _ = ray.wait([reference], timeout=min(_SILENT, left))
        if not done:
            ray.cancel(reference, force=True)

    def _start(self, one: _Attempt) -> Any:
        """Give a task to Ray: a core, a GPU where it can use one, and the memory it may need."""
        from ray.util.scheduling_strategies import NodeLabelSchedulingStrategy, NotIn

        nodes = self._nodes()
        options: dict[str, Any] = {
            "max_retries": 0,  # we try again ourselves: Ray would do so for ever without memory
            "num_cpus": 1,
            "num_gpus": 1 if one.task.gpu and nodes.gpus else 0,
            "memory": min(one.memory * one.task.memory, nodes.memory) or None,
        }
        if nodes.avoid:
            away = NodeLabelSchedulingStrategy({"ray.io/node-id": NotIn(nodes.avoid)})
            options["scheduling_strategy"] = away
        one.since = time.monotonic()
        return self._call.options(**options).remote(one.task.plain(), os.getcwd(), self._words)

    def _nodes(self) -> _Nodes:
        """Return what the cluster has; nodes come and go."""
        import ray

        now = time.monotonic()
        if self._known is None or now - self._known[0] > _LOOK:
            alive = [node for node in ray.nodes() if node["Alive"]]
            able = [node for node in alive if node["Resources"].get("CPU", 0) >= 1]
            others = [node for node in able if "node:__internal_head__" not in node["Resources"]]
            head = [node for node in able if node not in others]
            used = others or able

            def total(name: str) -> list[int]:
                return [int(node["Resources"].get(name, 0)) for node in used]

            found = _Nodes(
                max(1, sum(total("CPU"))),  # none for a while: the next one to come finds a task
                max(total("memory"), default=0),
                sum(total("GPU")),
                head[0]["NodeID"] if head and others else None,
                {node["NodeID"]: node["NodeManagerAddress"] for node in used},
            )
            self._known = now, found
        return self._known[1]

    def _slots(self) -> int:
        return self.workers or self._nodes().slots

    def _result(self, reference: Any, task: "AnyTask") -> Result | Death:
        """Return what a task committed, or what its worker died of."""
        import ray

        try:
            return ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, MemoryShort):
                return "memory"
            if isinstance(cause, CleanerError):
                raise cause from None
            raise CleanerError(
                f"{task.phase}: unit {task.unit}: {type(cause).__name__}: {cause}"
            ) from error
        except ray.exceptions.RuntimeEnvSetupError as error:
            raise InputError(f"Ray cannot start a worker: {error}") from None
        except ray.exceptions.OutOfMemoryError:
            return "memory"
        except (
            ray.exceptions.NodeDiedError,
            ray.exceptions.LocalRayletDiedError,
            ray.exceptions.ObjectLostError,
        ):
            return "node"
        except ray.exceptions.RayError:
            return "worker"


def _file_of(task: "AnyTask") -> str:
    """Return the first file of the input that a task reads, or ''."""
    pieces = getattr(task.payload, "pieces", None)
    return pieces[0].path if pieces else ""


def _too_little(task: "AnyTask") -> MemoryShort:
    return MemoryShort(
        f"{task.phase}: unit {task.unit}: too little memory, again and again; no document "
        "fails for it: give it more memory or fewer --workers, and the same command continues"
    )


def _knock(address: str) -> None:
    """Raise InputError when nobody answers at an address: Ray would try for minutes."""
    host, mark, port = address.rpartition(":")
    if not mark or not port.isdigit():  # `auto`: Ray says at once that there is none
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK).close()
    except OSError as error:
        said = error.strerror or str(error) or type(error).__name__
        raise InputError(
            f"no Ray at {address}: nobody answers there ({said}; the port of a head is usually "
            "6379); --engine inline runs without it"
        ) from None


def _lend_a_token() -> None:
    """Give this process a token where the home folder, in which Ray would write it, is none."""
    set_already = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys()
    if set_already or os.environ.get("RAY_AUTH_MODE", "token") != "token":
        return
    folder = os.path.join(os.path.expanduser("~"), ".ray")
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _short_folder() -> str | None:
    """Return a folder for Ray's sockets where that of temporary files is too long a path.

    Raises InputError when there is none that can be written.
    """
    get = os.environ.get
    usual = get("RAY_TMPDIR") or get("TMPDIR") or tempfile.gettempdir()
    wrong = ""
    for place in (usual, "/tmp", "/var/tmp", "/dev/shm"):
        if len(os.fsencode(place)) > _SOCKET:
            wrong = wrong or f"{place} is too long for the paths of its sockets"
            continue
        try:
            with tempfile.TemporaryFile(dir=place):
                return None if place == usual else os.path.join(place, "ray")
        except OSError as error:
            wrong = wrong or f"{place}: {error.strerror}"
    raise InputError(
        f"no Ray on this machine: {wrong}; set RAY_TMPDIR to a short folder that can be written; "
        "--engine inline runs without it"
    )


def _may_try_again(one: _Attempt, death: Death) -> bool:
    """Note a death; return whether the task gets another attempt."""
    if death == "node":
        one.nodes += 1
        return one.nodes <= _NODES
    one.deaths += 1
    if death == "memory":
        one.memory *= 2  # so that less runs beside it
    return one.deaths <= _RETRIES


def _hangs(one: _Attempt) -> bool:
    """Return whether a task has gone on for too long without committing a part."""
    now = time.monotonic()
    if now - one.since < 2 * stuck_after():  # it may have waited for another
        return False
    have = committed(one.task.home, one.task.phase)
    parts = len(have.get((one.task.unit, one.task.key), {}))
    if parts <= one.parts:
        return True
    one.since, one.parts = now, parts
    return False


def stuck_after() -> float:
    """Return the seconds after which a task is taken for hung; it decides no document's fate."""
    return float(os.environ.get("CLEANER_STUCK_AFTER", _STUCK))


def _work(plain: dict[str, Any], where: str, words: str) -> Result:
    from cleaner.runs.phases import read_task, work
    from cleaner.runs.phases.base import settings_bytes

    task = read_task(plain)
    _go_to(where)
    _at_work(words, task.unit)
    with waiting.heard(_writer(words)):
        try:
            settings_bytes(task.settings)
        except (InputError, StorageError) as error:  # a later node was not asked what it sees
            raise InputError(f"node {socket.gethostname()}: {error}; {_SHARED}") from None
        return work(task)


def _at_work(words: str, unit: str) -> None:
    """Tell the driver who works on a unit."""
    from ray.experimental import internal_kv

    internal_kv._internal_kv_put(f"{words}@{unit}", socket.gethostname(), namespace=_WORDS)


def _writer(words: str) -> waiting.Hear:
    """Return what leaves a word for the driver: one a node, the last of it."""
    from ray.experimental import internal_kv

    where = socket.gethostname()

    def write(said: str) -> None:
        internal_kv._internal_kv_put(f"{words} {where}", f"node {where}: {said}", namespace=_WORDS)

    return write


def _go_to(where: str) -> None:
    """Make relative paths mean what they mean to the driver, where its folder is to be seen."""
    if os.path.isdir(where):
        os.chdir(where)


def _look(
    where: str, probe: str, token: str, files: Mapping[str, int]
) -> tuple[list[str], dict[str, str]]:
    """Return what this node does not see, or cannot write, and the versions it has."""
    return _unseen(where, probe, token, files), versions()


def _unseen(where: str, probe: str, token: str, files: Mapping[str, int]) -> list[str]:
    _go_to(where)
    folder = probe.rsplit("/_work/", 1)[0]
    shared = f"({socket.gethostname()}) {_SHARED}"
    try:
        if not store.exists(probe) or store.read_bytes(probe) != token.encode():
            return [f"the run folder {folder} is another one there, or none; {shared}"]
        mine = f"{probe}.{secrets.token_hex(4)}"
        store.write_whole(mine, b"")
        store.delete(mine)
    except (CleanerError, OSError) as error:
        return [f"the run folder {folder} cannot be read or written there: {error}; {shared}"]
    wrong = []
    for path, size in files.items():
        try:
            with store.open_input(path) as file:
                same = file.size() == size
        except (InputError, StorageError):
            same = False
        if not same:
            wrong.append(f"{path} is not visible on that node, or is a different file; {shared}")
    return wrong


def engine_of(
    name: Engine, address: str | None = None, workers: int | None = None
) -> AbstractContextManager[Inline | Ray]:
    """Return the engine by name, to be entered before it runs anything."""
    if name == "inline":
        return Inline()
    return Ray(address, workers)
