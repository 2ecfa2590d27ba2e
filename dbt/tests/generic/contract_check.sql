{# A check written in a table contract: its query counts offending rows of {table}. #}
{% test contract_check(model, query, must_be) %}
    select checked.offending_rows
    from ({{ query | replace('{table}', model | string) }}) as checked (offending_rows)
    where checked.offending_rows <> {{ must_be }}
{% endtest %}
