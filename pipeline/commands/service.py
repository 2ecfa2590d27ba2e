"""`finlake service`: list and check the service catalogue, begin a service, keep the dbt seeds in step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finlake.catalogue import Catalogue
from finlake.errors import ConfigurationError, ExitCode, NotFound, UsageError
from finlake.paths import DBT_DIR, SERVICES_DIR
from finlake.service_files import Problem, examine
from finlake.service_model import Service, ServiceCategory
from pipeline.console import JsonOption, Output
from pipeline.service_seeds import draft, seed_files, stale_seeds

FolderOption = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help="Folder of the service files.", show_default=False)
]
commands = typer.Typer(help="The AWS services finlake knows, one file each.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `service` to the command line."""
    app.add_typer(commands, name="service")


@commands.command("list")
def list_services(
    category: Annotated[
        ServiceCategory | None, typer.Option(help="Only services of this FOCUS category.", show_default=False)
    ] = None,
    folder: FolderOption = SERVICES_DIR,
    json: JsonOption = False,
) -> None:
    """List the services with their category and product codes."""
    catalogue = Catalogue.load(folder)
    rows = [_summary(s) for s in catalogue.services.values() if category in (None, s.category)]

    def human(console: Console) -> None:
        table = Table("service", "title", "category", "product codes", "metrics", "idle rules", box=None)
        for row in rows:
            codes = ", ".join(row["product_codes"])
            table.add_row(*(escape(str(v)) for v in (row["service"], row["title"], row["category"], codes)),
                          str(row["metrics"] or ""), str(row["idle_rules"] or ""))  # fmt: skip
        console.print(table)
        console.print(f"{len(rows)} services, fingerprint {catalogue.fingerprint()}")

    Output(json).emit({"fingerprint": catalogue.fingerprint(), "services": rows}, human)


def _summary(service: Service) -> dict[str, Any]:
    return {
        "service": service.service,
        "title": service.title,
        "category": service.category.value,
        "product_codes": sorted({rule.product_code for rule in service.match if rule.product_code}),
        "match_rules": len(service.match),
        "resource_types": [rule.type for rule in service.resource],
        "metrics": len(service.metric_names),
        "idle_rules": len(service.idle),
        "examples": len(service.examples),
    }


@commands.command("check")
def check(
    name: Annotated[
        str | None, typer.Argument(help="Only faults that concern this service.", show_default=False)
    ] = None,
    folder: FolderOption = SERVICES_DIR,
    json: JsonOption = False,
) -> None:
    """Check the files, their examples, and that no two claim one line. Exit code 4 on a fault."""
    if name is not None and not (folder / f"{name}.yml").is_file():
        raise NotFound.of("service_missing", where=str(folder / f"{name}.yml"), service=repr(name))
    services, problems = examine(folder)
    problems = [problem for problem in problems if name is None or _concerns(problem, name)]
    checked = [s for s in services.values() if name in (None, s.service)]
    result = {
        "ok": not problems,
        "services": len(checked),
        "match_rules": sum(len(s.match) for s in checked),
        "examples": sum(len(s.examples) for s in checked),
        "problems": problems,
    }

    def human(console: Console) -> None:
        for problem in problems:
            console.print(escape(str(problem)), soft_wrap=True)
        if not problems:
            counts = ", ".join(
                f"{result[k]} {k.replace('_', ' ')}" for k in ("services", "match_rules", "examples")
            )
            console.print(f"{counts}: no fault")

    Output(json).emit(result, human)
    _fail_on(problems, folder, json)


def _concerns(problem: Problem, name: str) -> bool:
    return problem.file == f"{name}.yml" or name in re.findall(r"\w+", problem.message)


def _fail_on(problems: list[Problem], folder: Path, json: bool) -> None:
    if problems and json:
        raise typer.Exit(int(ExitCode.CONFIGURATION))
    if problems:
        place = f"{folder / problems[0].file}: {problems[0].key}"
        raise ConfigurationError.of("services_faulty", where=place, count=len(problems))


@commands.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Key of the service, for example step_functions.")],
    title: Annotated[str | None, typer.Option(help="Display name.", show_default=False)] = None,
    category: Annotated[ServiceCategory, typer.Option(help="FOCUS category.")] = ServiceCategory.OTHER,
    product_code: Annotated[
        str, typer.Option(help="AWS product code, as in the bill.", show_default=False)
    ] = "",
    folder: FolderOption = SERVICES_DIR,
    json: JsonOption = False,
) -> None:
    """Begin a service file; what is still to fill in is named."""
    path = folder / f"{name}.yml"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError.of("service_key_wrong", service=repr(name))
    if not folder.is_dir():
        raise NotFound.of("service_folder_missing", where=str(folder))
    if path.exists():
        raise UsageError.of("service_exists", where=str(path), service=repr(name))
    path.write_text(
        draft(name, title or name.replace("_", " ").title(), category, product_code), encoding="utf-8"
    )
    to_fill = [problem for problem in examine(folder)[1] if _concerns(problem, name)]

    def human(console: Console) -> None:
        console.print(f"wrote {escape(str(path))}")
        for problem in to_fill:
            console.print(f"  to fill in: {escape(problem.key)}: {escape(problem.message)}", soft_wrap=True)
        console.print(f"next: edit it, then `finlake service check {name}` and `finlake service sync`")

    Output(json).emit({"file": path, "to_fill": to_fill}, human)


@commands.command("sync")
def sync(
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail when a seed is stale.")
    ] = False,
    folder: FolderOption = SERVICES_DIR,
    seeds: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the dbt seeds.", show_default=False)
    ] = DBT_DIR / "seeds",
    json: JsonOption = False,
) -> None:
    """Write the dbt seeds from the catalogue: services, match rules, metrics, resource types."""
    catalogue = Catalogue.load(folder)
    stale = stale_seeds(catalogue, seeds)
    if check_only and stale:
        raise ConfigurationError.of(
            "seeds_stale", where=str(seeds), files=", ".join(path.name for path in stale)
        )
    for path, content in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    current = [seeds / name for name in seed_files(catalogue) if seeds / name not in stale]

    def human(console: Console) -> None:
        for path in stale:
            console.print(f"wrote {escape(str(path))}")
        for path in current:
            console.print(f"current {escape(str(path))}")

    Output(json).emit({"written": list(stale), "current": current}, human)
