{# The schema (a database of Glue's) in which the models of a folder land: marts for readers, work for steps between. #}
{% macro schema_of_folder(folder) -%}
    {{ return(adapter.dispatch('schema_of_folder', 'finlake')(folder)) }}
{%- endmacro %}

{% macro duckdb__schema_of_folder(folder) -%}
    {{ return(folder) }}
{%- endmacro %}

{# All builds' rows of the marts; readers get views on what is published, in a database of their own. #}
{% macro athena__schema_of_folder(folder) -%}
    {{ return(target.schema ~ '_' ~ ('builds' if folder == 'marts' else folder)) }}
{%- endmacro %}
