"""The command line: parse, call one function, report, exit.

Exit codes: 0 done, 1 the answer is "no" (findings, infeasible, not converged), 2 unusable input or arguments,
70 a defect of ours. Only the module of the command asked for is imported, and the heavy packages only when it
runs.
"""

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType, ModuleType

from ciip_irt._version import __version__
from ciip_irt.cli.printable_stream import PrintableStream
from ciip_irt.errors import CiipError

__all__ = ["COMMANDS", "DEFECT", "main"]

PROGRAM = "ciip-irt"

DEFECT = 70
"""The exit code of an exception nobody foresaw: EX_SOFTWARE of sysexits.h."""
TRACEBACK = "--traceback"
LONGEST_REASON = 200
"""Characters of a foreign message that still make one line."""
STOPPED = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "demo": ("demo", "simulate a CIIP-like programme and run the whole job on it"),
        "run": ("run", "the whole job for the files that an exam file names"),
        "simulate": ("simulate", "make a response log, an item bank and their truth table"),
        "ingest": ("ingest", "validate any response log into the canonical table"),
        "analyse": (
            "analyse",
            "classical item and option statistics, key validation, DIF, reliability, flags",
        ),
        "calibrate": ("calibrate", "item parameters on the bank scale, abilities, fit"),
        "link": ("link", "put one calibration on the scale of another through their common items"),
        "pilots review": ("pilots_review", "evidence and a decision for each pilot item"),
        "pilots simulate": ("pilots_simulate", "error rates and waiting of a pilot policy for this bank"),
        "pilots plan": ("pilots_plan", "which pilots go into which form to reach their answers by a date"),
        "promote": ("promote", "bring a reviewed decision sheet into the bank, with a ledger"),
        "assemble": ("assemble", "forms that conform to a blueprint and hit its difficulty target"),
        "check": ("check", "hold forms against a blueprint; needs no solver"),
        "bank capacity": ("bank_capacity", "how many forms a bank supports, and what to write next"),
        "bank migrate": ("bank_migrate", "move a bank to the domains of a new content outline"),
        "blueprint": ("blueprint", "show a blueprint: counts, how they were apportioned, ties"),
        "blueprint apportion": ("blueprint_apportion", "turn published percentages into item counts"),
        "schema": ("schema", "the JSON schema of a kind of TOML file, for editors"),
        "replay": ("replay", "the run of a results folder again, and what comes out differently"),
        "report": ("report", "pages from the results in a folder"),
    }
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console of few letters must not lose a result
        sys.stdout.reconfigure(errors="backslashreplace")
    with (
        contextlib.redirect_stdout(PrintableStream(sys.stdout)),
        contextlib.redirect_stderr(PrintableStream(sys.stderr)),
    ):
        return _answered(arguments)


def _answered(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        print(f"{PROGRAM} {__version__}")
        return 0
    name = " ".join(arguments[:2]) if " ".join(arguments[:2]) in COMMANDS else arguments[0]
    if name not in COMMANDS:
        return _unknown(arguments)
    return _ran(name, arguments[len(name.split()) :])


def _ran(name: str, given: Sequence[str]) -> int:
    """The exit code of a command; whatever goes wrong is told in a line."""
    try:
        module = import_module(f"ciip_irt.cli.{COMMANDS[name][0]}")
        parser = _parser(name, module)
        with _larger_files((arguments := parser.parse_args(given)).larger_files):
            code: int = module.run(arguments)
        sys.stdout.flush()
    except CiipError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped; nothing was written after the last finished step", file=sys.stderr)
        return STOPPED
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # polars' panics are no Exception
        if TRACEBACK in given:
            raise
        print(_defect(name, error), file=sys.stderr)
        return DEFECT
    return code


def _parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    purpose = COMMANDS[name][1]
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} {name}",
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=getattr(module, "EPILOG", None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    parser.add_argument(
        TRACEBACK, action="store_true", help="after a defect of ours: show where it happened, for a report"
    )
    parser.add_argument(
        "--larger-files", metavar="TIMES", default=None, help="read files so many times larger than usual"
    )
    return parser


@contextlib.contextmanager
def _larger_files(times: str | None) -> Iterator[None]:
    if times is None:
        yield
        return
    from ciip_irt.tables import FACTOR_VARIABLE

    before = os.environ.get(FACTOR_VARIABLE)
    os.environ[FACTOR_VARIABLE] = times
    try:
        yield
    finally:
        del os.environ[FACTOR_VARIABLE]
        if before is not None:
            os.environ[FACTOR_VARIABLE] = before


def _defect(name: str, error: BaseException) -> str:
    said = " ".join(str(error).split())[:LONGEST_REASON]
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return (
        f"{PROGRAM} {name}: a defect of {PROGRAM} {__version__}, not of your files ({what})."
        f" Please report it, with what the same command says with {TRACEBACK}."
    )


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {purpose}" for name, (_, purpose) in COMMANDS.items()]
    return "\n".join(
        [
            f"usage: {PROGRAM} COMMAND ...",
            "",
            "Item analysis, IRT calibration, pilot review and form assembly for certification exams.",
            "",
            "commands:",
            *lines,
            "",
            f"'{PROGRAM} COMMAND --help' explains one of them. Start with '{PROGRAM} demo'.",
            "Exit codes: 0 done, 1 the answer is no, 2 unusable input or arguments, 70 a defect of ours.",
        ]
    )


def _unknown(arguments: Sequence[str]) -> int:
    group = [name for name in COMMANDS if name.startswith(f"{arguments[0]} ")]
    if group and arguments[1:] in (["-h"], ["--help"]):
        print("\n".join(f"{PROGRAM} {name}: {COMMANDS[name][1]}" for name in group))
        return 0
    near = group or get_close_matches(arguments[0], COMMANDS, n=2, cutoff=0.5)
    hint = f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
    asked = " ".join(arguments[: 2 if group else 1])
    print(f"{PROGRAM}: unknown command {asked!r}.{hint} See '{PROGRAM} --help'.", file=sys.stderr)
    return 2
