{# Required columns have no null; one row for each column that breaks the promise. One scan for all columns. #}
{% test no_nulls(model, columns) %}
    with counts as (
        select
            {%- for column in columns %}
            count(*) - count({{ column }}) as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ model }}
    )

    {% for column in columns %}
    select
        '{{ column }}' as column_name,
        {{ column }} as null_count
    from counts
    where {{ column }} > 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endtest %}
