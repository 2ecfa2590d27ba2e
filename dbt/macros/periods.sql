{#
    Rebuilding by billing period. With the variable `changed_periods` (list of YYYY-MM) a model that is kept by month reads
    only them; an incremental one first forgets them. Without it every period is read and replaced.
#}

{# SQL predicate: true for the periods that this run reads. Also used by models that are not incremental: then true. #}
{% macro in_changed_periods(column='billing_period') -%}
    {%- set periods = var('changed_periods', []) -%}
    {%- if periods and adds_to_former_rows() -%}
        {{ column }} in ('{{ periods | join("', '") }}')
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#
    Pre-hook of incremental models: removes what this run replaces. Deleting by the list of periods, not by the
    periods found in the new rows, also removes a period that has no rows any more.
#}
{% macro forget_changed_periods() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ in_changed_periods() }}
    {%- endif -%}
{%- endmacro %}
