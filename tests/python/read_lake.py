"""Reads every table of a lake twice, without any code of ours: by the Delta Lake library for Python,
and by DuckDB over the list of files that the library gives. Each table is read at the version that the
newest publication names; one that is in no publication, at its newest.

usage: read_lake.py FOLDER [--count]

Prints JSON: for each table its version, whether it is published, the kind of each column, and what each
reader found: the rows and, for each column, how many have a value and the exact sum, as text, of its
numbers (days or microseconds since 1970 for times, bytes for texts, items for lists).
With --count it prints no more than the version and the rows, by the library alone, of each published table.
"""

import json
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

# For each kind of column, what DuckDB is to sum.
SUMMED = {
    "integer": "{}",
    "boolean": "CAST({} AS INTEGER)",
    "decimal": "{}",
    "date": "{} - DATE '1970-01-01'",
    "timestamp": "epoch_us({})",
    "text": "strlen({})",
    "binary": "octet_length({})",
    "list": "len({})",
}


def main(lake, only_count):
    publications = DeltaTable(lake / "publications").to_pyarrow_table().to_pylist()
    newest = max(publications, key=lambda row: row["epoch"])
    versions = json.loads(newest["body"])["table_versions"]
    if only_count:
        tables = {name: count(lake / name, version) for name, version in versions.items()}
        json.dump({"epoch": newest["epoch"], "tables": tables}, sys.stdout)
        return
    names = sorted(folder.parent.name for folder in lake.glob("*/_delta_log"))
    tables = {name: read(lake / name, versions.get(name)) for name in names}
    json.dump({"epoch": newest["epoch"], "tables": tables}, sys.stdout)


def count(folder, version):
    rows = DeltaTable(folder, version=version).to_pyarrow_dataset().count_rows()
    return {"version": version, "rows": rows}


def read(folder, version):
    table = DeltaTable(folder, version=version)
    rows = table.to_pyarrow_table()
    kinds = {field.name: kind(field.type) for field in rows.schema}
    return {
        "version": table.version(),
        "is_published": version is not None,
        "kinds": kinds,
        "deltalake": by_deltalake(rows, kinds),
        "duckdb": by_duckdb(table.file_uris(), kinds),
    }


def kind(of):
    kinds = {
        "integer": pa.types.is_integer,
        "boolean": pa.types.is_boolean,
        "decimal": pa.types.is_decimal,
        "date": pa.types.is_date,
        "timestamp": pa.types.is_timestamp,
        "text": lambda of: pa.types.is_string(of) or pa.types.is_large_string(of),
        "binary": lambda of: pa.types.is_binary(of) or pa.types.is_large_binary(of),
        "list": lambda of: pa.types.is_list(of) or pa.types.is_large_list(of),
    }
    return next(kind for kind, matches in kinds.items() if matches(of))


def by_deltalake(rows, kinds):
    columns = {name: [rows.num_rows - rows[name].null_count, total(rows[name], kinds[name])] for name in kinds}
    return {"rows": rows.num_rows, "columns": columns}


def total(column, kind):
    if kind in ("text", "binary"):
        column = pc.binary_length(column)
    elif kind == "list":
        column = pc.list_value_length(column)
    elif kind == "date":
        column = column.cast(pa.int32())
    elif kind in ("timestamp", "boolean"):
        column = column.cast(pa.int64())
    # Python's own numbers: a sum of microseconds outgrows 64 bits.
    values = [value for value in column.to_pylist() if value is not None]
    return str(sum(values)) if values else None


def by_duckdb(files, kinds):
    if not files:
        return {"rows": 0, "columns": {name: [0, None] for name in kinds}}
    parts = ["count(*)"]
    for name, kind in kinds.items():
        column = f'"{name}"'
        parts += [f"count({column})", f"CAST(sum({SUMMED[kind].format(column)}) AS VARCHAR)"]
    query = f"SELECT {', '.join(parts)} FROM read_parquet(?, hive_partitioning = true)"
    found = iter(duckdb.execute(query, [files]).fetchone())
    return {"rows": next(found), "columns": {name: [next(found), next(found)] for name in kinds}}


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--count" in sys.argv[2:])
