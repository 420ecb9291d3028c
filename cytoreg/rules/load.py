"""Load a project's schemas: the Python files of a folder, as one package of their own."""

from __future__ import annotations

import hashlib
import importlib
import sys
import traceback
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

from cytoreg.errors import ConfigError
from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.compile import compile_schemas
from cytoreg.rules.declare import Entity, entity_name


def load_schemas(folder: Path) -> dict[str, EntityRules]:
    """Rules of every Entity in `folder`/*.py by name, referred-to entities first.

    The files become a package with a name of its own, so that they import each other by
    `from .codes import …` and `sys.path` stays as it is; each call reads them afresh. Raises
    ConfigError with file and line when a file can't be imported or a schema is wrong.
    """
    files = sorted(folder.glob("*.py"))
    if not files:
        raise ConfigError(f"{folder}: no schemas there", remedy="write one file an entity")
    package = _package(folder)
    models: dict[str, type[Entity]] = {}
    paths: dict[str, Path] = {}
    for file in files:
        module = _import(f"{package}.{file.stem}", file, folder)
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Entity)
                and value.__module__ == module.__name__
            ):
                name = entity_name(value)
                if name in models:
                    raise ConfigError(f"{file} and {paths[name]} both declare {name}")
                models[name], paths[name] = value, file
    return compile_schemas(models.values(), paths)


def _package(folder: Path) -> str:
    """A fresh package whose modules are the folder's files; returns its name."""
    name = "cytoreg_schemas_" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    for loaded in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
        del sys.modules[loaded]
    spec = ModuleSpec(name, loader=None, is_package=True)
    spec.submodule_search_locations = [str(folder.resolve())]
    sys.modules[name] = module_from_spec(spec)
    importlib.invalidate_caches()
    return name


def _import(name: str, file: Path, folder: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except SyntaxError as error:
        raise ConfigError(f"{error.filename}:{error.lineno}: {error.msg}") from None
    except Exception as error:
        place = file.name
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename).resolve().parent == folder.resolve():
                place = f"{Path(frame.filename).name}:{frame.lineno}"
        what = (
            error.message if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
        )
        remedy = error.remedy if isinstance(error, ConfigError) else ""
        raise ConfigError(f"{folder / place}: {what}", remedy=remedy) from None
