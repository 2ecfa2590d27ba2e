{# Aggregate: a map of the group's keys to their values, of the rows for which `where` holds; null where it holds for none.
   The caller sees to it that no key comes twice. #}
{% macro collect_map(key, value, where='true') -%}
    {{ return(adapter.dispatch('collect_map', 'finlake')(key, value, where)) }}
{%- endmacro %}

{% macro duckdb__collect_map(key, value, where) -%}
    map_from_entries(list(row({{ key }}, {{ value }}) order by {{ key }}) filter (where {{ where }}))
{%- endmacro %}

{% macro athena__collect_map(key, value, where) -%}
    map_agg({{ key }}, {{ value }}) filter (where {{ where }})
{%- endmacro %}
