{# Models land in exactly the schema that their folder names, as the engine spells it. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ schema_of_folder(custom_schema_name | trim) if custom_schema_name else target.schema }}
{%- endmacro %}
