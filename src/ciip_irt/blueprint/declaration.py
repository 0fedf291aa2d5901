"""Everything a blueprint file may say, declared once; reader and JSON schema follow from it."""

from dataclasses import dataclass
from typing import Any

from ciip_irt.blueprint.apportionment_rules import RULES, exact
from ciip_irt.blueprint.blueprint import ITEM_ORDERS, SEVERITIES, AttemptRules, Target
from ciip_irt.blueprint.requirements import (
    AnchorBlock,
    Between,
    Condition,
    ItemSets,
    KeyBalance,
    NotIn,
    UseRule,
    Wanted,
)
from ciip_irt.blueprint.targets import QUANTITIES, Quantity
from ciip_irt.errors import BlueprintError
from ciip_irt.settings import (
    Choice,
    Date,
    Flag,
    Label,
    ListOf,
    Named,
    Number,
    Range,
    Repeated,
    Section,
    Setting,
    Text,
    UnfitError,
    Whole,
    shown,
)
from ciip_irt.tables import STATUS

__all__ = ["BLUEPRINT"]

NO_RULE = "none"
SHORTEST_RUN = 3  # two equal keys in a row happen at every fourth place; to forbid them would give keys away
MOST_ITEMS = 10_000  # scored items of a form: beyond any sitting, and every count stays exact
SHARE = Number(0, 1)  # of a whole
COUNT = Whole(0, MOST_ITEMS)
ITEMS = ListOf(Text(), "texts", once=True)
STATUSES = ListOf(Text(choices=tuple(STATUS)), ", ".join(STATUS), least=1)
SEVERITY = Setting(
    "severity", Text(choices=SEVERITIES), "what a form outside the tolerance is", default=SEVERITIES[0]
)
ROLE = Setting(
    "role", Text(choices=("scored", "pilot")), "whether scored or pilot items are meant", default="scored"
)


@dataclass(frozen=True, slots=True)
class Percent:
    """A published weight as it was printed, with or without quotes."""

    words: str = "a number"

    def read(self, value: Any) -> str:
        written = Label().read(value)
        try:
            weight = exact(written)
        except BlueprintError:
            raise UnfitError(f"is not a number: {shown(written)}") from None
        if weight < 0:
            raise UnfitError(f"must not be below 0: {shown(written)}")
        return written

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}


@dataclass(frozen=True, slots=True)
class SetSizes:
    """``"whole"``, or ``[low, high]`` items of a set."""

    words: str = '"whole" or [low, high]'

    def read(self, value: Any) -> ItemSets:
        if value == "whole":
            return ItemSets(whole=True)
        if isinstance(value, str):
            raise UnfitError(f"must be {self.words}, not {shown(value)}")
        try:
            return ItemSets(False, *Range(1).read(value))
        except UnfitError as unfit:
            raise UnfitError(str(unfit), "A set may always be left out.") from None

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": "whole"}, Range(1).schema()]}


@dataclass(frozen=True, slots=True)
class Columns:
    """``{ domain = "F", b = { low = -1 } }``: columns of the bank, each with values or bounds of a number."""

    words: str = "columns with values or bounds"

    def read(self, value: Any) -> Condition:
        remedy = 'Write where = { domain = "F", cognitive_level = ["recall", "apply"] }.'
        if not isinstance(value, dict) or not value:
            raise UnfitError(f"must name columns and values, not {shown(value)}", remedy)
        faults: list[tuple[str, str]] = []
        found: list[tuple[str, Wanted]] = []
        for column, wanted in value.items():
            try:
                found.append((column, _wanted(column, wanted)))
            except UnfitError as unfit:
                faults += [(what.format(column=column), more or remedy) for what, more in unfit.faults]
        if faults:
            raise UnfitError(faults)
        return tuple(found)

    def schema(self) -> dict[str, Any]:
        bounds = {"low": {"type": "number"}, "high": {"type": "number"}}
        return {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    {"description": "bounds of a number", "type": "object", "properties": bounds,
                     "minProperties": 1, "additionalProperties": False},
                    {"description": "a value, and none of these", "type": "object",
                     "properties": {"not": {"anyOf": [{"type": "string"},
                                                      {"type": "array", "items": {"type": "string"}}]}},
                     "required": ["not"], "additionalProperties": False},
                ]
            },
        }  # fmt: skip


