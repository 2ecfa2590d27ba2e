"""Athena's API on top of Trino; what isn't Athena's goes on to moto. As a process of its own: see `kit.py`.

Every query is noted with the bytes that Trino read of tables, as Athena's statistics say them: `GET /noted`. Who asked what of
Glue and Athena: `GET /calls`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import threading
import urllib.error
import urllib.request
import uuid
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import trino.dbapi

from tests.athena.statements import NotAthena, translated

WRITING = {"INSERT", "MERGE", "DELETE", "UPDATE", "CREATE_TABLE_AS_SELECT", "UNLOAD"}


class Athena:
    """The executions of one endpoint: started, looked at, fetched, stopped."""

    def __init__(self, trino_port: int, moto: str) -> None:
        self.trino_port, self.moto = trino_port, moto
        keys = {
            "region_name": "us-east-1",
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",  # pragma: allowlist secret
        }
        self.s3: Any = boto3.client("s3", endpoint_url=moto, **keys)
        self.glue: Any = boto3.client("glue", endpoint_url=moto, **keys)
        self.executions: dict[str, dict[str, Any]] = {}

    def start_query_execution(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = str(uuid.uuid4())
        place = dict(asked.get("ResultConfiguration") or {})
        if place.get("OutputLocation"):
            place["OutputLocation"] = f"{place['OutputLocation'].rstrip('/')}/{number}.csv"
        self.executions[number] = {
            "QueryExecutionId": number,
            "Query": asked["QueryString"],
            "QueryExecutionContext": asked.get("QueryExecutionContext") or {},
            "ResultConfiguration": place,
            "WorkGroup": asked.get("WorkGroup", "primary"),
            "StatementType": "DML",
            "SubstatementType": "SELECT",
            "EngineVersion": {"EffectiveEngineVersion": "Athena engine version 3"},
            "Statistics": {},
            "Status": {"State": "QUEUED", "SubmissionDateTime": _now()},
            "rows": [],
            "columns": [],
            "count": 0,
        }
        threading.Thread(target=self._run, args=(self.executions[number],), daemon=True).start()
        return {"QueryExecutionId": number}

    def get_query_execution(self, asked: dict[str, Any]) -> dict[str, Any]:
        execution = self.executions[asked["QueryExecutionId"]]
        return {"QueryExecution": {k: v for k, v in execution.items() if k[0].isupper()}}

    def stop_query_execution(self, asked: dict[str, Any]) -> dict[str, Any]:
        execution = self.executions[asked["QueryExecutionId"]]
        execution["Status"]["State"] = "CANCELLED"
        if "cursor" in execution:
            execution["cursor"].cancel()
        return {}

    def get_query_results(self, asked: dict[str, Any]) -> dict[str, Any]:
        execution = self.executions[asked["QueryExecutionId"]]
        columns, start = execution["columns"], int(asked.get("NextToken") or 0)
        rows = [
            {"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in execution["rows"]
        ]
        if execution["StatementType"] == "DML" and columns:
            rows.insert(0, {"Data": [{"VarCharValue": column["Name"]} for column in columns]})
        end = start + asked.get("MaxResults", 1000)
        more = {"NextToken": str(end)} if end < len(rows) else {}
        found = {"Rows": rows[start:end], "ResultSetMetadata": {"ColumnInfo": columns}}
        return {"UpdateCount": execution["count"], "ResultSet": found} | more

    def get_work_group(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "WorkGroup": {
                "Name": asked["WorkGroup"],
                "State": "ENABLED",
                "Configuration": {"EnforceWorkGroupConfiguration": False},
            }
        }

    def noted(self) -> list[dict[str, Any]]:
        """Every query so far: its SQL, how it ended, bytes scanned."""
        return [
            {
                "sql": e["Query"],
                "state": e["Status"]["State"],
                "why": e["Status"].get("StateChangeReason"),
                "seconds": e["Status"].get("CompletionDateTime", 0) - e["Status"]["SubmissionDateTime"],
                **e["Statistics"],
            }
            for e in self.executions.values()
        ]

    def _run(self, execution: dict[str, Any]) -> None:
        status, scanned = execution["Status"], 0
        database = execution["QueryExecutionContext"].get("Database") or "default"
        try:
            said = translated(execution["Query"], database, self._kind_of, f"unload_{uuid.uuid4().hex}")
            execution["StatementType"], execution["SubstatementType"] = said.kind, said.sub_kind
            status["State"] = "RUNNING"
            for position, statement in enumerate(said.trino):
                scanned += self._ask(execution, statement, database, said.sub_kind, position == 0)
            execution["Statistics"] = {"DataScannedInBytes": scanned}
            self._leave_results(execution, said.sub_kind)
            status |= {"State": "SUCCEEDED", "CompletionDateTime": _now()}
        except NotAthena as error:
            self._failed(status, f"SYNTAX_ERROR: {error}", 1000)
        except Exception as error:
            self._failed(
                status,
                f"{getattr(error, 'error_name', type(error).__name__)}: {getattr(error, 'message', error)}",
                1100,
            )

    def _ask(
        self, execution: dict[str, Any], statement: str, database: str, sub_kind: str, first: bool
    ) -> int:
        catalogue = (execution["QueryExecutionContext"].get("Catalog") or "awsdatacatalog").lower()
        cursor = trino.dbapi.connect(
            "127.0.0.1", self.trino_port, "athena", catalog=catalogue, schema=database, timezone="UTC"
        ).cursor()
        execution["cursor"] = cursor
        cursor.execute(statement)
        rows, stats = cursor.fetchall(), cursor.stats or {}
        if sub_kind in WRITING:
            execution["count"] += (cursor._query.update_count or 0) if first else 0
        else:
            execution["rows"] = [[text_of(value) for value in row] for row in rows]
            execution["columns"] = [_column(name, kind) for name, kind, *_ in cursor.description or []]
        return int(stats.get("physicalInputBytes", 0))

    def _leave_results(self, execution: dict[str, Any], sub_kind: str) -> None:
        """The CSV of a query's rows, or the manifest of what an UNLOAD wrote, where Athena puts them."""
        output = execution["ResultConfiguration"].get("OutputLocation")
        if not output:
            return
        if sub_kind == "UNLOAD":
            to = re.search(r"\bto\s+'s3://([^/']+)/([^']*)'", execution["Query"], re.IGNORECASE)
            bucket, prefix = (to[1], to[2]) if to else ("", "")
            listed = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
            manifest = output.removesuffix(".csv") + "-manifest.csv"
            execution["Statistics"]["DataManifestLocation"] = manifest
            self._put(manifest, "".join(f"s3://{bucket}/{one['Key']}\n" for one in listed))
            return
        lines = io.StringIO()
        writer = csv.writer(lines, quoting=csv.QUOTE_ALL, lineterminator="\n")
        if execution["columns"]:
            writer.writerow([column["Name"] for column in execution["columns"]])
        for row in execution["rows"]:
            lines.write(",".join("" if v is None else '"' + v.replace('"', '""') + '"' for v in row) + "\n")
        self._put(output, lines.getvalue())

    def _put(self, location: str, body: str) -> None:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        self.s3.put_object(Bucket=bucket, Key=key, Body=body.encode())

    def _failed(self, status: dict[str, Any], why: str, kind: int) -> None:
        if status["State"] != "CANCELLED":
            category = 233 if "ICEBERG" in why else kind
            error = {"ErrorCategory": 2, "ErrorType": category, "Retryable": False, "ErrorMessage": why}
            status |= {
                "State": "FAILED",
                "StateChangeReason": why,
                "AthenaError": error,
                "CompletionDateTime": _now(),
            }

    def _kind_of(self, database: str, table: str) -> str:
        try:
            found = self.glue.get_table(DatabaseName=database, Name=table)["Table"].get("Parameters", {})
        except self.glue.exceptions.EntityNotFoundException:
            return "awsdatacatalog"
        return "iceberg" if found.get("table_type", "").upper() == "ICEBERG" else "awsdatacatalog"


