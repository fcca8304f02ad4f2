r"""School exercises with their solutions: the numbers are worked out, so every answer is right.

A family draws numbers and returns the values that its two lines of text need: the question and the
solution, in `grammars/<lang>/math/exercises.txt`. There `{name}` is a value, and `{name?yes:no}`
one of two wordings. Exercises of one family differ in numbers only, and all of them stay.
"""

import re
from collections.abc import Callable, Mapping
from math import comb, gcd, isqrt
from random import Random

from .encodings import display, inline
from .grammar import pick, whole

Values = Mapping[str, object]
_FIELD = re.compile(r"\{(\w+)(?:\?([^:{}]*):([^{}]*))?\}")


def fill(text: str, values: Values) -> str:
    """Return a line of text with its values.

    >>> fill("{n} is {prime?prime:not prime}", {"n": 7, "prime": True})
    '7 is prime'
    """

    def value(found: re.Match[str]) -> str:
        if found[2] is None:
            return str(values[found[1]])
        return found[2] if values[found[1]] else found[3]

    return _FIELD.sub(value, text)


def _term(factor: int, letter: str, first: bool = False) -> str:
    """Return `+3x`, `-x`, or nothing for 0."""
    if factor == 0:
        return ""
    sign = "-" if factor < 0 else "" if first else "+"
    size = "" if abs(factor) == 1 and letter else str(abs(factor))
    return f"{sign}{size}{letter}"


def _plus(number: int) -> str:
    return f"{number:+d}" if number else ""


def _frac(top: int, bottom: int) -> str:
    shared = gcd(top, bottom)
    top, bottom = top // shared, bottom // shared
    return str(top) if bottom == 1 else rf"\frac{{{top}}}{{{bottom}}}"


def quadratic(rng: Random) -> Values:
    p, q = whole(rng, -19, 19), whole(rng, 1, 29)
    total, product = p + q, p * q
    return {
        "equation": inline(f"x^2{_term(-total, 'x')}{_plus(product)}=0"),
        "factors": inline(f"(x{_plus(-p)})(x{_plus(-q)})=0"),
        "delta": inline(rf"\Delta=({-total})^2-4\times({product})={(p - q) ** 2}"),
        "one": inline(f"x_1={p}"),
        "other": inline(f"x_2={q}"),
        "p": p,
        "q": q,
        "sum": total,
        "product": product,
    }


def linear_system(rng: Random) -> Values:
    x, y = whole(rng, -9, 12), whole(rng, -9, 12)
    a, b, c, d = (whole(rng, 2, 9) for _ in range(4))
    first, second = f"{a}x+{b}y={a * x + b * y}", f"{c}x-{d}y={c * x - d * y}"
    factor = a * d + b * c
    return {
        "system": display(rf"\begin{{cases}} {first} \\ {second} \end{{cases}}"),
        "sum": inline(f"{factor}x={factor * x}"),
        "answer": inline(rf"(x,y)=({x},{y})"),
        "b": b,
        "d": d,
    }


def derivative(rng: Random) -> Values:
    a, n, b, k = whole(rng, 2, 9), whole(rng, 2, 6), whole(rng, -9, 9) or 4, whole(rng, 1, 4)
    slope, value = a * n * k ** (n - 1) + b, a * k**n + b * k
    power = f"x^{{{n - 1}}}" if n > 2 else "x"
    return {
        "function": inline(f"f(x)={a}x^{n}{_term(b, 'x')}"),
        "place": inline(f"x={k}"),
        "prime": inline(f"f'(x)={a * n}{power}{_plus(b)}"),
        "slope": inline(str(slope)),
        "value": inline(f"f({k})={value}"),
        "line": inline(f"y={slope}x{_plus(value - slope * k)}"),
    }


def integral(rng: Random) -> Values:
    a, n, k = whole(rng, 2, 12), whole(rng, 1, 5), whole(rng, 1, 4)
    power = f"x^{{{n}}}" if n > 1 else "x"
    return {
        "integral": inline(rf"\int_0^{{{k}}}{a}{power}\,dx"),
        "primitive": inline(rf"F(x)={_frac(a, n + 1)}x^{{{n + 1}}}"),
        "result": inline(_frac(a * k ** (n + 1), n + 1)),
        "k": k,
    }


def arithmetic(rng: Random) -> Values:
    first, step, n = whole(rng, 1, 30), whole(rng, 2, 15), whole(rng, 8, 40)
    last = first + (n - 1) * step
    total = n * (first + last) // 2
    return {
        "last": inline(rf"{first}+{n - 1}\times {step}={last}"),
        "total": inline(rf"S_{{{n}}}=\frac{{{n}({first}+{last})}}{{2}}={total}"),
        "first": first,
        "step": step,
        "n": n,
    }


