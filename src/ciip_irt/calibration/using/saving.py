"""A calibration in a file: a zip of one JSON and Parquet tables, that a later version reads and others can.

``calibration.json`` holds the format's version, names, numbers (null where unknown) and sentences; every
table and every array is a Parquet file beside it, under the name of the attribute. Arrays of shape (J, 3)
have the columns a, b, c, those of shape (J,) one column ``value``, the covariance a column for each estimate.
"""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.bank import Scale
from ciip_irt.calibration.result import Calibration, EstimatesCovariance
from ciip_irt.errors import InputError, Problem
from ciip_irt.provenance import Provenance
from ciip_irt.screening import Concern, Whole
from ciip_irt.tables import packed_bytes

__all__ = ["load", "save"]

FORMAT = "ciip-irt calibration"
VERSION = 1  # of the format; read by every later version of the program
RECORD = "calibration.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day a zip knows: the same calibration gives the same bytes
PRIVATE = 0o600  # it tells candidates apart: readable by its owner alone
MOST = 2_000_000_000  # bytes unpacked: a covariance of 10,000 estimates has 800 million
COVARIANCE, ESTIMATED = "covariance.parquet", "estimated.parquet"
ARRAYS = ("parameters_array", "standard_errors", "low", "high", "fixed", "n")


def save(calibration: Calibration, path: Path | str) -> Path:
    """See ``Calibration.save``."""
    record: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    tables: dict[str, pl.DataFrame] = {}
    for field in fields(calibration):
        value = getattr(calibration, field.name)
        if isinstance(value, pl.DataFrame):
            tables[f"{field.name}.parquet"] = value
        elif isinstance(value, np.ndarray):
            tables[f"{field.name}.parquet"] = _table_of(value)
        elif isinstance(value, EstimatesCovariance):
            tables[COVARIANCE], tables[ESTIMATED] = _table_of(value.matrix), _table_of(value.estimated)
        elif isinstance(value, Scale):
            record[field.name] = asdict(value)
        elif isinstance(value, Provenance):
            record[field.name] = value.to_dict()
        elif field.name == "concerns":
            record[field.name] = [one.to_dict() for one in value]
        elif isinstance(value, float) and isnan(value):
            record[field.name] = None
        elif value is not None or field.name == "converged":
            record[field.name] = list(value) if isinstance(value, tuple) else value
    content = {RECORD: (json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()}
    for name, table in tables.items():
        buffer = io.BytesIO()
        table.write_parquet(buffer)
        content[name] = buffer.getvalue()
    return _write(Path(path), content)


def _write(path: Path, content: Mapping[str, bytes]) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in content.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), part, zipfile.ZIP_DEFLATED)
    try:
        beside = path.with_name(f".{path.name}.part")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.write(buffer.getvalue())
        beside.replace(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "Choose another place, or check who may write there."
        raise InputError(Problem(f"cannot write here: {reason}", where=str(path), remedy=remedy)) from None
    return path


def load(path: Path | str) -> Calibration:
    """A calibration that was saved, equal to what it was in every number.

    Raises
    ------
    InputError
        No such file; no file of a calibration, or a damaged one; one of a later version.

    >>> import tempfile
    >>> from ciip_irt.calibration import calibrate
    >>> found = calibrate([[1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 0]], "rasch")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load(found.save(f"{folder}/rasch.zip"))
    >>> again.parameters.equals(found.parameters)
    True
    """
    path = Path(path)
    content = packed_bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST:
                raise ValueError("unpacks to too much")
            parts = {name: archive.read(name) for name in archive.namelist()}
        record = json.loads(parts[RECORD])
        if record["format"] != FORMAT:
            raise ValueError("another format")
        version = int(record["version"])
        if version <= VERSION:
            return _calibration(record, parts)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, pl.exceptions.PolarsError, OSError):
        remedy = "Give a file that Calibration.save wrote, whole."
        raise InputError(Problem("no saved calibration", where=str(path), remedy=remedy)) from None
    raise InputError(
        Problem(
            f"saved in version {version} of the format, and this program reads up to {VERSION}",
            where=str(path),
            remedy="Install a later version of ciip-irt.",
        )
    )


def _calibration(record: dict[str, Any], parts: Mapping[str, bytes]) -> Calibration:
    def table(name: str) -> pl.DataFrame:
        return pl.read_parquet(io.BytesIO(parts[name]))

    values: dict[str, Any] = {}
    for field in fields(Calibration):
        name, stored = field.name, f"{field.name}.parquet"
        if name in ARRAYS:
            values[name] = _array_of(table(stored))
        elif stored in parts:
            values[name] = table(stored)
        elif name in record:
            unknown = record[name] is None and name != "converged"
            values[name] = nan if unknown else record[name]
    covariance = None
    if COVARIANCE in parts:
        matrix = _array_of(table(COVARIANCE))
        estimated = _array_of(table(ESTIMATED))
        covariance = EstimatesCovariance(matrix.reshape(len(matrix), len(matrix)), estimated)
    return Calibration(
        **values
        | {
            "scale": Scale(**record["scale"]),
            "item_ids": tuple(record["item_ids"]),
            "warnings": tuple(record["warnings"]),
            "provenance": Provenance(**record["provenance"]),
            "concerns": tuple(
                Concern(**one | {"whole": Whole(one["whole"]), "names": tuple(one["names"])})
                for one in record["concerns"]
            ),
            "estimates_covariance": covariance,
        }
    )


def _table_of(array: np.ndarray) -> pl.DataFrame:
    """Columns a, b, c for three, ``value`` for one, numbers for more."""
    if array.ndim == 1:
        return pl.DataFrame({"value": array})
    names = "abc" if array.shape[1] == 3 else [str(k) for k in range(array.shape[1])]
    return pl.DataFrame({name: array[:, k] for k, name in enumerate(names)})


def _array_of(table: pl.DataFrame) -> np.ndarray:
    if table.columns == ["value"]:
        return table["value"].to_numpy()
    return np.ascontiguousarray(table.to_numpy())