def text_of(value: Any) -> str | None:
    """A value as Athena writes it in its results."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        zone = f" {value.tzname()}" if value.tzinfo else ""
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}{zone}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(text_of(one)) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={text_of(one)}" for key, one in value.items()) + "}"
    return str(value)


def _column(name: str, kind: str) -> dict[str, Any]:
    plain = re.split(r"[(<]", re.sub(r"\(\d+\)", "", kind))[0].strip()
    exact = re.match(r"decimal\((\d+),\s*(\d+)\)", kind)
    widths = {"bigint": 19, "integer": 10, "double": 17, "timestamp": 3, "boolean": 0, "date": 0}
    precision = int(exact[1]) if exact else widths.get(plain, 2147483647)
    scale = int(exact[2]) if exact else 0
    return {
        "Name": name,
        "Label": name,
        "Type": plain,
        "Precision": precision,
        "Scale": scale,
        "CaseSensitive": False,
        "Nullable": "UNKNOWN",
    }


def _now() -> float:
    return datetime.now(UTC).timestamp()


class Handler(BaseHTTPRequestHandler):
    """JSON 1.1 as AWS speaks it."""

    protocol_version = "HTTP/1.1"
    athena: Athena
    calls: ClassVar[Counter[str]] = Counter()
    """How often each operation was asked, of Athena and of Glue, by whomever: `GET /calls`."""
    own = (
        "StartQueryExecution",
        "GetQueryExecution",
        "GetQueryResults",
        "StopQueryExecution",
        "GetWorkGroup",
    )

    def log_message(self, *_: Any) -> None:
        """Nothing: the queries are noted."""

    def do_GET(self) -> None:
        said = self.athena.noted() if self.path == "/noted" else dict(self.calls)
        self._answer(200, json.dumps(said).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service, _, name = self.headers.get("X-Amz-Target", "").partition(".")
        self.calls[f"{service.removeprefix('Amazon').removeprefix('AWS').lower()}.{name}"] += 1
        try:
            if name in self.own:
                call = getattr(self.athena, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
                self._answer(200, json.dumps(call(json.loads(body))).encode())
            elif "ColumnStatisticsFor" in name:  # Glue's calls that moto lacks and Trino makes on every write
                said = (
                    {"ColumnStatisticsList": [], "Errors": []} if name.startswith(("Get", "Update")) else {}
                )
                self._answer(200, json.dumps(said).encode())
            else:
                self._pass_on(body)
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.read())
        except Exception as error:
            self._answer(
                400, json.dumps({"__type": "InvalidRequestException", "message": repr(error)}).encode()
            )

    def _pass_on(self, body: bytes) -> None:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
        request = urllib.request.Request(self.athena.moto + self.path, body, headers, method="POST")
        with urllib.request.urlopen(request) as answer:
            self._answer(answer.status, answer.read())

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    Handler.athena = Athena(int(sys.argv[2]), sys.argv[3])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