def _wanted(column: str, wanted: Any) -> Wanted:
    """``"recall"``, ``["recall", "apply"]``, ``{ low = 1 }``, ``{ not = "recall" }``, ``{ not = [] }``."""
    if not isinstance(wanted, dict):
        return _values(wanted)
    if set(wanted) != {"not"}:
        return _between(column, wanted)
    return NotIn(() if wanted["not"] == [] else _values(wanted["not"]))


def _between(column: str, wanted: dict[str, Any]) -> Between:
    try:
        bounds = {key: Number().read(bound) for key, bound in wanted.items()}
        between = Between(**bounds) if bounds else None
    except (TypeError, UnfitError):
        between = None
    if between is None:
        what = f"{column} must be {{ low = a number, high = a number }}, not {shown(wanted)}"
        raise UnfitError(what.replace("{", "{{").replace("}", "}}"), "One of the two is enough.")
    if between.low > between.high:
        raise UnfitError(f"{{column}}: {between.low:g} is above high, {between.high:g}")
    return between


def _values(wanted: Any) -> tuple[str, ...]:
    values = [wanted] if isinstance(wanted, str) else wanted
    try:
        found: tuple[str, ...] = ListOf(Text(blank=True), "texts", least=1, once=True).read(values)
    except UnfitError:
        raise UnfitError("{column} must be a text or a list of texts") from None
    return found


def _target(quantity: Quantity) -> Section:
    unit = quantity.unit
    return Section(
        (
            Setting("value", Number(), f"the target; without it, the average of the bank ({unit})"),
            Setting("tolerance", Number(above=0), f"in {unit}", required=True, remedy=f"Unit: {unit}."),
            SEVERITY,
        ),
        record=Target,
    )


def _curve(quantity: Quantity) -> Section:
    unit, positive = quantity.unit, ListOf(Number(above=0), "numbers larger than 0", least=1)
    goal = (
        Setting("goal", Text(choices=("reach", "maximise")),
                "reach the targets, or as high as possible in all forms alike"),
        Setting("equal_within_percent", Number(above=0, most=100),
                "with goal maximise: how far forms may be apart"),
        Setting("certainty", Number(0.5, below=1),
                "with goal maximise: raise what forms have with this probability, the parameters being"
                " uncertain"),
        Setting("weights", positive,
                "with goal maximise: the least information / weight is raised; without them, the bank's"
                " average"),
    )  # fmt: skip
    return Section(
        (
            Setting("thetas", ListOf(Number(), "numbers", least=1, distinct=True),
                    "abilities at which it is compared", required=True,
                    remedy="Write the abilities at which it is compared."),
            *(goal if quantity.can_be_goal else ()),
            Setting("values", positive, f"the targets, one per theta ({unit})"),
            Setting("relative_to", Text(choices=("bank average", "bank best", "reference")),
                    "what the targets are a share of, where there are no values"),
            Setting("share", Number(above=0), "of what it is relative to"),
            Setting("reference", Text(blank=True), "form_id of an earlier form"),
            Setting("tolerance", Number(above=0), f"in {unit}"),
            Setting("tolerance_percent", Number(above=0),
                    "instead of tolerance: in per cent of the target"),
            SEVERITY,
        ),
        record=Target,
    )  # fmt: skip


