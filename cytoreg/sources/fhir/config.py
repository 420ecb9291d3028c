"""`[sources.<name>]` of FHIR resources as typed data."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from cytoreg.sources.declaration import Name, Source, free

READY = files("cytoreg.sources.fhir") / "views"
"""cytoreg's own views: `mcode/tumor_marker` is `mcode/tumor_marker.json` here."""


def _definition(value: object, info: ValidationInfo) -> object:
    """The ViewDefinition with this name: a view of cytoreg, or a JSON file of the project."""
    if not isinstance(value, str):
        return value
    root: Path = (info.context or {}).get("root", Path())
    path = root / value if value.endswith(".json") else READY / f"{value}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        kind = "file of the project" if value.endswith(".json") else "ready view"
        raise ValueError(f"there is no {kind} {value}") from None
    except ValueError:
        raise ValueError(f"{value} is not JSON") from None


class FhirSource(Source):
    """FHIR R4 resources, in files (`path`) or by the bulk export of a server (`url`)."""

    kind: Literal["fhir"]
    views: dict[Name, Annotated[dict[str, object], BeforeValidator(_definition)]]
    """For each table the view that makes its rows: the file of a SQL-on-FHIR ViewDefinition in the
    project (`views/laboratory.json`), or the name of a ready one (`us_core/patient`).
    """
    path: str = ""
    """Files of resources: a glob below `paths.extracts`, or an address on a server of files."""
    encoding: str = "utf-8"
    """The encoding of the files, a name that Python knows."""
    url: str = ""
    """The base address of a server, https."""
    export: str = Field("Patient", pattern=r"^(|Patient|Group/[A-Za-z0-9.-]{1,64})$")
    """What the server exports: `"Patient"`, all patients; `"Group/ID"`, those of a group; or `""`,
    everything that it has.
    """
    type_filter: list[Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]*\?[!-~]+$")]] = []
    """Searches that restrict the resources of a type on the server (`_typeFilter`), such as
    `["Observation?code=http://loinc.org|9811-1"]`.
    """
    whole_days: float = Field(0, ge=0)
    """After how many days everything is requested from the server again; in between, only what
    changed. 0: everything, every night.
    """
    token_env: str = ""
    """The environment variable with the access token, if the server needs one."""
    client_id: str = ""
    """In place of `token_env`: the client as which cytoreg requests a token, by SMART Backend
    Services.
    """
    key_env: str = ""
    """The environment variable with the private key of `client_id`: the key itself, PEM or JWK, RSA
    or elliptic, or the path of its file.
    """
    token_url: str = ""
    """The address at which `client_id` requests tokens, if the server does not state it."""
    scope: str = "system/*.read"
    """The scope that `client_id` requests."""
    timeout_seconds: float = Field(60, gt=0)
    """How long the server may be silent."""

    @property
    def patterns(self) -> list[str]:
        """The glob of the files."""
        return [self.path] if self.path else []

    @property
    def urls(self) -> list[str]:
        """The server of the resources and the token server."""
        return [url for url in (self.url, self.token_url) if url]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        from cytoreg.sources.fhir.definition import ViewError
        from cytoreg.sources.fhir.view import compile_view

        if bool(self.url) == bool(self.path):
            raise ValueError("give either `path` of files or `url` of a server")
        if bool(self.client_id) != bool(self.key_env) or (self.client_id and self.token_env):
            raise ValueError("give either `token_env`, or `client_id` and `key_env`, or neither")
        if self.path and (self.whole_days or self.type_filter):
            raise ValueError("`whole_days` and `type_filter` are for a server")
        kinds: set[str] = set()
        for table in self.tables:
            if table not in self.views:
                raise ValueError(f"`views` does not say which view makes table {table}")
            try:
                view = compile_view(self.views[table])
                free(view.columns)
                kinds.add(view.resource)
            except ViewError as error:
                raise ValueError(f"the view of table {table}: {error}") from None
        for each in self.type_filter:
            if (kind := each.partition("?")[0]) not in kinds:
                raise ValueError(f"`type_filter` has {kind}, which no view reads")
        return self
