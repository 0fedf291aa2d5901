"""Everything an exam file may say. Options of the commands are made from the same declarations.

A setting has one name: here, as an option (``--robust-z`` for ``robust_z``), and as a parameter in Python.
"""

from ciip_irt.settings import (
    AnyOf,
    Flag,
    Label,
    ListOf,
    Named,
    Number,
    Section,
    Setting,
    Text,
    Whole,
)

__all__ = [
    "ANALYSIS",
    "ASSEMBLY",
    "CALIBRATION",
    "ELIGIBILITY",
    "EXAM",
    "PILOTS",
    "RESPONSES",
    "SCORES",
    "SCORING",
]

MOST_MISFITTING = 0.2  # of fitting candidates one in five would go: a selection of persons, not of misfits
MOST_FORMS = 1000  # an organisation builds a handful at a time; more is a slip of the keyboard
DELIMITER = Text(
    pattern=r"[\s\S]|\\t|tab|comma|semicolon|bar", blank=True, remedy='Such as ";" or "tab".',
    called="one character, or tab, comma, semicolon, bar",
)  # fmt: skip
STOPPING = ("anchors", "key")  # of screening.Whole, which takes a second to import: what may stop the work
POINTS = Text(choices=("wrong", "missing"))
FILES = ListOf(Text(), "texts", least=1)
ATTRIBUTE_VALUES = AnyOf((Label(), ListOf(Label(), "values", least=1)), "a value or a list of values")

CALIBRATION = Section(
    (
        Setting("model", Text(choices=("rasch", "1pl", "2pl", "3pl")), "response model", default="rasch"),
        Setting(
            "anchors", Text(),
            "what holds the scale: bank (the scored items at their values in the bank), none (a free scale),"
            " or a file of items or parameters",
            default="bank",
        ),
        Setting(
            "purify", Flag(),
            "anchors that drifted beyond the limits hold the scale no longer and are estimated anew;"
            " otherwise they are reported only",
            default=True,
        ),
        Setting(
            "displacement", Number(0), "limit of an anchor's displacement in logits; 0.3 is strict",
            default=0.5,
        ),
        Setting("robust_z", Number(0), "limit of its robust z", default=1.645),
        Setting(
            "certainty", Number(0), "a displacement counts only beyond so many standard errors", default=3.0
        ),
        Setting("keep_anchors", Number(0, 1), "share of the anchors that stays at the least", default=0.8),
        Setting(
            "keep_anchors_within", Number(0, 1),
            "share of the anchors of each domain, and of each part of the design, that stays at the least",
            default=0.5,
        ),
        Setting("scale_id", Text(), "name of a free scale; without it, one that differs from log to log"),
        Setting("D", Number(above=0), "scaling constant of a free scale; 1 without it"),
        Setting(
            "priors", Text(choices=("default", "bank", "none")),
            "bank: what the bank's scored items look like, b around the mean of the new ones; default: none"
            " for rasch and 1pl, for 2pl and 3pl the bank's where it holds the scale",
            default="default",
        ),
        Setting(
            "groups", Text(),
            "candidates' column (delivery_mode, first_time, form_id, ...) each of whose values is a"
            " population with its own mean and spread; none: one population; without it one, but one for each"
            " form in a free calibration of forms that share some items and whose candidates differ",
        ),
        Setting(
            "population", Text(choices=("normal", "histogram")),
            "histogram: any shape; wants about a thousand candidates", default="normal",
        ),
        Setting("max_iterations", Whole(1), "limit of the estimation; 500 without it"),
        Setting(
            "standard_errors", Text(choices=("oakes", "cross_product")), "how standard errors are found",
            default="oakes",
        ),
        Setting(
            "engine", Text(choices=("mml", "cml", "girth")),
            "cml: conditional likelihood, for rasch without anchors; girth: a cross-check on complete data"
            " of one population", default="mml",
        ),
        Setting(
            "ability", Text(choices=("eap", "map", "ml", "wle")), "theta in abilities.csv", default="eap"
        ),
        Setting(
            "fit_simulations", Whole(0),
            "samples that fit, drawn for the limits of infit and outfit and for dependent pairs; without it"
            " 20 up to 500,000 answers, else 0",
        ),
        Setting(
            "dimensionality", Flag(), "also examine whether one ability is enough: dimensionality.csv",
            default=False,
        ),
        Setting(
            "exclude_person_misfit", Number(above=0, most=MOST_MISFITTING),
            "calibrate again without deliveries whose lz* has a smaller p, as in 0.001; without it all stay",
        ),
    )
)  # fmt: skip
"""What ``calibrate`` can be told, by exam file, by command and in Python alike."""

