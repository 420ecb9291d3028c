/* ICD-O-3 histologies of neuroendocrine neoplasms; schemas/codes.py has the same list for rules.
8157 was valid up to ICD-O-3.1, so that older records have it. The histologies of paraganglioma and
of Merkel cell carcinoma are not in it.
Sources: ICD-O-3.1 (2013) and 3.2 (2020); SEER EOD 3.3, schema selection of the NET schemas.
grain: histology
materialized: view
*/
select * from (
  values
    (8013, true),
    (8041, true),
    (8150, false),
    (8151, false),
    (8152, false),
    (8153, false),
    (8154, false),
    (8155, false),
    (8156, false),
    (8157, false),
    (8158, false),
    (8240, false),
    (8241, false),
    (8242, false),
    (8246, true),
    (8249, false),
    (8683, false)
) as v(
  histology, -- ICD-O-3 morphology, four digits
  carcinoma -- whether it is a neuroendocrine carcinoma, poorly differentiated
)