def triangle(rng: Random) -> Values:
    m, k = whole(rng, 2, 9), whole(rng, 1, 7)
    n = whole(rng, 1, m - 1)
    a, b, c = k * (m * m - n * n), k * 2 * m * n, k * (m * m + n * n)
    return {
        "a": inline(f"a={a}"),
        "b": inline(f"b={b}"),
        "pythagoras": inline(rf"c=\sqrt{{{a}^2+{b}^2}}=\sqrt{{{c * c}}}={c}"),
        "height": inline(rf"h=\frac{{ab}}{{c}}={_frac(a * b, c)}"),
        "area": a * b,
    }


def balls(rng: Random) -> Values:
    red, blue = whole(rng, 3, 9), whole(rng, 3, 12)
    all_pairs, pairs = comb(red + blue, 2), comb(red, 2)
    chance = rf"\frac{{\binom{{{red}}}{{2}}}}{{\binom{{{red + blue}}}{{2}}}}"
    return {
        "all": inline(rf"\binom{{{red + blue}}}{{2}}={all_pairs}"),
        "chance": inline(rf"P={chance}={_frac(pairs, all_pairs)}"),
        "red": red,
        "blue": blue,
        "pairs": pairs,
    }


def congruence(rng: Random) -> Values:
    p, q = pick(rng, ((3, 5), (5, 7), (7, 9), (8, 11), (11, 13), (9, 16)))
    r, s = whole(rng, 1, p - 1), whole(rng, 1, q - 1)
    x = next(v for v in range(p * q) if v % p == r and v % q == s)
    return {
        "first": inline(rf"x\equiv {r}\pmod{{{p}}}"),
        "second": inline(rf"x\equiv {s}\pmod{{{q}}}"),
        "form": inline(f"x={r}+{p}t"),
        "tried": inline(rf"t=0,1,\ldots,{q - 1}"),
        "hit": inline(f"t={(x - r) // p}"),
        "answer": inline(f"x={x}"),
        "period": p * q,
    }


def matrix(rng: Random) -> Values:
    a, b, c, d = (whole(rng, -6, 9) for _ in range(4))
    trace, det = a + d, a * d - b * c
    middle = _term(-trace, r"\lambda")
    return {
        "matrix": inline(rf"A=\begin{{pmatrix}} {a} & {b} \\ {c} & {d} \end{{pmatrix}}"),
        "det": inline(rf"\det A={a}\cdot({d})-({b})\cdot({c})={det}"),
        "equation": inline(rf"\lambda^2{middle}{_plus(det)}=0"),
        "trace": trace,
    }


def circle(rng: Random) -> Values:
    p, q, r = whole(rng, -9, 9) or 2, whole(rng, -9, 9) or 3, whole(rng, 2, 12)
    linear = f"{_term(-2 * p, 'x')}{_term(-2 * q, 'y')}"
    return {
        "general": inline(f"x^2+y^2{linear}{_plus(p * p + q * q - r * r)}=0"),
        "standard": inline(f"(x{_plus(-p)})^2+(y{_plus(-q)})^2={r * r}"),
        "centre": inline(f"({p},{q})"),
        "radius": inline(f"r={r}"),
    }


def speed(rng: Random) -> Values:
    v, t, rest = whole(rng, 40, 120), whole(rng, 2, 9), whole(rng, 10, 50)
    average = v * t / (t + rest / 60)
    quotient = rf"\frac{{{v * t}}}{{{t}+\frac{{{rest}}}{{60}}}}"
    return {
        "distance": inline(rf"s={v}\times {t}={v * t}"),
        "average": inline(rf"\bar{{v}}={quotient}\approx {average:.1f}"),
        "v": v,
        "t": t,
        "rest": rest,
    }


def logarithm(rng: Random) -> Values:
    base, n, shift = whole(rng, 2, 9), whole(rng, 2, 5), whole(rng, 1, 40)
    return {
        "equation": inline(rf"\log_{{{base}}}(x{_plus(shift)})={n}"),
        "domain": inline(f"x>{-shift}"),
        "power": inline(f"x{_plus(shift)}={base}^{n}={base**n}"),
        "answer": inline(f"x={base**n - shift}"),
    }


def euclid(rng: Random) -> Values:
    g, a, b = whole(rng, 2, 30), whole(rng, 7, 40), whole(rng, 41, 90)
    p, q = b * g, a * g
    asked, steps = inline(rf"\gcd({p},{q})"), []
    while q:
        steps.append(inline(rf"{p}={p // q}\times {q}+{p % q}"))
        p, q = q, p % q
    return {"asked": asked, "steps": ", ".join(steps), "answer": p}