COLUMN = Setting("column", Text(), "a column of the bank", required=True)
ROW_NAME = Setting("name", Text(), "name of the row, for messages")
WHERE = Setting("where", Columns(), "columns of the bank, each with a value or a list of values")
LOW, HIGH = Setting("low", Number(), "least"), Setting("high", Number(), "most")
COUNTS = Section(
    (
        ROW_NAME,
        Setting("where", Columns(), WHERE.doc, required=True,
                remedy='Write where = { cognitive_level = "recall" }.'),
        Setting("count", COUNT, "exactly so many"),
        Setting("range", Range(0, MOST_ITEMS), "[low, high]"),
        ROLE,
    ),
    choices=(Choice((("count",), ("range",)), "range", "give either count or range",
                    "count = 40, or range = [35, 45]."),),
)  # fmt: skip
LIMITS = Section(
    (
        ROW_NAME, COLUMN, WHERE, LOW, HIGH,
        Setting("since", Date(), "the first date that may stand"),
        Setting("before", Date(), "the first date that may not"),
        ROLE,
    ),
    choices=(Choice((("low", "high"), ("since", "before")), "low", "give bounds of a number or of a date",
                    "Bound a number by low and high, a date by since and before."),),
)  # fmt: skip
SUMS = Section(
    (ROW_NAME, COLUMN, WHERE, LOW, HIGH),
    choices=(Choice((("low",), ("high",)), "high", "is missing", "Give low, high, or both.",
                    exactly_one=False),),
)  # fmt: skip
IF_THEN = Section(
    (
        ROW_NAME,
        Setting("if", Columns(), "a scored item like this in a form", required=True,
                remedy='Write if = { item_id = "F012" }.'),
        Setting("then", Columns(), "asks for items like these", required=True,
                remedy='Write then = { item_id = "F013" }.'),
        Setting("least", COUNT, "so many of them at least (1, or 0 where most is given)"),
        Setting("most", COUNT, "so many of them at most"),
        Setting("both_ways", Flag(), "and the other way round", default=False),
    )
)  # fmt: skip
KEY_BALANCE = Section(
    (
        Setting("low", SHARE, "least share"),
        Setting("high", SHARE, "largest share"),
        Setting("letters", Text(), "the option letters concerned"),
        Setting("longest_run", Whole(SHORTEST_RUN), "no key more often running"),
    ),
    record=KeyBalance,
)  # fmt: skip
USES = Section(
    (
        Setting("least", Whole(0), "forms that every item stands in at least", default=0),
        Setting("most", Whole(1), "forms that an item stands in at most"),
        Setting("max_exposure", Number(above=0, most=1),
                "the same as a share of the forms, or of the candidates"),
        Setting("candidates", ListOf(Number(above=0), "numbers larger than 0", least=1),
                "candidates expected for each form, in the order of the forms"),
        Setting("every_item", Flag(), "all items that may be scored are used"),
        Setting("fewest_unused", Flag(), "as many are used as can be, other things equal"),
    ),
    record=UseRule,
)  # fmt: skip
CONSTRAINTS = Section(
    (
        Setting("max_overlap", SHARE, "share of scored items that two forms may have in common"),
        Setting("enemies_apart", Flag(), "enemies never meet in a form", default=True),
        Setting("scored_status", STATUSES, "statuses that scored slots take", default=("scored",)),
        Setting("pilot_status", STATUSES, "statuses that pilot slots take", default=("pilot",)),
        Setting("max_overlap_earlier", SHARE, "share of scored items in common with a form used before"),
        Setting("include", ITEMS, "items that every form has in a scored slot", default=()),
        Setting("exclude", ITEMS, "items that no form has", default=()),
        Setting("let_in", ITEMS, "items that may stand in a form in spite of open flags", default=()),
        Setting("item_sets", SetSizes(), "items that share a set_id: none of them, or all, or so many"),
        Setting("last_used_before", Date(), "scored items last used then or later rest"),
        Setting("uses", USES, "in how many forms of a family an item stands"),
        Setting("key_balance", KEY_BALANCE, "share of each letter among the keys of the scored items"),
        Setting("counts", Repeated(COUNTS),
                "numbers of scored (or pilot) items by values in columns of the bank"),
        Setting("limits", Repeated(LIMITS),
                "bounds that every single item keeps: a number by low and high, a date by since and before"),
        Setting("if_then", Repeated(IF_THEN), "what a form has where it has something else"),
        Setting("sums", Repeated(SUMS), "sums of a column over the scored items"),
        Setting("means", Repeated(SUMS), "means of a column over the scored items"),
    )
)  # fmt: skip
ANCHORS = Section(
    (
        Setting("count", Whole(1, MOST_ITEMS), "number of anchors"),
        Setting("items", ITEMS, "the anchors; without them they are chosen", default=()),
        Setting("reference", Text(blank=True), "form_id of an earlier form that has the anchors too"),
        Setting("counted", Text(choices=("apart", "within")),
                "whether the overlap allowed comes on top of the anchors (apart) or has them in it (within)"),
        Setting("same_positions", Flag(), "anchors stand at the same positions in all forms"),
        Setting("mean_b", Number(0), "how far the anchors' mean b may be from the form's, in logits"),
        Setting("sd_b", SHARE, "how far their standard deviation of b may be from the form's, as a share"),
    ),
    record=AnchorBlock,
    choices=(Choice((("count",), ("items",)), "count", "is missing",
                    "Give the number of anchors, or list them as items.", exactly_one=False),),
)  # fmt: skip
DOMAIN = Section(
    (
        Setting("name", Text(), "name of the domain", required=True),
        Setting("percent", Percent(), "the published weight as it was printed"),
        Setting("count", COUNT, "scored items", required=True,
                remedy="A blueprint needs the number of items; percentages become counts only through"
                       " 'ciip-irt blueprint apportion'."),
        Setting("range", Range(0, MOST_ITEMS), "[low, high] of scored items, where some freedom is meant"),
    )
)  # fmt: skip
BLUEPRINT = Section(
    (
        Setting("name", Text(), "short name of the blueprint", required=True),
        Setting("title", Text(blank=True), "long name", default=""),
        Setting("outline", Text(), "version of the content outline", required=True),
        Setting("effective", Date(), "in force from: 2024, 2024-03 or 2024-03-01", required=True,
                remedy='Write "2024", "2024-03" or "2024-03-01".'),
        Setting("length", Whole(1, MOST_ITEMS), "scored items; the counts of the domains sum to it",
                required=True, remedy="Give the number of scored items."),
        Setting("pilot_slots", COUNT, "unscored items on top", default=0),
        Setting("testing_time_minutes", Whole(1), "for scored and pilot items together"),
        Setting("slow_pace", Number(1), "what the slowest twentieth of candidates take, in multiples of the"
                " expected time (q95_min / expected_min of form_times.csv)"),
        Setting("item_order", Text(choices=ITEM_ORDERS),
                "domains spread over the form, or one after the other", default=ITEM_ORDERS[0]),
        Setting("attempts", Section((
            Setting("limit", Whole(1), "at most so many attempts", required=True),
            Setting("months", Whole(1), "in so many months", required=True),
        ), record=AttemptRules), "at most so many attempts in so many months"),
        Setting("apportionment", Section((
            Setting("rule", Text(choices=(NO_RULE, *RULES)), "how the counts came from the percentages",
                    required=True),
            Setting("normaliser", Label(), "what the percentages were divided by", default=""),
            Setting("tie_break", Text(blank=True), "how ties were broken", default=""),
            Setting("note", Text(blank=True), "what else is to be known", default=""),
        )), "where the counts come from"),
        Setting("domains", Named(DOMAIN, least=1, remedy="Write [domains.A] with name and count."),
                "one section per domain, by letter", required=True,
                remedy="Write [domains.A] with name and count."),
        Setting("difficulty", Section((
            Setting("theta_cut", Number(), "the standard on the bank scale"),
            Setting("shrink", Flag(),
                    "targets are expectations over the errors of the bank's parameters, which chosen items"
                    " would else flatter", default=True),
            *(
                Setting(name, _curve(quantity) if quantity.at_thetas else _target(quantity),
                        f"{quantity.label}{' at chosen thetas' if quantity.at_thetas else ''}")
                for name, quantity in QUANTITIES.items()
            ),
        )), "difficulty targets"),
        Setting("anchors", ANCHORS, "scored items that all forms of a family have in common, for equating"),
        Setting("constraints", CONSTRAINTS, "further requirements"),
    )
)  # fmt: skip
"""What a blueprint file may say."""
