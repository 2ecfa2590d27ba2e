{# Whether the model's table already holds the rows of former builds, so that this one reads only the changed months. #}
{% macro adds_to_former_rows() -%}
    {{ return(adapter.dispatch('adds_to_former_rows', 'finlake')()) }}
{%- endmacro %}

{% macro duckdb__adds_to_former_rows() -%}
    {{ return(is_incremental()) }}
{%- endmacro %}

{# Which months are read is said in full, also the first time. #}
{% macro athena__adds_to_former_rows() -%}
    {{ return(true) }}
{%- endmacro %}
