{#
    At the end of a build: what readers get holds tables only. A view between silver and the marts names the
    database file by the name that it had while it was built, and the lake's folder: it would not survive publishing.
#}
{% macro drop_views() -%}
    {{ return(adapter.dispatch('drop_views', 'finlake')()) }}
{%- endmacro %}

{% macro duckdb__drop_views() -%}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- for node in graph.nodes.values() if node.config.materialized == 'view' -%}
            drop view if exists {{ adapter.quote(node.schema) }}.{{ adapter.quote(node.alias) }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# In the Glue catalogue views stay valid. #}
{% macro athena__drop_views() -%}
{%- endmacro %}
