{# Models land in exactly the schema that their folder names: marts for readers, work for steps between. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
