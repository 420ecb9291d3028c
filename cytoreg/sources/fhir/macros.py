"""The macros from which the SQL of views is built: DuckDB macros over JSON.

An item is one JSON value that is neither null nor an array; a list of items is never null. Whether
an element repeats is found in each resource, not looked up: a path descends into any arrays. A leaf
is an item's text; that of a number begins with MARK, see numbers.py.
"""

from __future__ import annotations

MARK = "\x01"
"""First character of the text of a number, so that 5 and '5' differ and 5.10 keeps its digits."""

MACROS = r"""
-- What an element holds: its items, one or many.
fhir_items(j) as
    case
        when j is null or j = 'null' then []::json[]
        when starts_with(j, '[')
            then list_filter(json_extract(j, '$[*]')::json[], lambda x: x <> 'null')
        else [j::json]
    end

-- The elements at a path of each item.
fhir_step(items, path) as
    flatten(list_transform(
        list_transform(items, lambda x: json_extract(x, path)), lambda y: fhir_items(y)))

-- The element of a choice type: value, or valueQuantity, valueString …
fhir_choice(j, name) as
    coalesce(
        json_extract(j, '$.' || name),
        json_extract(j, '$.' || list_filter(json_keys(j), lambda k: regexp_full_match(
            k, name || '[A-Z][A-Za-z0-9]*'))[1]))

fhir_choices(items, name) as
    flatten(list_transform(
        list_transform(items, lambda x: fhir_choice(x, name)), lambda y: fhir_items(y)))

fhir_leaf(j) as json_extract_string(j, '$')

fhir_is_number(leaf) as starts_with(leaf, chr(1))

fhir_number(leaf) as case when fhir_is_number(leaf) then try_cast(leaf[2:] as double) end

fhir_from_number(x) as chr(1) || format('{:.15g}', x)

-- A text without marks, also inside an object.
fhir_plain(leaf) as if(fhir_is_number(leaf), leaf[2:], leaf)

fhir_json(j) as
    if(contains(j, '\u0001'), regexp_replace(j, '"\\u0001([^"]*)"', '\1', 'g'), j::varchar)

fhir_text(j) as
    case
        when starts_with(j, '"\u0001') then j[8:-2]
        when starts_with(j, '{') then fhir_json(j)
        else fhir_leaf(j)
    end

fhir_truth(leaf) as case leaf when 'true' then true when 'false' then false end

-- Dates and times: those of different precision cannot be told apart where they agree; seconds and
-- their fractions are one precision (FHIRPath, "Equals").
fhir_is_date(leaf) as regexp_full_match(
    leaf, '[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}(:[0-9]{2}(:[0-9.]+)?)?.*)?)?)?')

fhir_is_time(leaf) as regexp_full_match(leaf, '[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?')

fhir_to_the_minute(leaf) as regexp_matches(leaf, 'T[0-9]{2}:[0-9]{2}(Z|[+-])')

fhir_instant(leaf) as
    case when regexp_full_match(leaf, '.*T.*(Z|[+-][0-9]{2}:[0-9]{2})') then try_cast(
        regexp_replace(leaf, '(T[0-9]{2}:[0-9]{2})(Z|[+-])', '\1:00\2') as timestamptz) end

-- Text without a zone, its fraction of a second as long as any.
fhir_padded(leaf) as
    case
        when regexp_full_match(leaf, '.*:[0-9]{2}:[0-9]{2}') then rpad(leaf || '.', 40, '0')
        when regexp_full_match(leaf, '.*:[0-9]{2}:[0-9]{2}\.[0-9]+') then rpad(leaf, 40, '0')
        else leaf
    end

fhir_order(a, b) as
    case
        when a <> b and (starts_with(a, b) or starts_with(b, a)) then null
        else if(a = b, 0, if(a < b, -1, 1))
    end

fhir_compare_instants(a, b, minute_a, minute_b) as
    if(minute_a = minute_b,
        sign(epoch_us(a) - epoch_us(b)),
        nullif(sign(epoch_us(date_trunc('minute', a)) - epoch_us(date_trunc('minute', b))), 0)
    )::integer

-- -1, 0 or 1; null where the standard gives nothing.
fhir_compare(a, b) as
    case
        when a is null or b is null then null
        when fhir_is_number(a) or fhir_is_number(b)
            then sign(fhir_number(a) - fhir_number(b))::integer
        when fhir_is_date(a) and fhir_is_date(b) then
            case
                when fhir_instant(a) is not null and fhir_instant(b) is not null
                    then fhir_compare_instants(fhir_instant(a), fhir_instant(b),
                        fhir_to_the_minute(a), fhir_to_the_minute(b))
                when contains(a, 'T') and contains(b, 'T') and a[:10] = b[:10]
                    and (fhir_instant(a) is null) <> (fhir_instant(b) is null) then null
                else fhir_order(fhir_padded(a), fhir_padded(b))
            end
        when fhir_is_time(a) and fhir_is_time(b)
            then fhir_order(fhir_padded(a), fhir_padded(b))
        else if(a = b, 0, if(a < b, -1, 1))
    end

fhir_equal(a, b) as
    case
        when fhir_is_number(a) and fhir_is_number(b) then fhir_number(a) = fhir_number(b)
        when fhir_is_date(a) and fhir_is_date(b) then fhir_compare(a, b) = 0
        when fhir_is_time(a) and fhir_is_time(b) then fhir_compare(a, b) = 0
        else a = b
    end

fhir_among(j, items) as
    coalesce(list_bool_or(list_transform(
        items, lambda z: coalesce(fhir_equal(fhir_leaf(z), fhir_leaf(j)), false))), false)

-- Equal items once, in their order; numbers whatever their digits.
fhir_key(j) as
    if(starts_with(j, '"\u0001'), regexp_replace(j, '(\.[0-9]*?)0+"$', '\1"').replace('."', '"'), j)

fhir_distinct(items) as
    list_filter(items, lambda x, i:
        list_position(list_transform(items, lambda y: fhir_key(y)), fhir_key(x)) = i)

-- The type and the key in Patient/123, with an address before or a version behind.
fhir_reference(j) as regexp_extract(
    json_extract_string(j, '$.reference'),
    '^(?:.*/)?([A-Z][A-Za-z]*)/([^/]+)(?:/_history/[^/]+)?$', ['kind', 'key'])

-- The key, also in urn:uuid:…; null for a reference to another type than `wanted`.
fhir_reference_key(j, wanted) as
    case
        when wanted in ('', fhir_reference(j).kind, json_extract_string(j, '$.type'))
        then coalesce(
            nullif(fhir_reference(j).key, ''),
            nullif(regexp_extract(json_extract_string(j, '$.reference'), '^urn:uuid:(.+)$', 1), ''))
    end

-- The least and the greatest value that a rounded one may stand for.
fhir_half(leaf) as
    ('0.' || repeat('0', length(regexp_extract(leaf, '\.([0-9]+)', 1))) || '5')::decimal(38, 18)

fhir_trimmed(x) as chr(1) || regexp_replace(x::varchar, '\.?0+$', '')

fhir_low_number(leaf) as fhir_trimmed(try_cast(leaf[2:] as decimal(38, 18)) - fhir_half(leaf))

fhir_high_number(leaf) as fhir_trimmed(try_cast(leaf[2:] as decimal(38, 18)) + fhir_half(leaf))

fhir_month_end(leaf) as strftime(last_day(try_cast(leaf || '-01' as date)), '%Y-%m-%d')

fhir_low_time(t) as
    case length(t) when 5 then t || ':00.000' when 8 then t || '.000' else t end

fhir_high_time(t) as
    case length(t) when 5 then t || ':59.999' when 8 then t || '.999' else t end

fhir_low_date(leaf) as
    case length(leaf) when 4 then leaf || '-01-01' when 7 then leaf || '-01' else leaf end

fhir_high_date(leaf) as
    case length(leaf) when 4 then leaf || '-12-31' when 7 then fhir_month_end(leaf) else leaf end

fhir_zone(leaf) as regexp_extract(leaf, 'T.*?(Z|[+-][0-9]{2}:[0-9]{2})$', 1)

fhir_clock(leaf) as regexp_extract(leaf, 'T([0-9:.]*)', 1)

fhir_low_instant(leaf) as
    case
        when not contains(leaf, 'T') then fhir_low_date(leaf) || 'T00:00:00.000+14:00'
        else leaf[:10] || 'T' || fhir_low_time(fhir_clock(leaf))
            || coalesce(nullif(fhir_zone(leaf), ''), '+14:00')
    end

fhir_high_instant(leaf) as
    case
        when not contains(leaf, 'T') then fhir_high_date(leaf) || 'T23:59:59.999-12:00'
        else leaf[:10] || 'T' || fhir_high_time(fhir_clock(leaf))
            || coalesce(nullif(fhir_zone(leaf), ''), '-12:00')
    end

-- `dated` says that a text without a clock is a date, not a dateTime.
fhir_low(leaf, dated) as
    case
        when fhir_is_number(leaf) then fhir_low_number(leaf)
        when regexp_full_match(leaf, '[0-9]{2}:.*') then fhir_low_time(leaf)
        when not fhir_is_date(leaf) then null
        when dated then fhir_low_date(leaf)
        else fhir_low_instant(leaf)
    end

fhir_high(leaf, dated) as
    case
        when fhir_is_number(leaf) then fhir_high_number(leaf)
        when regexp_full_match(leaf, '[0-9]{2}:.*') then fhir_high_time(leaf)
        when not fhir_is_date(leaf) then null
        when dated then fhir_high_date(leaf)
        else fhir_high_instant(leaf)
    end
"""
"""Each is `name(parameters) as expression`; a blank line ends it."""


def statements() -> list[str]:
    """The statements that make the macros, each after those that it uses."""
    texts = [text.strip() for text in MACROS.split("\n\n")]
    return [f"create or replace temp macro {text[text.index('fhir_') :]}" for text in texts if text]
