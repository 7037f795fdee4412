"""Arithmetic on text, without `eval`: the text is parsed and only numbers and operators are computed."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

Number: TypeAlias = int | float

_MAX_EXPONENT = 1_000
_MAX_BITS = 4_000

_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: lambda left, right: left % right,
}
_SPELLINGS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "^": "**", ",": ""})


def evaluate(expression: str) -> Number:
    """Return the value; a whole number comes as `int`.

    Raises:
        ValueError: no arithmetic, a division by zero, or a number too large.
    """
    try:
        value = _value(ast.parse(expression.translate(_SPELLINGS).strip(), mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError) as exc:
        raise ValueError(f"`{expression}` is no arithmetic expression") from exc
    except ZeroDivisionError as exc:
        raise ValueError(f"`{expression}` divides by zero") from exc
    except OverflowError as exc:
        raise ValueError(f"`{expression}` gives a number that is too large") from exc
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=bool() | complex()):
            raise ValueError(f"`{ast.unparse(node)}` is no number")
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _bounded(_power(_value(left), _value(right)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _bounded(_BINARY[type(op)](_value(left), _value(right)))
        case _:
            raise ValueError(f"`{ast.unparse(node)}` is no arithmetic; use numbers, + - * / // % ** and ( )")


def _power(base: Number, exponent: Number) -> Number:
    if abs(exponent) > _MAX_EXPONENT:
        raise ValueError(f"the exponent {exponent} is too large (at most {_MAX_EXPONENT})")
    value = base**exponent
    if isinstance(value, complex):
        raise ValueError("a root of a negative number is no real number")
    return value


def _bounded(value: Number) -> Number:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise ValueError(f"the number has more than {_MAX_BITS} bits")
    if value != value or value in (float("inf"), float("-inf")):
        raise OverflowError
    return value
