"""Exact numbers: how a server writes them, and what must arrive at the broker."""

import decimal

# Power of ten from the API's unit to the published one.
SHIFT = {"Wh": -3, "kWh": 0, "MWh": 3, "W": 0, "kW": 3, "V": 0, "mV": -3, "A": 0, "mA": -3, "Hz": 0, "": 0}

_context = decimal.Context(prec=100)


def expected_text(token, unit):
    """The plain number for a JSON number token: the same digits, moved to the published unit."""
    number = decimal.Decimal(token)
    if not number:
        return format(abs(number), "f")
    return format(number.scaleb(SHIFT[unit], _context), "f")


def as_gqlgen(text):
    """Go's %g: the shortest digits, with an exponent from 1e+06 up and below 1e-04."""
    number = decimal.Decimal(text)
    if not number:
        return "0"
    sign, digits, _ = number.as_tuple()
    exponent = number.adjusted()
    shortest = "".join(map(str, digits)).rstrip("0")
    if -4 <= exponent < 6:
        plain = format(number, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    mantissa = shortest[0] + ("." + shortest[1:] if len(shortest) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def as_javascript(text):
    """JSON.stringify: the shortest digits, with an exponent from 1e+21 up and below 1e-6."""
    number = decimal.Decimal(text)
    if not number:
        return "0"
    sign, digits, _ = number.as_tuple()
    exponent = number.adjusted()
    if -7 < exponent < 21:
        plain = format(number, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    shortest = "".join(map(str, digits)).rstrip("0")
    mantissa = shortest[0] + ("." + shortest[1:] if len(shortest) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent)}"
