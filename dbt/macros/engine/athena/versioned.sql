{#
    Iceberg tables that keep the rows of several builds, told apart by build_id. A build adds its rows by one INSERT and
    replaces nothing: one that fails or is killed changes nothing that readers see, and its rows are removed with old builds.
    `meta.partitions` says what the table is partitioned by: a month that isn't asked for isn't read.
#}
{% materialization versioned, adapter='athena' %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- if load_cached_relation(this) is none -%}
        {%- call statement('main') -%}
            {{ create_versioned(relation, sql) }}
        {%- endcall -%}
    {%- else -%}
        {%- set columns = columns_to_keep(sql) -%}
        {%- do add_new_columns(relation, columns) -%}
        {%- call statement('main') -%}
            insert into {{ relation }} ({{ columns | map(attribute='name') | join(', ') }}, build_id)
            {{ rows_to_keep(columns, sql) }}
        {%- endcall -%}
    {%- endif -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# Name and type of each column: the contract's, else as the query gives them (type none). #}
{% macro columns_to_keep(sql) -%}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do columns.append({'name': column.name, 'type': column.data_type}) -%}
    {%- else -%}
        {%- for column in get_column_schema_from_query(sql) -%}
            {%- do columns.append({'name': column.name, 'type': none}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#
    The contract's columns by name, in its types. Iceberg keeps microseconds and takes no other timestamps:
    https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-supported-data-types.html
#}
{% macro rows_to_keep(columns, sql) -%}
    select
        {%- for column in columns %}
        {%- set type = 'timestamp(6)' if column.type == 'timestamp' else column.type %}
        {{ 'cast(' ~ column.name ~ ' as ' ~ type ~ ') as ' ~ column.name if type else column.name }},
        {%- else %}
        made.*,
        {%- endfor %}
        cast('{{ var("build_id") }}' as varchar) as build_id
    from ({{ sql }}) as made
{%- endmacro %}

{% macro create_versioned(relation, sql) -%}
    create table {{ relation }}
    with (
        table_type = 'ICEBERG',
        is_external = false,
        location = '{{ adapter.generate_s3_location(relation, target.s3_data_dir, target.s3_data_naming) }}',
        format = 'PARQUET',
        partitioning = array['{{ config.get("meta").partitions | join("', '") }}']
    )
    as
    {{ rows_to_keep(columns_to_keep(none) if model.columns else [], sql) }}
{%- endmacro %}

{# A column that the contract has and the table doesn't: null in the rows of former builds. #}
{% macro add_new_columns(relation, columns) -%}
    {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- for column in columns if column.name not in there and column.type -%}
        {%- call statement('add_column') -%}
            alter table {{ relation.render_hive() }}
            add columns ({{ column.name }} {{ ddl_data_type(column.type, 'iceberg') | trim }})
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}
