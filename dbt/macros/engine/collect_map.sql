{# Aggregate: a map of the group's keys to their values. The caller sees to it that no key comes twice. #}
{% macro collect_map(key, value) -%}
    {{ return(adapter.dispatch('collect_map', 'finlake')(key, value)) }}
{%- endmacro %}

{% macro duckdb__collect_map(key, value) -%}
    map_from_entries(list(row({{ key }}, {{ value }}) order by {{ key }}))
{%- endmacro %}

{% macro athena__collect_map(key, value) -%}
    map_agg({{ key }}, {{ value }})
{%- endmacro %}
