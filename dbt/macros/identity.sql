{#
    How one resource is called in the bill and in CloudWatch. An ARN is arn:partition:service:region:account:resource,
    where resource is type/id, type:id or id (AWS General Reference, "Amazon Resource Names").
#}

{# Region that an ARN names; null for a bare id and for the ARN of a global service. #}
{% macro arn_region(resource_id) -%}
    nullif(regexp_extract({{ resource_id }}, '^arn:[^:]*:[^:]*:([^:]*):', 1), '')
{%- endmacro %}

{# What the bill's resource is called in CloudWatch, by the catalogue's `id_from` (finlake/service_model.py). #}
{% macro billed_identity(id_from, resource_id, resource_name) -%}
    case {{ id_from }}
        when 'arn' then {{ resource_id }}
        when 'resource_path'
            then nullif(
                regexp_extract({{ resource_id }}, '^(?:arn:[^:]*:[^:]*:[^:]*:[^:]*:)?[^/:]*[/:](.+)$', 1), ''
            )
        else {{ resource_name }}
    end
{%- endmacro %}

{# What a metric's dimensions call its resource: one value, or two joined by a slash. #}
{% macro metric_identity(dimensions, dimension, second_dimension) -%}
    case
        when {{ second_dimension }} is null then {{ map_value(dimensions, dimension) }}
        else {{ map_value(dimensions, dimension) }} || '/' || {{ map_value(dimensions, second_dimension) }}
    end
{%- endmacro %}
