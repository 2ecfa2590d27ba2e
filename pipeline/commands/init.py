"""`finlake init`: write a commented finlake.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finlake.errors import UsageError
from pipeline.console import JsonOption, LakeOption, Output, SourceOption, spoken


def register(app: typer.Typer) -> None:
    """Add `init` to the command line."""
    app.command("init")(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder of the new finlake.yml.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a finlake.yml that is there.")] = False,
    lake: LakeOption = None,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Write a commented finlake.yml with every setting and its default; --lake and --source go into it."""
    from pydantic import ValidationError

    from finlake.messages import text
    from finlake.objects import write_atomically
    from finlake.settings import CONFIG_NAME, Settings
    from finlake.settings_file import explain
    from pipeline.settings_text import config_text

    file = folder / CONFIG_NAME
    if file.exists() and not force:
        raise UsageError.of("init_exists", where=str(file))
    if folder.exists() and not folder.is_dir():
        raise UsageError.of("init_no_folder", where=str(folder))
    given = {name: value for name, value in (("lake", lake), ("source", source)) if value}
    try:
        checked = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise explain(error, Settings, file=None, environment={}, flags=given) from error
    written = config_text(spoken(), language=spoken(), **{name: getattr(checked, name) for name in given})
    write_atomically(str(file.absolute()), written.encode())
    Output(json).emit(
        {"file": str(file.absolute()), "settings": given},
        lambda console: console.print(
            text("config.wrote", spoken(), file=str(file)), markup=False, soft_wrap=True
        ),
    )
