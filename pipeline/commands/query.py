"""`finlake query`: ask the published marts and silver in SQL; it can only read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, TargetOption, resolve_settings

if TYPE_CHECKING:
    from finlake.settings import Settings
    from pipeline.athena_query import AthenaReader
    from pipeline.query import Answer
    from pipeline.reader import Reader

Format = Literal["table", "csv", "json", "parquet"]
SHOWN = 100


def register(app: typer.Typer) -> None:
    """Add `query` to the command line."""
    app.command("query")(query)


def query(
    sql: Annotated[
        str | None,
        typer.Argument(
            metavar="[SQL]", help="One statement that reads; - reads it from stdin.", show_default=False
        ),
    ] = None,
    named: Annotated[
        str | None,
        typer.Option("--named", metavar="NAME", help="Ask one of the named queries instead (--list)."),
    ] = None,
    list_named: Annotated[
        bool, typer.Option("--list", help="List the named queries: the questions that analysts ask first.")
    ] = False,
    format: Annotated[
        Format | None,
        typer.Option("--format", help="How to print; otherwise the ending of --output, else a table."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write the answer to this file, all at once."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=0,
            help="At most N rows; 0: all. A table shows 100.",
            show_default=False,
        ),
    ] = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the published marts by bare names (cost_monthly) and silver (silver.billing_line_items) in SQL.

    The SQL of DuckDB, or of Athena where that is the target; only reading, only finlake's tables. A query sees one
    published build, whatever runs meanwhile. `finlake query "show tables"` lists what there is, `"describe cost_monthly"`
    its columns.
    """
    settings = resolve_settings(config, target=target, lake=lake)
    chosen = _format(format, output, json)
    out = Output(json)
    if list_named:
        _list(out, settings.language)
        return
    asked = _statement(sql, named)
    with _asked(settings, asked) as (reader, answer):
        if json and output is None:
            payload = _payload(reader, answer, limit or None)
            out.emit(payload, lambda console: None)
        elif chosen == "table":
            rows = None if limit == 0 else SHOWN if limit is None else limit
            _show(reader, answer, rows, settings.language, output)
        else:
            _write(out, reader, answer, chosen, output, limit or None, settings.language)


@contextmanager
def _asked(settings: Settings, sql: str) -> Iterator[tuple[Reader | AthenaReader, Answer]]:
    """The settings' reader, and its answer while the block runs."""
    from finlake.lake import open_lake

    lake = open_lake(settings.lake)
    if settings.target == "athena":
        from pipeline import athena_query

        reader = athena_query.AthenaReader(lake, settings.athena)
        yield reader, athena_query.ask(reader, sql)
        return
    from pipeline.query import ask
    from pipeline.reader import open_reader

    with open_reader(lake) as own:
        yield own, ask(own, sql)


def _statement(sql: str | None, named: str | None) -> str:
    """The SQL that is asked: given, from stdin, or a named query's. Raises UsageError unless it is exactly one."""
    from finlake.errors import UsageError
    from pipeline.named_queries import named_query

    if (sql is None) == (named is None):
        raise UsageError.of("query_none_or_two")
    if named is not None:
        return named_query(named).sql(gold="", silver="silver.")
    return sys.stdin.read() if sql == "-" else str(sql)


def _list(out: Output, language: str) -> None:
    """Name and question of every named query."""
    from rich.table import Table

    from pipeline.named_queries import named_queries

    found = named_queries()
    table = Table(box=None, show_header=False, pad_edge=False)
    for query in found.values():
        table.add_row(query.name, query.question[language])
    payload = {"queries": [{"name": q.name, "question": q.question[language]} for q in found.values()]}
    out.emit(payload, lambda console: console.print(table))


def _format(given: Format | None, output: Path | None, json: bool) -> Format:
    """The format that counts: --format, else the file's ending, else JSON for --json, a table for people."""
    from finlake.errors import UsageError
    from pipeline.query_output import FORMATS

    ending = output.suffix.lstrip(".").lower() if output else ""
    chosen = given or (ending if ending in FORMATS else ("json" if json else "table"))
    if chosen == "parquet" and output is None and (json or sys.stdout.isatty()):
        raise UsageError.of("output_no_text")
    return chosen  # type: ignore[return-value]


def _payload(reader: Reader | AthenaReader, answer: Answer, limit: int | None) -> dict[str, Any]:
    from pipeline.query_output import objects_of

    rows = list(objects_of(answer.columns, answer.rows(None if limit is None else limit + 1)))
    more = limit is not None and len(rows) > limit
    return {
        **_build(reader),
        "columns": [{"name": column.name, "type": column.kind} for column in answer.columns],
        "rows": rows[:limit] if more else rows,
        "more": more,
    }


def _build(reader: Reader | AthenaReader) -> dict[str, Any]:
    names = ("build_id", "published_at")
    return {name: getattr(reader.pointer, name, None) for name in names}


def _show(
    reader: Reader | AthenaReader, answer: Answer, limit: int | None, language: str, output: Path | None
) -> None:
    """The table on standard output (or in a file), and the words about it on standard error."""
    from rich.console import Console

    from finlake.messages import text
    from pipeline.console import stderr_console, stdout_console
    from pipeline.query_output import as_table, replacing

    rows = answer.rows(None if limit is None else limit + 1)
    shown = list(rows if limit is None else islice(rows, limit))
    more = next(rows, None) is not None
    table = as_table(answer.columns, shown)
    if output:
        with replacing(output, binary=False) as handle:
            Console(file=handle, width=10_000, highlight=False).print(table)
    else:
        stdout_console().print(table)
    said = text("query.more" if more else "query.rows", language, count=len(shown))
    stderr_console().print(f"[dim]{said} · {_origin(reader, language)}[/dim]")


def _origin(reader: Reader | AthenaReader, language: str) -> str:
    from finlake.messages import text

    if reader.pointer is None:
        return text("query.no_build", language)
    when = reader.pointer.published_at[:16] + "Z"
    return text("query.build", language, build=reader.pointer.build_id, when=when)


def _write(
    out: Output,
    reader: Reader | AthenaReader,
    answer: Answer,
    chosen: Format,
    output: Path | None,
    limit: int | None,
    language: str,
) -> None:
    from finlake.messages import text
    from pipeline import query_output

    write: Any = getattr(query_output, f"write_{chosen}")
    binary = chosen == "parquet"
    if output is None:
        write(answer, sys.stdout.buffer if binary else sys.stdout, limit)
        return
    with query_output.replacing(output, binary) as handle:
        count = write(answer, handle, limit)
    payload = {**_build(reader), "file": str(output.absolute()), "format": chosen, "row_count": count}
    words = text("query.written", language, file=output, rows=text("query.rows", language, count=count))
    out.emit(payload, lambda console: console.print(words, markup=False))
