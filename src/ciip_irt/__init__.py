"""Item analysis, calibration, pilot review and form assembly for certification exams.

The whole job in eight lines::

    import ciip_irt as ci

    bank = ci.read_bank("items.csv")
    log = ci.ingest(["responses.parquet"], bank=bank, candidates="candidates.csv")
    eligible = ci.select_eligible(log.responses, log.candidates)
    scored = ci.score(eligible.responses, bank, candidates=eligible.candidates)
    analysis = ci.analyse_items(scored)
    calibration = ci.calibrate(scored, "rasch", anchors=bank)
    review = ci.review_pilots(scored, bank, ci.load_policy("default"), calibration=calibration)
    assembly = ci.assemble(bank.items, ci.load_blueprint("ciip-2024"), n_forms=3)

Every result is frozen, shows itself as a compact table in a notebook, has ``.to_frame()`` (tidy polars) and
``.summary()`` (a few plain sentences). ``ci.run_job(ci.load_exam("exam.toml"))`` does all of it at once.
"""

from lazy_loader import attach_stub

# Rooms are entered when first needed: the command line starts without numpy and polars.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
