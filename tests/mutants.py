"""Mutation testing: small faults are planted in the mathematics one at a time; tests must notice them.

    python -m tests.mutants --sample 300 --seed 2026 --out mutants.json

The sample is drawn by its seed from all faults that can be planted, before anything is run. A first run of
the suite, with a mark at every place, says which tests come by it; then each fault is tried against those
tests, the quickest first, in a process forked from one that has the heavy packages loaded. Killed: a test
fails, or none ends in time. What survives is printed with its place: either a test is missing, or the fault
changes nothing. Forking needs Linux or macOS.
"""

import argparse
import ast
import contextlib
import copy
import functools
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FunctionType

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "src" / "ciip_irt"
ROOMS = ("irt", "classical", "pilots", "forms", "responses")
TESTS = (*ROOMS, "blueprint", "calibration", "item_analysis", "scores", "screening", "golden")
SLOWEST = 120.0  # seconds for one fault; a loop that never ends is noticed by that
HUNG = 600.0  # seconds without a result; a loop inside a library is not stopped by a signal
LIMIT = 150  # tests tried for one fault, the quickest first

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub,
    ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.And: ast.Or, ast.Or: ast.And, ast.FloorDiv: ast.Div, ast.Pow: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: the ``number``-th place of ``module`` in the order of ``places``."""

    module: str
    number: int
    line: int
    fault: str


def modules() -> dict[str, Path]:
    """The core, by name."""
    found = {}
    for room in ROOMS:
        for file in sorted((PACKAGE / room).rglob("*.py")):
            if file.name != "__init__.py":
                found["ciip_irt." + ".".join(file.relative_to(PACKAGE).with_suffix("").parts)] = file
    return found


def places(tree: ast.Module) -> Iterator[tuple[ast.AST, str, Callable[[], None]]]:
    """Where a fault can be planted: the node, the fault in words, and what plants it (in place)."""
    outside = set()
    for node in ast.walk(tree):  # annotations, decorators and messages are no mathematics
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            parts = [
                *node.decorator_list,
                node.returns,
                *(a.annotation for a in ast.walk(node.args) if isinstance(a, ast.arg)),
            ]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.ClassDef):
            parts = [*node.decorator_list]
        elif isinstance(node, ast.JoinedStr | ast.Raise) or (
            isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id.startswith("__") for t in node.targets)
        ):
            parts = [node]
        outside.update(id(inner) for part in parts if part is not None for inner in ast.walk(part))
    for node in ast.walk(tree):
        if id(node) not in outside:
            yield from _faults(node)


def _faults(node: ast.AST) -> Iterator[tuple[ast.AST, str, Callable[[], None]]]:
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            if type(op) in SWAPS:
                new = SWAPS[type(op)]
                yield node, _words(op, new), lambda k=k, new=new: node.ops.__setitem__(k, new())
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
        if isinstance(node, ast.BinOp) and any(
            isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (node.left, node.right)
        ):
            return
        new = SWAPS[type(node.op)]
        yield node, _words(node.op, new), lambda: setattr(node, "op", new())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert | ast.USub):
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return
        yield node, f"without {type(node.op).__name__}", lambda: setattr(node, "op", ast.UAdd())
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        value = node.value
        new_value = not value if isinstance(value, bool) else value + 1
        yield node, f"{value} -> {new_value}", lambda: setattr(node, "value", new_value)


def _words(old: ast.AST, new: type) -> str:
    return f"{type(old).__name__} -> {new.__name__}"


def draw(sample: int, seed: int) -> list[Mutant]:
    """The sample, in an order that its seed decides."""
    everything = [
        Mutant(name, number, node.lineno, fault)
        for name, file in modules().items()
        for number, (node, fault, _) in enumerate(places(ast.parse(file.read_text("utf-8"))))
    ]
    return random.Random(seed).sample(everything, sample)


class Planting(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Loads the core with a change: marks everywhere, or one fault."""

    def __init__(self, change: Callable[[str, ast.Module], ast.Module], names: Sequence[str]) -> None:
        self.change, self.files = change, {name: modules()[name] for name in names}

    def find_spec(self, fullname, *_):  # type: ignore[no-untyped-def]
        if fullname not in self.files:
            return None
        return importlib.util.spec_from_file_location(fullname, self.files[fullname], loader=self)

    def get_filename(self, fullname: str) -> str:
        return str(self.files[fullname])

    def get_data(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(self.files[fullname].read_text("utf-8"))
        changed = ast.fix_missing_locations(self.change(fullname, tree))
        return compile(changed, str(self.files[fullname]), "exec")


def load(planting: Planting) -> None:
    """Import what is changed before pytest does, which would read doctest modules by their path."""
    sys.meta_path.insert(0, planting)
    for name in planting.files:
        importlib.import_module(name)


def with_marks(name: str, tree: ast.Module) -> ast.Module:
    """Every statement that holds a place says so when it runs."""
    numbers = {id(node): number for number, (node, _, _) in enumerate(places(tree))}

    class Marker(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            for field, value in ast.iter_fields(node):
                if field in ("body", "orelse", "finalbody") and isinstance(value, list) and value:
                    if isinstance(value[0], ast.stmt):
                        setattr(node, field, [s for old in value for s in self.marked(old)])
                elif isinstance(value, list):
                    for inner in value:
                        if isinstance(inner, ast.AST):
                            self.visit(inner)
                elif isinstance(value, ast.AST):
                    self.visit(value)
            return node

        def marked(self, statement: ast.stmt) -> list[ast.stmt]:
            compound = [
                v for f, v in ast.iter_fields(statement) if f in ("body", "orelse", "finalbody", "handlers")
            ]
            inside = {id(n) for part in compound if isinstance(part, list) for s in part for n in ast.walk(s)}
            own = [numbers[id(n)] for n in ast.walk(statement) if id(n) in numbers and id(n) not in inside]
            self.visit(statement)
            plain = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            if not own or plain or future:
                return [statement]
            call = ast.parse(f"__import__('sys')._mutants_met.update({[(name, n) for n in own]!r})").body[0]
            return [ast.copy_location(call, statement), statement]

    marked = Marker().visit(copy.copy(tree))
    assert isinstance(marked, ast.Module)
    return marked


class Recorder:
    """Which test comes by which place, what the fixtures it takes came by included, and how long it takes."""

    def __init__(self) -> None:
        self.of_test: dict[str, set[tuple[str, int]]] = {}
        self.of_fixture: dict[int, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):  # type: ignore[no-untyped-def]
        met = sys._mutants_met  # type: ignore[attr-defined]
        before = set(met)
        met.clear()
        try:
            return (yield)
        finally:
            self.of_fixture.setdefault(id(fixturedef), set()).update(met)
            met.update(before)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):  # type: ignore[no-untyped-def]
        met = sys._mutants_met  # type: ignore[attr-defined]
        met.clear()
        started = time.perf_counter()
        try:
            return (yield)
        finally:
            taken = set(met)
            for defs in getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {}).values():
                for one in defs:
                    taken |= self.of_fixture.get(id(one), set())
            self.of_test[item.nodeid] = taken
            self.seconds[item.nodeid] = time.perf_counter() - started

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:  # it would "notice" every fault
            self.failed.add(report.nodeid)


