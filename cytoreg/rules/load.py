"""Load a project's schemas: the Python files of a folder, as a package of their own."""

from __future__ import annotations

import hashlib
import importlib
import sys
import traceback
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import pandera.pandas as pa
from pandera.api.base.schema import BaseSchema as AnySchema
from pandera.api.dataframe.components import ComponentSchema
from pandera.api.dataframe.model import DataFrameModel as AnyModel

from cytoreg.errors import ConfigError
from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.compile import compile_schemas, refuse_unjudged
from cytoreg.rules.entity import Entity
from cytoreg.rules.plain import adopt_model, adopt_schema, building_blocks_apart
from cytoreg.rules.unnamed import all_models, refuse_unnamed
from cytoreg.rules.vocabulary import entity_name
from cytoreg.system.engine import files_hash


def load_schemas(folder: Path) -> dict[str, EntityRules]:
    """Rules of every entity in `folder`/*.py by name, referred-to entities first.

    Entities are the subclasses of Entity, and plain Pandera models and `DataFrameSchema` objects,
    which become one entity each, wherever a file imports them from. The files become a package with
    a unique name, so that they can import each other by `from .codes import …` without a change of
    `sys.path`; they are read afresh whenever a file of the folder is another. Raises ConfigError
    with file and line when a file can't be imported, a schema is wrong, or something in the folder
    would be ignored.
    """
    return dict(_loaded(folder, files_hash(folder)))


@lru_cache(maxsize=8)  # a night asks for its schemas several times
def _loaded(folder: Path, _: str) -> dict[str, EntityRules]:
    files = sorted(folder.glob("*.py"))
    if not files:
        raise ConfigError(f"{folder}: no schemas there", remedy="write one file an entity")
    package, before = _package(folder), all_models()
    models: dict[str, type[Entity]] = {}
    paths: dict[str, Path] = {}
    plain: dict[type[pa.DataFrameModel], Path] = {}
    objects: dict[int, tuple[str, pa.DataFrameSchema, Path]] = {}
    for file in files:
        module = _import(f"{package}.{file.stem}", file, folder)
        content: dict[str, object] = vars(module)
        for attribute, value in content.items():
            if attribute.startswith("_") or _is_a_library(value):
                continue
            if isinstance(value, pa.DataFrameSchema):
                objects.setdefault(id(value), (str(value.name or attribute), value, file))
            elif _judges_nothing(value):
                raise _of_no_table(f"{file}: {attribute}")
            elif not isinstance(value, type) or not issubclass(value, AnyModel):
                continue
            elif issubclass(value, Entity):
                if value not in models.values():
                    _add(models, paths, value, file)
            elif issubclass(value, pa.DataFrameModel):
                plain.setdefault(value, file)
            else:
                raise _of_no_table(f"{file}: {attribute}")
    named = (schema for _, schema, _ in objects.values())
    refuse_unnamed(package, [*models.values(), *plain, *named], before)
    _nothing_passed_over(folder, package)
    for value, file in building_blocks_apart(plain, models.values()):
        try:
            model = adopt_model(value)
        except ConfigError as error:
            raise ConfigError(f"{file}: {error.message}", remedy=error.remedy) from None
        _add(models, paths, model, file)
    for name, schema, file in objects.values():
        try:
            refuse_unjudged(name, schema)
            model = adopt_schema(name, schema)
        except ConfigError as error:
            raise ConfigError(f"{file}: {error.message}", remedy=error.remedy) from None
        _add(models, paths, model, file)
    if not models:
        raise ConfigError(f"{folder}: no file declares an entity", remedy="write a class of Entity")
    return compile_schemas(models.values(), paths)


def _add(
    models: dict[str, type[Entity]], paths: dict[str, Path], model: type[Entity], file: Path
) -> None:
    name = entity_name(model)
    if name in models:
        raise ConfigError(
            f"{file} and {paths[name]} both declare {name}", remedy="rename or remove one of them"
        )
    models[name], paths[name] = model, file


def _is_a_library(value: object) -> bool:
    """Whether it is a base class of Pandera's or cytoreg's."""
    return isinstance(value, type) and value.__module__.split(".")[0] in ("pandera", "cytoreg")


def _judges_nothing(value: object) -> bool:
    """Whether it is a schema, but not of a pandas table or a table's column."""
    if isinstance(value, pa.SeriesSchema):
        return True
    known = (ComponentSchema, pa.DataFrameSchema)
    return isinstance(value, AnySchema) and not isinstance(value, known)


def _of_no_table(what: str) -> ConfigError:
    return ConfigError(
        f"{what} is not a Pandera model or DataFrameSchema of pandas, and would judge nothing",
        remedy="import pandera.pandas as pa, and make it a pa.DataFrameModel; or begin its name"
        " with an underscore and use it in one",
    )


def _nothing_passed_over(folder: Path, package: str) -> None:
    """Raise ConfigError for schemas in the folder that no file of it uses."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and any(path.glob("*.py")) and f"{package}.{path.name}" not in sys.modules:
            raise ConfigError(
                f"{path}: a folder of Python files that no schema imports",
                remedy=f"schemas are files of {folder}; move them there",
            )
        if path.suffix in (".yaml", ".yml", ".json"):
            text = path.read_text(encoding="utf-8", errors="replace")
            if "schema_type" in text:
                raise ConfigError(
                    f"{path}: a Pandera schema that is not Python",
                    remedy=f"write in {folder}/{path.stem}.py: {path.stem} ="
                    " pandera.io.from_yaml(…), or a class",
                )


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
        remedy = remedy or "mend that line"
        raise ConfigError(f"{folder / place}: {what}", remedy=remedy) from None
