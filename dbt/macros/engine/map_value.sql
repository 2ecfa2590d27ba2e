{# Value of a map under a key; null where the map lacks it. A bare subscript fails on Trino for a missing key. #}
{% macro map_value(map_column, key) -%}
    {{ return(adapter.dispatch('map_value', 'finlake')(map_column, key)) }}
{%- endmacro %}

{% macro duckdb__map_value(map_column, key) -%}
    map_extract_value({{ map_column }}, {{ key }})
{%- endmacro %}

{% macro athena__map_value(map_column, key) -%}
    element_at({{ map_column }}, {{ key }})
{%- endmacro %}