QUIET = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "-W"]
QUIET.append("ignore::pytest.PytestAssertRewriteWarning")  # the packages are loaded before pytest is


def in_a_fork(work: Callable[[], int], seconds: float) -> int | None:
    """The exit code of ``work`` done in a forked process, or ``None`` where it took too long."""
    child = os.fork()
    if child == 0:
        os.setsid()
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = 99
        with contextlib.suppress(BaseException):
            code = int(work())
        os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def record(out: Path, tests: Sequence[str]) -> None:
    """Run the suite with marks; leaves which tests come by which place in ``out``."""

    def work() -> int:
        sys._mutants_met = set()  # type: ignore[attr-defined]
        load(Planting(with_marks, list(modules())))
        recorder = Recorder()
        pytest.main([*QUIET, *tests], plugins=[recorder])
        table = {
            test: {"seconds": recorder.seconds[test], "met": sorted(map(list, met))}
            for test, met in recorder.of_test.items()
            if test not in recorder.failed
        }
        out.write_text(json.dumps(table))
        return 0

    if in_a_fork(work, 3600) != 0:
        raise SystemExit("the suite with marks did not run")


def faulty(mutant: Mutant) -> ast.Module:
    """The module with the fault planted."""
    tree = ast.parse(modules()[mutant.module].read_text("utf-8"))
    for number, (_node, _fault, plant) in enumerate(places(tree)):
        if number == mutant.number:
            plant()
            break
    return ast.fix_missing_locations(tree)


