"""`[sources.<name>]` of cytoreg.toml, whatever its kind; each class lies beside its reader."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cytoreg.sources.cda.config import CdaSource
from cytoreg.sources.cdisc.config import DatasetJsonSource
from cytoreg.sources.excel.config import ExcelSource
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.hl7.config import Hl7Source
from cytoreg.sources.json.config import JsonSource
from cytoreg.sources.naaccr.config import NaaccrFlatSource, NaaccrXmlSource
from cytoreg.sources.parquet.config import ParquetSource
from cytoreg.sources.redcap.config import RedcapSource
from cytoreg.sources.sql.config import SqlSource
from cytoreg.sources.statistics.config import SasSource, SpssSource, StataSource
from cytoreg.sources.text.config import CsvSource, FixedWidthSource

AnySource = Annotated[
    CdaSource
    | CsvSource
    | DatasetJsonSource
    | ExcelSource
    | FhirSource
    | FixedWidthSource
    | Hl7Source
    | JsonSource
    | NaaccrXmlSource
    | NaaccrFlatSource
    | ParquetSource
    | RedcapSource
    | SasSource
    | SpssSource
    | SqlSource
    | StataSource,
    Field(discriminator="kind"),
]