def ellipse(rng: Random) -> Values:
    a, b = whole(rng, 6, 15), whole(rng, 2, 5)
    square = a * a - b * b
    c = str(isqrt(square)) if isqrt(square) ** 2 == square else rf"\sqrt{{{square}}}"
    return {
        "curve": inline(rf"\frac{{x^2}}{{{a * a}}}+\frac{{y^2}}{{{b * b}}}=1"),
        "a": inline(f"a={a}"),
        "b": inline(f"b={b}"),
        "c": inline(f"c={c}"),
        "foci": inline(rf"(\pm {c},0)"),
        "e": inline(rf"e=\frac{{{c}}}{{{a}}}"),
    }


def percent(rng: Random) -> Values:
    price, off, tax = whole(rng, 12, 90) * 10, whole(rng, 1, 9) * 5, whole(rng, 3, 19)
    net = price * (100 - off) / 100
    cut, raised = rf"\frac{{{100 - off}}}{{100}}", rf"\left(1+\frac{{{tax}}}{{100}}\right)"
    return {
        "net": f"{net:.1f}",
        "final": inline(rf"{price}\times{cut}\times{raised}={net * (1 + tax / 100):.2f}"),
        "price": price,
        "off": off,
        "tax": tax,
    }


def work_rate(rng: Random) -> Values:
    a, b = whole(rng, 3, 20), whole(rng, 21, 48)
    return {
        "both": inline(rf"\frac{{1}}{{{a}}}+\frac{{1}}{{{b}}}={_frac(a + b, a * b)}"),
        "time": inline(_frac(a * b, a + b)),
        "a": a,
        "b": b,
    }


def inequality(rng: Random) -> Values:
    a, b, c = whole(rng, 2, 9), whole(rng, 1, 30), whole(rng, 31, 90)
    return {
        "given": inline(f"-{a}x+{b}>{-c}"),
        "moved": inline(f"-{a}x>{-c - b}"),
        "answer": inline(f"x<{_frac(b + c, a)}"),
        "b": b,
        "factor": -a,
    }


def vectors(rng: Random) -> Values:
    a, b, c, d = (whole(rng, -7, 8) for _ in range(4))
    dot = a * c + b * d
    return {
        "u": inline(rf"\vec{{u}}=({a},{b})"),
        "v": inline(rf"\vec{{v}}=({c},{d})"),
        "dot": inline(rf"\vec{{u}}\cdot\vec{{v}}={a}\cdot({c})+({b})\cdot({d})={dot}"),
        "size": inline(rf"|\vec{{u}}|=\sqrt{{{a * a + b * b}}}"),
        "right": dot == 0,
    }


def statistics(rng: Random) -> Values:
    data = [whole(rng, 4, 60) for _ in range(5)]
    total, squares = sum(data), sum(value * value for value in data)
    return {
        "data": inline(",".join(map(str, data))),
        "mean": inline(rf"\bar{{x}}={_frac(total, 5)}"),
        "spread": inline(rf"s^2={_frac(squares * 5 - total * total, 25)}"),
        "total": total,
        "median": sorted(data)[2],
    }


def remainder(rng: Random) -> Values:
    a, b, c, k = whole(rng, 1, 6), whole(rng, -9, 9) or 5, whole(rng, -20, 20), whole(rng, 2, 5)
    value = a * k**3 + b * k + c
    return {
        "polynomial": inline(f"p(x)={_term(a, 'x^3', first=True)}{_term(b, 'x')}{_plus(c)}"),
        "divisor": inline(f"x-{k}"),
        "value": inline(f"p({k})={value}"),
        "k": k,
        "exact": value == 0,
    }


def geometric(rng: Random) -> Values:
    first, ratio, n = whole(rng, 1, 9), whole(rng, 2, 4), whole(rng, 4, 8)
    total = first * (ratio**n - 1) // (ratio - 1)
    return {
        "total": inline(rf"S_{{{n}}}=\frac{{{first}({ratio}^{n}-1)}}{{{ratio}-1}}={total}"),
        "first": first,
        "ratio": ratio,
        "n": n,
    }


def complex_product(rng: Random) -> Values:
    a, b, c, d = (whole(rng, 1, 9) for _ in range(4))
    real, imaginary = a * c + b * d, b * c - a * d
    return {
        "product": inline(f"({a}+{b}i)({c}-{d}i)"),
        "unit": inline("i^2=-1"),
        "answer": inline(f"{real}{_term(imaginary, 'i')}"),
        "size": inline(rf"\sqrt{{{real * real + imaginary * imaginary}}}"),
    }


FAMILIES: dict[str, Callable[[Random], Values]] = {
    made.__name__: made
    for made in (
        quadratic, linear_system, derivative, integral, arithmetic, triangle, balls, congruence,
        matrix, circle, speed, logarithm, euclid, ellipse, percent, work_rate, inequality, vectors,
        statistics, remainder, geometric, complex_product,
    )
}  # fmt: skip