def try_from_the_start(mutant: Mutant, tests: Sequence[str], seconds: float) -> str:
    """``killed``, ``timeout`` or ``survived``, with the faulty module imported anew in a forked process."""

    def work() -> int:
        load(Planting(lambda _name, _tree: faulty(mutant), [mutant.module]))
        return int(pytest.main([*QUIET, "-x", *tests]))

    code = in_a_fork(work, seconds)
    return "timeout" if code is None else "survived" if code == 0 else "killed"


def inside_functions(tree: ast.Module) -> set[int]:
    """The places whose code runs when a function is called, not when the module is imported."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            inside.update(id(inner) for statement in node.body for inner in ast.walk(statement))
        elif isinstance(node, ast.Lambda):
            inside.update(id(inner) for inner in ast.walk(node.body))
    return {number for number, (node, _fault, _plant) in enumerate(places(tree)) if id(node) in inside}


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[bool]:
    """The functions of the loaded module run the faulty code; what they have cached is forgotten."""
    path = str(modules()[mutant.module])
    new = {
        (code.co_qualname, code.co_firstlineno): code for code in codes(compile(faulty(mutant), path, "exec"))
    }
    changed = []
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == path:
            code = new.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
            if code is not None and code != function.__code__:
                changed.append((function, function.__code__))
                function.__code__ = code
    forget()
    try:
        yield bool(changed)
    finally:
        for function, code in changed:
            function.__code__ = code
        forget()


def forget() -> None:
    for cached in gc.get_objects():
        if isinstance(cached, functools._lru_cache_wrapper) and cached.__module__.startswith("ciip_irt"):
            cached.cache_clear()


class TooSlow(BaseException):
    """Raised in a test that takes much longer than usual."""


class Trying:
    """Tries faults inside functions one after another in one process, which has collected the tests once.

    A test that notices a fault must pass again when the fault is gone: it is the fault that it notices.
    """

    def __init__(self, mutants: Sequence[Mutant], suite: "Suite", out: "Results") -> None:
        self.mutants, self.suite, self.out = mutants, suite, out
        self.crash = ""
        self.names: dict[pytest.Item, dict[str, object]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.crash = self.crash or f"{report.when}: {getattr(crash, 'message', report.longrepr)}"

    def noticing(self, session: pytest.Session, items: Sequence[pytest.Item]) -> pytest.Item | None:
        """The first of the tests that fails or takes much longer than usual."""
        self.crash = ""

        def stop(*_: object) -> None:
            raise TooSlow

        signal.signal(signal.SIGALRM, stop)
        try:
            for item, following in zip(items, [*items[1:], None], strict=True):
                if item in self.names:  # a doctest empties its names when it is done
                    item.dtest.globs.update(self.names[item])  # type: ignore[attr-defined]
                signal.setitimer(signal.ITIMER_REAL, 60 + 10 * self.suite.seconds[item.nodeid])
                try:
                    session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                except TooSlow:
                    self.crash = "too slow"
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                if self.crash:
                    return item
            return None
        finally:
            with contextlib.suppress(Exception):
                session._setupstate.teardown_exact(None)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        by_name = {item.nodeid: item for item in session.items}
        self.names = {i: dict(i.dtest.globs) for i in session.items if isinstance(i, pytest.DoctestItem)}
        for mutant in self.mutants:
            if mutant in self.out.ended():  # tried meanwhile by another process with the same file
                continue
            items = [by_name[test] for test in self.suite.tests_for(mutant) if test in by_name]
            with planted(mutant) as done:
                item = self.noticing(session, items) if done else None
                crash = self.crash
            if not done:
                self.out.add(mutant, "unplanted", len(items))
            elif item is None:
                self.out.add(mutant, "survived", len(items))
            elif self.noticing(session, [item]) is None:
                self.out.add(mutant, "killed", len(items), f"{item.nodeid}: {crash[:160]}")
            else:
                self.out.add(mutant, "unsure", len(items), f"{item.nodeid}: {crash[:160]}")
                return True  # the process is not what it was: begin another
        return True


class Suite:
    """Which tests come by which place, the quickest first."""

    def __init__(self, record: Path) -> None:
        met = json.loads(record.read_text())
        self.seconds: dict[str, float] = {test: met[test]["seconds"] for test in met}
        self.by_place: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.by_module: dict[str, list[str]] = defaultdict(list)
        for test in sorted(met, key=lambda test: met[test]["seconds"]):
            for name, number in met[test]["met"]:
                self.by_place[name, number].append(test)
            for name in {name for name, _ in met[test]["met"]}:
                self.by_module[name].append(test)

    def tests_for(self, mutant: Mutant) -> list[str]:
        place = self.by_place[mutant.module, mutant.number]
        return (place or self.by_module[mutant.module])[:LIMIT]


class Results:
    """How each fault ended, kept in a file with one line for each."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, mutant: Mutant, ended: str, tests: int, by: str = "") -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**asdict(mutant), "ended": ended, "tests": tests, "by": by}) + "\n")
        print(f"{ended:9} {mutant.module}:{mutant.line} {mutant.fault}", flush=True)

    def ended(self) -> dict[Mutant, str]:
        if not self.path.exists():
            return {}
        lines = [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]
        return {
            Mutant(**{k: line[k] for k in ("module", "number", "line", "fault")}): line["ended"]
            for line in lines
        }


