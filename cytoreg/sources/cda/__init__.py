"""HL7 CDA R2: pathology reports, reports to cancer registries and other clinical documents."""
