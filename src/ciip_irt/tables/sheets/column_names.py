"""One table of what people call the columns of logs, keys and items files, and the look-up in it.

Names are compared without regard to case, blanks, underscores and punctuation: ``Item ID``, ``item_id`` and
``ITEM-ID`` are one name.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

__all__ = ["COLUMN_NAMES", "PERSONAL", "folded", "is_personal", "meaning_of", "renamed_by_meaning"]

_SYNONYMS: Mapping[str, str] = {
    "candidate_id": "candidate, candidate no, candidate number, candidate code, examinee, examinee id, "
    "examinee number, student, student id, student no, student number, studentid, sis id, sis user id, "
    "person, person id, personid, participant, participant id, test taker, testtaker id, taker, user, "
    "user id, userid, user name, username, login, login id, respondent, respondent id, subject, subject id, "
    "eid, id, id number, idnumber, external id, zipgrade id, matriculation number, cid, "
    "teilnehmer, teilnehmernummer, teilnehmer nr, kandidat, kandidatennummer, kandidaten nr, prüfling, "
    "prüflingsnummer, matrikelnummer, matrikel, candidat, numéro, numéro de candidat, no candidat, "
    "candidato, número, número de candidato, matrícula, kandidaat",
    "delivery_id": "delivery, session, session id, sitting, sitting id, registration, registration id, "
    "submission id, response id, booklet serial, sheet id",
    "attempt": "attempt no, attempt number, attempts, try",
    "form_id": "form, form no, form code, form name, test form, version, exam version, test version, "
    "key version, booklet, booklet no, paper, "
    "testversion, prüfungsversion, fassung, forme, versión, versione",
    "item_id": "item, item no, item number, item name, item code, itemid, question, question id, "
    "question no, question number, question code, qid, q, q no, item label, variable, "
    "frage, aufgabe, pregunta, domanda, pergunta, vraag",
    "position": "place, order, sequence, item position, item order, item sequence, position in form",
    "response": "answer given, given answer, selected, selected answer, selected option, chosen, choice, "
    "option chosen, student response, candidate response, candidate answer, student answer, "
    "chosen option, raw response, user answer, "
    "antwort, réponse, respuesta, risposta, resposta, antwoord",
    "responses": "response string, answer string, response vector, item responses, answers, raw responses",
    "status": "response status, answer status, item status, life cycle, state",
    "time_s": "time, seconds, time seconds, time in seconds, response time, rt, duration, latency, "
    "time spent, "
    "elapsed, elapsed time, duration s, time s, time ms, response time ms, milliseconds, duration ms, rt ms, "
    "latency ms, time milliseconds, time in milliseconds, time min, minutes, time in minutes",
    "delivered_at": "date, exam date, test date, delivered, delivery date, started, started on, started at, "
    "start time, timestamp, time stamp, datetime, submitted, submitted at, completed, completed on, "
    "finished, date taken, test day, date time, "
    "datum, prüfungsdatum, fecha, zeitstempel, horodateur, marca temporal",
    "key": "keys, answer key, correct, correct answer, correct option, correct response, right answer, "
    "answer, "
    "right, right option, solution, keyed, keyed response, key letter, correct key, answerkey, "
    "correct choice, "
    "pri key, primary answer, "
    "schlüssel, lösung, richtige antwort, clé, bonne réponse, clave, respuesta correcta, chiave, risposta "
    "corretta, gabarito, sleutel",
    "options": "option letters, choices, alternatives, letters, offered, number of options, n options, "
    "no of options, number of alternatives, options offered, n choices",
    "domain": "topic, content, content area, content domain, category, section, area, subject area, "
    "objective, "
    "content category, content code, topic area, subdomain, subscale, dimension, outline, "
    "reporting category, thema, themengebiet, bereich, domaine, thème, tema, área, argomento",
    "role": "scored or pilot, pretest, item role, scored, use",
    "score": "mark, marks, points earned, points awarded, item score, is correct, credit, correctness, "
    "result, right wrong, score 0 1",
    "points": "points possible, possible points, max points, max score, weight, max mark, points worth",
    "total": "total score, raw score, final score, total correct, num correct, number correct, no correct, "
    "sum, total points, grade, percent, percent correct, percentage, overall, n correct, n incorrect, "
    "number incorrect, pct, score percent, num questions, number of questions, raw total, earned points, "
    "final grade, scaled score, pass fail, pass, passed, rank, percentile, "
    "punkte, gesamtpunkte, gesamt, summe, prozent, ergebnis, bestanden, score total, points obtenus, "
    "pourcentage, porcentaje, puntos, puntuación, punteggio, percentuale, resultado",
    "name": "first name, last name, surname, family name, given name, forename, full name, student name, "
    "candidate name, examinee name, names, middle name, lastname, firstname, "
    "vorname, nachname, familienname, nom, prénom, prenom, nom complet, nombre, nombres, apellido, "
    "apellidos, nombre y apellidos, nome, cognome, sobrenome, naam, voornaam, achternaam",
    "email": "e mail, email address, e mail address, mail, "
    "e mail adresse, email adresse, mailadresse, courriel, adresse e mail, correo, correo electrónico, "
    "correo electronico, posta elettronica",
    "birth_date": "date of birth, dob, birthday, birth day, born, "
    "geburtsdatum, geboren, geburtstag, date de naissance, fecha de nacimiento, data di nascita, data de "
    "nascimento, geboortedatum",
    "phone": "telephone, phone number, mobile, cell phone, "
    "telefon, telefonnummer, handy, téléphone, teléfono, telefono, telefone",
    "address": "street, street address, home address, postal address, ip, ip address, ssn, "
    "social security number, national id, passport, passport number, "
    "adresse, anschrift, straße, adresse postale, dirección, direccion, indirizzo, endereço, adres, dni, "
    "nif",
    "sex": "gender, geschlecht, sexe, sexo, sesso",
    "group": "cohort, class, classes, section name, section id, section sis id, course, quiz name, exam name",
    "region": "state or province, province, country, state province",
    "site": "test center, test centre, center, centre, location, campus, institution, school, department, "
    "standort, prüfungsort, centre d'examen, centro, sede",
    "delivery_mode": "mode, delivery type, administration mode",
    "first_time": "first taker, first time taker, repeater",
    "flagged": "flag, irregular, irregularity",
    "language": "lang, native language, first language",
    "age": "years",
    "model": "irt model",
    "a": "discrimination, slope, a parameter",
    "b": "difficulty, location, b parameter, rasch b, item difficulty",
    "c": "guessing, lower asymptote, pseudo guessing, c parameter",
    "D": "scaling constant, scaling factor",
    "se_a": "a se, se discrimination",
    "se_b": "b se, se difficulty, standard error of b",
    "se_c": "c se, se guessing",
    "scale_id": "scale, scale name",
    "enemies": "enemy, enemy items, not with",
    "set_id": "set, item set, stimulus, passage, case, testlet, testlet id",
    "cognitive_level": "level, bloom, bloom level, taxonomy, cognitive complexity",
    "last_used": "last use, last administered",
    "words": "word count, number of words, length in words",
    "revised_on": "revised, revision date, last revised",
}

ATTRIBUTES = ("sex", "group", "region", "site", "delivery_mode", "first_time", "flagged", "language", "age")
"""Meanings that are attributes of a candidate under whatever name the file gives them."""

PERSONAL = ("name", "email", "birth_date", "phone", "address")
"""Meanings that tell who a person is: left out of every output unless asked for."""


TELLING = frozenset(
    ("name", "names", "surname", "forename", "lastname", "firstname", "vorname", "nachname", "email", "mail",
     "phone", "telephone", "mobile", "dob", "birth", "birthday", "birthdate", "address", "ssn", "passport")
)  # fmt: skip
OF_THINGS = frozenset(
    ("form", "exam", "test", "item", "quiz", "user", "site", "center", "centre", "school", "file", "course",
     "class", "section", "program", "programme", "country", "region", "hospital", "company", "institution",
     "login", "computer", "machine", "browser", "host", "version")
)  # fmt: skip
FEWEST_WORDS, MOST_WORDS = 2, 4  # of a column's name: one word is looked up, more are a question


def is_personal(name: str) -> bool:
    """Whether a column of that name tells who a person is.

    >>> [is_personal(name) for name in ("Last name", "Applicant Name", "Work E-Mail", "Form name", "Q1")]
    [True, True, True, False, False]
    """
    if COLUMN_NAMES.get(folded(name)) in PERSONAL:
        return True
    words = re.findall(r"[a-z]+", re.sub(r"(?i)e-mail", "email", name).lower())
    several = FEWEST_WORDS <= len(words) <= MOST_WORDS and "?" not in name
    return several and bool(TELLING.intersection(words)) and not OF_THINGS.intersection(words)


def folded(name: str) -> str:
    """The name without case, accents in one form, blanks, underscores and punctuation.

    >>> folded(" Item_ID "), folded("% correct"), folded("E-Mail")
    ('itemid', '%correct', 'email')
    """
    return re.sub(r"[^\w%#+]|_", "", unicodedata.normalize("NFKC", name).casefold())


def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for meaning, synonyms in _SYNONYMS.items():
        for word in (meaning, *synonyms.split(",")):
            table.setdefault(folded(word), meaning)
    return table


COLUMN_NAMES: Mapping[str, str] = MappingProxyType(_table())
"""Folded name -> meaning."""


def meaning_of(name: str) -> str | None:
    """What a column of this name holds, ``None`` where the name says nothing.

    >>> meaning_of("Candidate ID"), meaning_of("Topic"), meaning_of("Q17")
    ('candidate_id', 'domain', None)
    """
    return COLUMN_NAMES.get(folded(name))


def renamed_by_meaning(
    names: Sequence[str], wanted: Iterable[str]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """``column -> canonical name`` for the wanted names that the columns provide under another name, and
    the canonical names that several columns could be.

    A column that has the canonical name as it stands is that column; no synonym competes with it. Next comes
    the canonical name in another spelling (``Item ID``), and only then a synonym.

    >>> renamed_by_meaning(["Question", "Key", "Topic"], ["item_id", "key", "domain"])[0]
    {'Question': 'item_id', 'Key': 'key', 'Topic': 'domain'}
    >>> renamed_by_meaning(["Topic", "Section"], ["domain"])
    ({}, {'domain': ('Topic', 'Section')})
    """
    found: dict[str, str] = {}
    unclear: dict[str, tuple[str, ...]] = {}
    for canonical in wanted:
        if canonical in names:
            continue
        spelt = [name for name in names if folded(name) == folded(canonical)]
        near = spelt or [name for name in names if meaning_of(name) == canonical]
        if len(near) == 1:
            found[near[0]] = canonical
        elif near:
            unclear[canonical] = tuple(near)
    return found, unclear
