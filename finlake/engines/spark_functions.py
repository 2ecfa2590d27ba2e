"""The functions that jobs expect of an engine, as Spark SQL functions: `money_of(text)` and `mul_div(a, b, c)`. Exact, no floats.

Twins for DuckDB: finlake/engines/duckdb_functions.py. tests/spark holds both to Python's decimals.
"""

from __future__ import annotations

_NUMBER = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?$"
_WHOLE = "decimal(38,0)"
_BASE = 10**9

# Spark's own cast reads text exactly, scientific notation too, and rounds half up; what no engine takes for a number is null.
_MONEY_OF = f"""money_of(t string) returns decimal(28,12)
return if(trim(t) rlike '{_NUMBER}', try_cast(trim(t) as decimal(28,12)), null)"""


def _divided(x: str, m: str, z: str) -> str:
    """SQL of x * m / z as (q, r): digit by digit of x in base 1e9, from the highest of the four that 28 decimal digits have."""
    digits = ", ".join(
        f"cast((({x} % 1{'0' * (place + 9)}BD) div 1{'0' * place}BD) as {_WHOLE})" for place in (27, 18, 9, 0)
    )
    carried = f"(s.r * {_BASE} + digit * {m})"
    step = f"named_struct('q', cast(s.q * {_BASE} + ({carried} div {z}) as {_WHOLE}), 'r', cast({carried} % {z} as {_WHOLE}))"
    start = f"named_struct('q', cast(0 as {_WHOLE}), 'r', cast(0 as {_WHOLE}))"
    return f"aggregate(array({digits}), {start}, (s, digit) -> {step})"


def _with(name: str, value: str, body: str) -> str:
    """SQL of `body`, in which `name` stands for `value`, computed once."""
    return f"element_at(transform(array({value}), {name} -> {body}), 1)"


def _units(column: str) -> str:
    return f"cast(replace(cast(abs({column}) as string), '.', '') as {_WHOLE})"


# Exact a*b/c, half up at 12 places, on whole units of 1e-12 of up to 28 digits. Spark has 38 digits and beyond them drops scale
# or fails. So b/c is split into whole and remainder, and a*remainder/c is a long division: no step has more than 38 digits,
# whatever the amounts. No decimal with places is multiplied or divided; a result over 28 digits is an error.
# One expression, because each function called by a function costs Spark one more pass over the whole wide line.
_ROUNDED = f"cast(v.x * w.q + p.q + if(2 * p.r >= v.z, 1, 0) as {_WHOLE})"
_SIGNED = f"cast(if((a < 0) = ((b < 0) = (c < 0)), '-', '') || cast({_ROUNDED} as string) || 'E-12' as decimal(28,12))"
_PART = _with("p", _divided("v.x", "w.r", "v.z"), _SIGNED)
_QUOTIENT = _with("w", _divided("v.y", f"cast(1 as {_WHOLE})", "v.z"), _PART)
_ALL = _with("v", f"named_struct('x', {_units('a')}, 'y', {_units('b')}, 'z', {_units('c')})", _QUOTIENT)
_MUL_DIV = f"""mul_div(a decimal(28,12), b decimal(28,12), c decimal(28,12)) returns decimal(28,12)
return if(a is null or b is null or c is null or c = 0, null, {_ALL})"""

FUNCTIONS = tuple(f"create or replace temporary function {said}" for said in (_MONEY_OF, _MUL_DIV))


def shortest_text(column: str, kind: str) -> str:
    """SQL of the shortest text that gives a double or float back, as DuckDB and Python say it.

    Java before 19 sometimes says more digits (JDK-4511638). Up to 15 digits there is only one text; beyond, Jackson's
    Schubfach decides, which is among Spark's own JARs.
    """
    name = {"double": "DoubleToDecimal", "float": "FloatToDecimal"}[kind]
    said, exact = f"cast({column} as string)", f"com.fasterxml.jackson.core.io.schubfach.{name}"
    longest = {"double": 16, "float": 7}[kind]
    return f"if({column} is null or length({said}) <= {longest}, {said}, java_method('{exact}', 'toString', {column}))"