def try_in_one_process(sample: Sequence[Mutant], suite: Suite, out: Results) -> None:
    """Those inside functions; where a process hangs or is spoilt the next begins after that fault."""
    left = [
        m for m in sample if m.number in inside_functions(ast.parse(modules()[m.module].read_text("utf-8")))
    ]
    while left := [mutant for mutant in left if mutant not in out.ended()]:
        files = sorted({test.split("::")[0] for mutant in left for test in suite.tests_for(mutant)})
        child = os.fork()
        if child == 0:
            os.setsid()
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            with contextlib.suppress(BaseException):
                for (
                    name
                ) in modules():  # what loads its parts when they are first asked for has none to change
                    importlib.import_module(name)
                pytest.main([*QUIET, *files], plugins=[Trying(left, suite, out)])
            os._exit(0)
        before = done = len(out.ended())
        changed = time.monotonic()
        while not os.waitpid(child, os.WNOHANG)[0]:
            time.sleep(0.2)
            if len(out.ended()) != done:
                done, changed = len(out.ended()), time.monotonic()
            if time.monotonic() - changed > HUNG:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                break
        if time.monotonic() - changed > HUNG:
            stuck = next(mutant for mutant in left if mutant not in out.ended())
            out.add(stuck, "timeout", len(suite.tests_for(stuck)))
        elif len(out.ended()) == before:
            raise SystemExit("the tests could not be collected")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument(
        "--out", type=Path, default=Path("mutants.jsonl"), help="what it holds is not tried again"
    )
    parser.add_argument("--record", type=Path, default=Path("mutants-met.json"), help="kept for a second run")
    asked = parser.parse_args(arguments)
    os.chdir(PROJECT)
    for package in (
        "numpy",
        "scipy.optimize",
        "scipy.stats",
        "scipy.special",
        "polars",
        "hypothesis",
        "jinja2",
    ):
        importlib.import_module(package)
    sample = draw(asked.sample, asked.seed)
    if not asked.record.exists():
        record(
            asked.record.resolve(),
            [*(f"tests/{room}" for room in TESTS), *(str(PACKAGE / room) for room in ROOMS)],
        )
    suite, out = Suite(asked.record), Results(asked.out.resolve())
    for mutant in sample:
        if not suite.tests_for(mutant) and mutant not in out.ended():
            out.add(mutant, "no test", 0)
    try_in_one_process(sample, suite, out)
    ended = out.ended()
    for mutant in sample:
        if ended.get(mutant) not in ("killed", "timeout", "no test"):
            tests = suite.tests_for(mutant)
            usual = sum(suite.seconds[test] for test in tests)
            how = try_from_the_start(mutant, tests, min(SLOWEST, 30 + 5 * usual))
            out.add(mutant, how, len(tests), "from the start")
    ended = out.ended()
    noticed = sum(ended[mutant] in ("killed", "timeout") for mutant in sample)
    print(f"{noticed} of {len(sample)} faults noticed ({noticed / len(sample):.1%})")


if __name__ == "__main__":
    main()
