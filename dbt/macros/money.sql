{# The seven costs, under the same names in every table; the only list of them in this project. #}
{% macro cost_columns() -%}
    {{ return([
        'unblended_cost', 'net_unblended_cost', 'blended_cost', 'amortized_cost', 'net_amortized_cost',
        'list_cost', 'contracted_cost'
    ]) }}
{%- endmacro %}

{# The costs that the second path (silver.source_totals) also sums. #}
{% macro source_cost_columns() -%}
    {{ return(cost_columns()[:5]) }}
{%- endmacro %}

{# An exact sum of money: stays decimal on every engine. An optional condition limits the lines; none gives 0. #}
{% macro sum_money(expression, where=none) -%}
    {%- if where is none -%}
        cast(sum({{ expression }}) as {{ money_type() }})
    {%- else -%}
        cast(coalesce(sum({{ expression }}) filter (where {{ where }}), 0) as {{ money_type() }})
    {%- endif -%}
{%- endmacro %}

{% macro money_type() -%} decimal(38, 12) {%- endmacro %}

{# Select list: every cost summed under its own name. #}
{% macro sum_costs() -%}
    {%- for cost in cost_columns() %}
    {{ sum_money(cost) }} as {{ cost }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
