{# Join condition: both relations have the same value under each key. #}
{% macro same_keys(first, second, keys) -%}
    {%- for key in keys -%}
    {{ first }}.{{ key }} = {{ second }}.{{ key }}
    {%- if not loop.last %}
            and {% endif -%}
    {%- endfor -%}
{%- endmacro %}
