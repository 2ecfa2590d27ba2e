{# Query: the rows of `relation` once for each entry of its map column, with entry_key and entry_value. #}
{% macro explode_map(relation, map_column) -%}
    {{ return(adapter.dispatch('explode_map', 'finlake')(relation, map_column)) }}
{%- endmacro %}

{% macro duckdb__explode_map(relation, map_column) -%}
    select
        {{ relation }}.*,
        unnest(map_keys({{ relation }}.{{ map_column }})) as entry_key,
        unnest(map_values({{ relation }}.{{ map_column }})) as entry_value
    from {{ relation }}
{%- endmacro %}

{% macro athena__explode_map(relation, map_column) -%}
    select
        {{ relation }}.*,
        entry.entry_key,
        entry.entry_value
    from {{ relation }}
    cross join unnest({{ relation }}.{{ map_column }}) as entry (entry_key, entry_value)
{%- endmacro %}
