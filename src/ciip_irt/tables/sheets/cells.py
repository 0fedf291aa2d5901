"""What a single cell can be: an answer, a word for a missing answer, a number."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ciip_irt.tables.sheets.column_names import folded

__all__ = [
    "KEY_WORDS",
    "MARK_WORDS",
    "MISSING_WORDS",
    "SCORE_WORDS",
    "SUMMARY_WORDS",
    "is_answer",
    "is_key_label",
    "is_lettered",
    "is_number",
    "missing_kind",
    "plain_letter",
    "share_of_answers",
    "version_of_key",
]

ANSWER = re.compile(r"\(?[A-Za-z0-9][).:]?|\d[.,]0+|[A-Za-z0-9]([,;/&| ]+[A-Za-z0-9])+")
"""A letter or digit, perhaps in brackets; a digit with decimals of zero; or several marks."""
WRAPPED = re.compile(r"\(?([A-Za-z0-9])[).:]|(\d)[.,]0+")
LETTERED = re.compile(r"\(?([A-Ja-j1-9])(?:[).:]+\s*[-\u2013\u2014]?|\s*[-\u2013\u2014:])\s+\S.*", re.DOTALL)
"""A letter or digit and the text of the option: ``A - Lossless``, ``(b) 12 bits``."""
OF_A_VERSION = re.compile(r"(?:\W*(?:form|version|test|set|booklet|paper|v)?\W*)(\w{1,2})\W*", re.I)
NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*%?")

_MISSING = {
    "omitted": "- -- --- . _ ? omit omitted blank (blank) no_answer no_response not_answered unanswered "
    "skipped skip none nil null na n/a #n/a nan empty missing",
    "invalid": "* ** # mult multi multiple multiple_marks double double_mark erasure",
    "not_reached": "nr not_reached notreached not_seen",
    "not_administered": "np not_presented not_administered notadministered",
}
MISSING_WORDS: Mapping[str, str] = MappingProxyType(
    {word.replace("_", " "): kind for kind, words in _MISSING.items() for word in words.split()}
)
"""Word of a cell, lower case -> the kind of missing it says."""

KEY_WORDS = frozenset(
    map(folded, ("key", "keys", "answer key", "answerkey", "the key", "correct answer", "correct answers",
                 "correct", "correct response", "correct option", "right answer", "right answers", "answer",
                 "answers", "solution", "solutions", "master", "master key", "key row", "pri key",
                 "correct key", "scoring key", "key answers", "official key", "final key", "ans",
                 "ans key", "correct ans", "the answers", "right", "solution key", "keyed response",
                 "test key", "exam key", "item key", "answer sheet key",
                 "schlüssel", "schluessel", "lösung", "lösungen", "loesung", "musterlösung",
                 "lösungsschlüssel", "richtige antwort", "richtige antworten", "richtig",
                 "clé", "corrigé", "corrige", "bonne réponse", "bonnes réponses", "réponse correcte",
                 "réponses correctes", "clave", "clave de respuestas", "respuesta correcta",
                 "respuestas correctas", "solución", "soluciones", "chave", "gabarito", "resposta correta",
                 "chiave", "soluzione", "soluzioni", "risposta corretta", "risposte corrette",
                 "sleutel", "juiste antwoord", "juiste antwoorden", "facit"))
)  # fmt: skip
"""What stands where other rows have their candidate, when the row is the key."""

SUMMARY_WORDS: Mapping[str, str] = MappingProxyType(
    {
        folded(word): kind
        for kind, words in {
            "totals": "total, totals, total correct, sum, sums, number correct, no correct, n correct, "
            "correct n, "
            "count, counts, count correct, num correct, total score, grand total, "
            "correct count, total right, summe, gesamt, insgesamt, anzahl richtig, total général, somme, "
            "suma, totale, totaal",
            "averages": "average, averages, avg, mean, means, median, class average, group average, "
            "mean score, "
            "average score, column average, mittelwert, durchschnitt, moyenne, media, promedio, média, "
            "gemiddelde",
            "percentages": "percent, percent correct, % correct, %, pct, pct correct, percentage, "
            "percentage correct, p, p value, p values, difficulty, facility, difficulty index, "
            "item difficulty, "
            "proportion correct, prop correct, %correct, prozent, prozent richtig, schwierigkeit, "
            "pourcentage, porcentaje, percentuale, porcentagem",
            "spread": "sd, st dev, std, std dev, stdev, standard deviation, variance, discrimination, "
            "point biserial, pbis, rpb, r, discrimination index, item total correlation, se, std error, "
            "standardabweichung, trennschärfe, écart type, ecart type, desviación estándar, desvio padrão",
            "extremes": "max, maximum, min, minimum, highest, lowest, high, low, range, points possible, "
            "possible points, possible, max points, maximum points, max score, points, weight, weights, "
            "out of",
            "counts": "n, n of candidates, number of candidates, number of students, candidates, students, "
            "examinees, responses, number of responses, valid, n valid",
            "notes": "status, item status, role, type, use, options offered, "
            "item, items, question, questions, item id, topic, domain, category, options, "
            "number of options, notes, note, exported, generated, report, end, end of file, legend, source",
        }.items()
        for word in words.split(",")
    }
)
"""What stands there when the row sums up others, and what kind of sum it is."""


MARK_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ["correct", "right", "richtig", "correcto", "juste", "100%", *"\u2713\u2714\u2611"], "1"
        ),
        **dict.fromkeys(
            ["incorrect", "wrong", "falsch", "incorrecto", "faux", "0%", *"\u2717\u2718\u2716\u2612"], "0"
        ),
    }
)
"""Word of a cell, lower case -> the mark that it can only mean."""

SCORE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **MARK_WORDS,
        **dict.fromkeys(["1", "1.0", "1,0", "c", "true", "t", "y", "yes", "ja", "pass"], "1"),
        **dict.fromkeys(["0", "0.0", "0,0", "x", "blank", "false", "f", "n", "no", "nein", "fail"], "0"),
    }
)
"""What a word means, lower case, in a column that is said to hold marks."""


def is_key_label(label: str) -> bool:
    """Whether a row of that name is the key, of the exam or of one of its versions.

    >>> [is_key_label(label) for label in ("KEY", "Answer key (Form B)", "Key 2", "Key, Anna", "Keynes")]
    [True, True, True, False, False]
    """
    return folded(label).rstrip("#") in KEY_WORDS or bool(version_of_key(label))


def version_of_key(label: str) -> str:
    """The version whose key a row of that name is; empty where it names none.

    >>> version_of_key("Answer key (Form B)"), version_of_key("KEY")
    ('B', '')
    """
    words = label.strip()
    for start in ("answer key", "key"):
        if words.lower().startswith(start) and not words[len(start) : len(start) + 1].isalnum():
            found = OF_A_VERSION.fullmatch(words[len(start) :])
            return "" if found is None else found[1]
    return ""


def is_lettered(cell: str) -> bool:
    """Whether the cell is the letter or digit of an option with the option's text.

    >>> [is_lettered(cell) for cell in ("A - Lossless", "b) 12 bits", "A", "A, C", "About 5")]
    [True, True, False, False, False]
    """
    return LETTERED.fullmatch(cell) is not None


def is_answer(cell: str) -> bool:
    """Whether the cell can be an answer to a choice item: one character, perhaps wrapped, or several marks.

    >>> [is_answer(cell) for cell in ("B", "b)", "1", "A,C", "12", "-", "B lab")]
    [True, True, True, True, False, False, False]
    """
    return ANSWER.fullmatch(cell) is not None


def missing_kind(cell: str) -> str | None:
    """The kind of missing that the word of the cell says; ``None`` where it says none.

    >>> missing_kind("(blank)"), missing_kind("*"), missing_kind("B")
    ('omitted', 'invalid', None)
    """
    return MISSING_WORDS.get(re.sub(r"[\s_]+", " ", cell.strip().lower()))


def is_number(cell: str) -> bool:
    """Whether the cell is a number or a percentage."""
    return NUMBER.fullmatch(cell) is not None


def plain_letter(cell: str) -> str | None:
    """The letter or digit of an answer with a bracket, with decimals of zero or with the option's text;
    ``None`` where the cell is none of these.

    >>> [plain_letter(cell) for cell in ("B)", "(c)", "2.0", "A - Yes", "B")]
    ['B', 'c', '2', 'A', None]
    """
    found = WRAPPED.fullmatch(cell) or LETTERED.fullmatch(cell)
    return None if found is None else next(filter(None, found.groups()))


def share_of_answers(cells: Iterable[str]) -> float:
    """The share of the filled cells that are answers or words for missing ones; 0 where none is filled.

    >>> share_of_answers(["A", "", "omit", "12"])
    0.6666666666666666
    """
    filled = [cell for cell in cells if cell]
    good = sum(is_answer(cell) or is_lettered(cell) or missing_kind(cell) is not None for cell in filled)
    return good / len(filled) if filled else 0.0
