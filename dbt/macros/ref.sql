{#
    What models and tests read where they name another model. dbt's own `ref`, but for engines that keep the rows of several
    builds in one table: there only the rows of the build that is being made.
#}
{% macro ref() -%}
    {{ return(adapter.dispatch('rows_of_build', 'finlake')(builtins.ref(*varargs, **kwargs))) }}
{%- endmacro %}
