"""``python -m benchmarks.flags``: how much of what is flagged is true, and how much of an exam is flagged.

Simulated programmes know their planted flaws. A flag counts as one that an expert would act on where the item
has a flaw that the flag can speak of: any flaw but a harmless one, for a weak distractor the planted dead
options, for p beyond its limits the true p. Real exams have no truth: told is the share of their items that
carry a flag of each severity.
"""

import argparse
from collections import Counter
from pathlib import Path

import polars as pl

from ciip_irt.bank import ItemBank
from ciip_irt.item_analysis import ItemAnalysis, analyse_items
from ciip_irt.responses import score
from ciip_irt.simulate import simulate_programme

HARMLESS = ("none", "dead_distractors")
HOUSEKEEPING = 4  # severities from here on are for a quiet afternoon


def true_flags(truth: pl.DataFrame, flags: pl.DataFrame) -> pl.DataFrame:
    """``flags`` with a column ``acted_on``."""
    known = truth.select("item_id", "flaw")
    joined = flags.join(known, on="item_id", how="left", maintain_order="left")
    dead = pl.col("flaw") == "dead_distractors"
    flawed = ~pl.col("flaw").is_in(HARMLESS)
    return joined.with_columns(
        acted_on=pl.when(pl.col("flag") == "weak_distractors").then(dead | flawed).otherwise(flawed)
    )


def simulated(programmes: int, candidates: int) -> tuple[pl.DataFrame, float, int]:
    """Flags with what became of them; the share of wrong keys told at severity 1, and how many there were."""
    found, caught, planted = [], 0, 0
    for seed in range(programmes):
        programme = simulate_programme(n_candidates=candidates, seed=1000 + seed)
        bank = ItemBank.from_frame(programme.items)
        analysis = analyse_items(score(programme.responses, bank, candidates=programme.candidates))
        found.append(true_flags(programme.truth, analysis.flags))
        seen = set(analysis.pooled().filter(pl.col("n") >= 30)["item_id"])
        wrong = set(programme.truth.filter(pl.col("flaw") == "wrong_key")["item_id"]) & seen
        urgent = set(analysis.flags.filter(pl.col("severity") == 1)["item_id"])
        caught, planted = caught + len(wrong & urgent), planted + len(wrong)
    return pl.concat(found), caught / max(planted, 1), planted


def shown(flags: pl.DataFrame) -> list[str]:
    lines = ["| severity | flag | said | acted on |", "|---|---|---|---|"]
    for by in (["severity"], ["severity", "flag"]):
        table = flags.group_by(by).agg(said=pl.len(), share=pl.col("acted_on").mean()).sort(by)
        lines += [
            f"| {row['severity']} | {row.get('flag', 'all')} | {row['said']} | {row['share']:.2f} |"
            for row in table.iter_rows(named=True)
        ]
    return lines


def of_exam(name: str, analysis: ItemAnalysis) -> str:
    total = analysis.pooled().height
    worst = analysis.flags.group_by("item_id").agg(pl.col("severity").min())["severity"].to_list()
    count = Counter(worst)
    above = sum(number for severity, number in count.items() if severity < HOUSEKEEPING)
    cells = " | ".join(f"{count[severity]}" for severity in range(1, 6))
    return f"| {name} | {total} | {cells} | {above / total:.2f} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flags", description=__doc__)
    parser.add_argument("--programmes", type=int, default=12)
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--exams", type=Path, default=None, help="folder with licensure170 and sat12")
    arguments = parser.parse_args()
    flags, recall, planted = simulated(arguments.programmes, arguments.candidates)
    print(f"{arguments.programmes} simulated programmes of {arguments.candidates} candidates\n")
    print("\n".join(shown(flags)))
    print(f"\nOf {planted} planted wrong keys with 30 answers or more {recall:.2f} are told at severity 1.")
    if arguments.exams is not None:
        from benchmarks.real_exams import licensure, sat12

        print(
            "\n| exam | items | 1 | 2 | 3 | 4 | 5 | above housekeeping |\n|---|---|---|---|---|---|---|---|"
        )
        for name, read in (("licensure170", licensure), ("SAT12", sat12)):
            print(of_exam(name, analyse_items(read(arguments.exams))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
