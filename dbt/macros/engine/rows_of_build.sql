{# A model's rows as the build that is being made has them. #}
{% macro rows_of_build(relation) -%}
    {{ return(adapter.dispatch('rows_of_build', 'finlake')(relation)) }}
{%- endmacro %}

{# Each build is a database file of its own: all rows are its rows. #}
{% macro duckdb__rows_of_build(relation) -%}
    {{ return(relation) }}
{%- endmacro %}

{#
    A versioned table holds several builds. The variable `rows_of` says for each month whose rows count: this build's where it
    was changed, a former one's elsewhere. A table that isn't kept by month is made whole by every build.
#}
{% macro athena__rows_of_build(relation) -%}
    {%- set node = graph.nodes.get('model.finlake.' ~ relation.identifier) if execute else none -%}
    {%- if node is none or node.config.materialized != 'versioned' -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set chosen = [] -%}
    {%- if 'billing_period' in node.config.meta.partitions -%}
        {%- for build, periods in var('rows_of', {}).items() -%}
            {%- do chosen.append(
                "build_id = '" ~ build ~ "' and billing_period in ('" ~ periods | join("', '") ~ "')"
            ) -%}
        {%- endfor -%}
    {%- else -%}
        {%- do chosen.append("build_id = '" ~ var('build_id') ~ "'") -%}
    {%- endif -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ chosen | join(' or ') ~ ')') }}
{%- endmacro %}
