"""The functions that jobs expect of an engine, as Spark SQL functions: `money_of(text)` and `mul_div(a, b, c)`. Exact, no floats.

Twins for DuckDB: finlake/engines/duckdb_functions.py. tests/spark holds both to Python's decimals.
"""

from __future__ import annotations

_NUMBER = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?$"
_WHOLE = "decimal(38,0)"
_BASE = 10**9
_DIVISION = f"struct<q {_WHOLE}, r {_WHOLE}>"

# Spark's own cast reads text exactly, scientific notation too, and rounds half up; what no engine takes for a number is null.
_MONEY_OF = f"""money_of(t string) returns decimal(28,12)
return if(trim(t) rlike '{_NUMBER}', try_cast(trim(t) as decimal(28,12)), null)"""


def _long_division() -> str:
    """x * m / z, digit by digit of x in base 1e9, from the highest of the four that 28 decimal digits have."""
    division = f"named_struct('q', cast(0 as {_WHOLE}), 'r', cast(0 as {_WHOLE}))"
    for place in (27, 18, 9, 0):
        digit = f"cast(((x % 1{'0' * (place + 9)}BD) div 1{'0' * place}BD) as {_WHOLE})"
        division = f"fl_step({division}, {digit}, m, z)"
    return division


# Exact a*b/c, half up at 12 places, on whole units of 1e-12 of up to 28 digits. Spark has 38 digits and beyond them drops scale
# or fails. So b/c is split into whole and remainder, and a*remainder/c is a long division: no step has more than 38 digits,
# whatever the amounts. No decimal with places is multiplied or divided; a result over 28 digits is an error.
_MUL_DIV = (
    f"""fl_units(x decimal(28,12)) returns {_WHOLE}
    return cast(replace(cast(abs(x) as string), '.', '') as {_WHOLE})""",
    f"""fl_step(s {_DIVISION}, digit {_WHOLE}, m {_WHOLE}, z {_WHOLE}) returns {_DIVISION}
    return named_struct('q', cast(s.q * {_BASE} + ((s.r * {_BASE} + digit * m) div z) as {_WHOLE}),
                        'r', cast((s.r * {_BASE} + digit * m) % z as {_WHOLE}))""",
    f"""fl_divide(x {_WHOLE}, m {_WHOLE}, z {_WHOLE}) returns {_DIVISION} return {_long_division()}""",
    f"""fl_rounded(x {_WHOLE}, whole {_WHOLE}, part {_DIVISION}, z {_WHOLE}) returns {_WHOLE}
    return cast(x * whole + part.q + if(2 * part.r >= z, 1, 0) as {_WHOLE})""",
    f"""fl_scaled(x {_WHOLE}, wholes {_DIVISION}, z {_WHOLE}) returns {_WHOLE}
    return fl_rounded(x, wholes.q, fl_divide(x, wholes.r, z), z)""",
    f"""fl_mul_div(x {_WHOLE}, y {_WHOLE}, z {_WHOLE}) returns {_WHOLE}
    return fl_scaled(x, fl_divide(y, cast(1 as {_WHOLE}), z), z)""",
    """mul_div(a decimal(28,12), b decimal(28,12), c decimal(28,12)) returns decimal(28,12)
    return cast(if((a < 0) = ((b < 0) = (c < 0)), '-', '')
                || cast(fl_mul_div(fl_units(a), fl_units(b), fl_units(nullif(c, 0))) as string)
                || 'E-12' as decimal(28,12))""",
)

FUNCTIONS = tuple(f"create or replace temporary function {said}" for said in (_MONEY_OF, *_MUL_DIV))


def shortest_text(column: str, kind: str) -> str:
    """SQL of the shortest text that gives a double or float back, as DuckDB and Python say it.

    Java before 19 sometimes says more digits (JDK-4511638). Up to 15 digits there is only one text; beyond, Jackson's
    Schubfach decides, which is among Spark's own JARs.
    """
    name = {"double": "DoubleToDecimal", "float": "FloatToDecimal"}[kind]
    said, exact = f"cast({column} as string)", f"com.fasterxml.jackson.core.io.schubfach.{name}"
    longest = {"double": 16, "float": 7}[kind]
    return f"if({column} is null or length({said}) <= {longest}, {said}, java_method('{exact}', 'toString', {column}))"
