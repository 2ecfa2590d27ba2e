{# Ratio as double, null where the divisor is 0. A bare slash differs: 7/2 is 3.5 on DuckDB and 3 on Trino. #}
{% macro divide(dividend, divisor) -%}
    {{ return(adapter.dispatch('divide', 'finlake')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__divide(dividend, divisor) -%}
    (cast({{ dividend }} as double) / nullif(cast({{ divisor }} as double), 0))
{%- endmacro %}

{% macro athena__divide(dividend, divisor) -%}
    (cast({{ dividend }} as double) / nullif(cast({{ divisor }} as double), cast(0 as double)))
{%- endmacro %}