SCORES = Section(
    (
        Setting(
            "score_scale", Text(),
            "reported scores: arrt (75 passes, 99 is the highest), or a TOML file with at_cut, at_maximum,"
            " lowest, highest, decimals, passing", default="arrt", formerly="scale",
        ),
        Setting(
            "rounding", Text(choices=("up", "nearest", "down")),
            "of the expected score at the standard to the raw cut", default="up",
        ),
    )
)  # fmt: skip

RESPONSES = Section(
    (
        Setting("files", FILES, "the response logs", required=True),
        Setting("format", Text(choices=("long", "wide", "vendor-wide")),
                "how answers stand; without it seen from the columns"),
        Setting("mapping", Text(), "TOML file that says which column means what"),
        Setting("candidates", Text(), "table of attributes, one row per delivery"),
        Setting("delimiter", DELIMITER, "between cells of CSV files; without it seen from the file"),
        Setting("encoding", Text(), "of CSV files, such as cp1252; without it seen from the file"),
        Setting("key", Text(), "table with a column of items and one of keys"),
        Setting("sheet", Text(), "sheet of a workbook with the answers"),
        Setting("key_row", Whole(1), "number of the row that is the key"),
        Setting("blank", Text(choices=("omitted", "not_reached", "invalid", "not_administered")),
                "what an empty cell of a wide log means; without it seen from where they stand"),
        Setting("attributes", ListOf(Text(), "texts"),
                "columns about candidates that look like questions"),
        Setting("keep_names", Flag(), "keep names, e-mail addresses and the like", default=False),
        Setting("pseudonyms", Text(), "file with the key under which candidates get pseudonyms; made where"
                " there is none"),
    )
)  # fmt: skip
"""Which log, and how it is read."""

ELIGIBILITY = Section(
    (
        Setting(
            "attempts",
            AnyOf((Text(choices=("first", "all")), ListOf(Text(), "attempt labels")),
                  "'first', 'all' or a list of attempt labels"),
            "which attempts count", default="first",
        ),
        Setting("exclude_attributes", Named(ATTRIBUTE_VALUES),
                "values of candidates' attributes that exclude: flagged = [1]"),
        Setting("minimum_answered", Number(0, 1), "least share of the items that must be answered",
                default=0.0),
        Setting("exclude_deliveries", FILES, "deliveries left out by name"),
        Setting("require_answer", Flag(), "leave out deliveries without a single answer", default=True),
        Setting("maximum_rapid", Number(0, 1),
                "leave out deliveries with more than this share of answers given faster than anyone can"
                " read; without it not looked at"),
    )
)  # fmt: skip
"""Who counts."""

SCORING = Section(
    (
        Setting("omitted", POINTS, "what an omitted answer earns", default="wrong"),
        Setting("not_reached", POINTS, "what an item not reached earns", default="wrong"),
        Setting("invalid", POINTS, "what an invalid answer earns", default="wrong"),
    )
)
"""What counts as wrong."""

ANALYSIS = Section(
    (Setting("dif", FILES, "columns of the candidates table whose groups are compared item by item; without"
             " it delivery_mode, first_time and region, as far as they are there"),)
)  # fmt: skip

PILOTS = Section(
    (Setting("policy", Text(), "name of a policy (default, arrt-like), or a TOML file", default="default"),)
)

ASSEMBLY = Section(
    (
        Setting("n_forms", Whole(0, MOST_FORMS), "number of forms; 0 for none", default=3, formerly="forms"),
        Setting("seed", Whole(), "the same seed gives the same forms", default=2026),
        Setting("theta_cut", Number(), "the standard on the bank scale, in the place of the blueprint's"),
    )
)

EXAM = Section(
    (
        Setting("exam", Section((
            Setting("name", Text(), "its name", required=True),
            Setting("accept", ListOf(Text(choices=STOPPING), "names"),
                    "what is right though it looks wrong as a whole, so that the work goes on", default=()),
        )), required=True),
        Setting("responses", RESPONSES, "the log", required=True),
        Setting("items", Section((
            Setting("file", Text(), "the item bank", required=True),
            Setting("delimiter", DELIMITER, "between cells of a CSV file; without it seen from the file"),
            Setting("encoding", Text(), "of a CSV file; without it seen from the file"),
        )), "the bank", required=True),
        Setting("eligibility", ELIGIBILITY, "who counts"),
        Setting("scoring", SCORING, "what counts as wrong"),
        Setting("analysis", ANALYSIS, "item analysis"),
        Setting("calibration", CALIBRATION, "item parameters"),
        Setting("scores", SCORES, "reported scores"),
        Setting("pilots", PILOTS, "pilot review"),
        Setting("blueprint", Section((
            Setting("file", Text(), "name of a blueprint (ciip-2024), or a TOML file", required=True),
        )), "what a form must be; without it no forms are assembled"),
        Setting("assembly", ASSEMBLY, "form assembly"),
    )
)  # fmt: skip
"""What an exam file may say."""
