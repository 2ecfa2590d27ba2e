"""The functions that jobs expect of an engine, as DuckDB macros: `money_of(text)` and `mul_div(a, b, c)`. Exact, no floats.

Twins for Spark: finlake/engines/spark_functions.py. tests/spark holds both to Python's decimals.
"""

from __future__ import annotations

# Exact a*b/c, half up at 12 places. DuckDB divides decimals as doubles, so this works on whole units of 1e-12 (128 bit).
MUL_DIV = """
create or replace temp macro units(x) as cast(replace(cast(x as varchar), '.', '') as hugeint);
create or replace temp macro of_units(q) as
  cast(cast(q // 1000000000000 as bigint) as decimal(28,12))
  + cast(cast(cast(q % 1000000000000 as bigint) as decimal(19,0)) * cast('0.000000000001' as decimal(13,12)) as decimal(28,12));
create or replace temp macro half_up(n, d) as sign(n) * sign(d) * ((2 * abs(n) + abs(d)) // (2 * abs(d)));
create or replace temp macro scaled(x, y, z) as half_up(x * (y // gcd(y, z)), z // gcd(y, z));
create or replace temp macro mul_div(a, b, c) as
  case when c <> 0 then cast(of_units(scaled(units(cast(a as decimal(28,12))), units(cast(b as decimal(28,12))),
                                             units(cast(c as decimal(28,12))))) as decimal(28,12)) end;
"""

# Amount to money. DuckDB rounds scientific notation wrongly (5.0E-14 becomes 1E-12), so the point is moved in the text.
# Text to decimal costs 2 to 12 microseconds, so an amount below 1000 goes by way of its double where both must round alike: the
# double differs from the text by at most x*2^-53, its product with 1e12 by as much again, together x*1e12*2^-52 < x*3e-4 units
# of 1e-12; where the product is farther than that from a half, no digit can differ. Near a half the text decides.
MONEY_OF = """
create or replace temp macro shifted(sign, digits, point) as sign || case
  when point < -40 then '0'
  when point <= 0 then '0.' || repeat('0', -point) || digits
  when point >= length(digits) then digits || repeat('0', least(point, 40) - length(digits))
  else digits[:point] || '.' || digits[point + 1:] end;
create or replace temp macro unscaled(mantissa, exponent) as shifted(
  case when starts_with(mantissa, '-') then '-' else '' end,
  replace(ltrim(mantissa, '+-'), '.', ''),
  length(split_part(ltrim(mantissa, '+-'), '.', 1)) + exponent);
create or replace temp macro money_of_text(t) as try_cast(case
  when contains(t, '_') then null
  when contains(lower(t), 'e') and regexp_full_match(trim(t), '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]{1,4}')
  then unscaled(split_part(lower(trim(t)), 'e', 1), cast(split_part(lower(trim(t)), 'e', 2) as integer))
  else t end as decimal(28,12));
create or replace temp macro rounds_alike(x) as
  x < 1000 and abs(x * 1e12 - floor(x * 1e12) - 0.5e0) > x * 3e-4;
create or replace temp macro money_of(t) as case
  when typeof(t) = 'DOUBLE' then
    case when rounds_alike(abs(try_cast(t as double))) then cast(try_cast(t as double) as decimal(28,12))
    else money_of_text(cast(t as varchar)) end
  when regexp_full_match(cast(t as varchar), '-?[0-9]{1,3}([.][0-9]{1,25})?([eE]-[0-9]{1,2})?')
    and rounds_alike(abs(try_cast(cast(t as varchar) as double)))
  then cast(try_cast(cast(t as varchar) as double) as decimal(28,12))
  else money_of_text(cast(t as varchar)) end;
"""
