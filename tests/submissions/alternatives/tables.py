"""Right, by tables: operators made in a loop, NumPy scalars, one outer product per gradient, many rules to simplify."""
import numpy as np

RULES = {
    "exp": (np.exp, lambda a: np.exp(a)),
    "log": (np.log, lambda a: 1.0 / a),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda a: -np.sin(a)),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2),
}
PAIRS = {
    "add": lambda a, da, b, db: (a + b, da + db),
    "sub": lambda a, da, b, db: (a - b, da - db),
    "mul": lambda a, da, b, db: (a * b, a * db + b * da),
    "truediv": lambda a, da, b, db: (a / b, da / b - a / b * db / b),
}


def both(x):
    return (x.real, x.dual) if isinstance(x, Dual) else (x, 0.0)


def pair(rule):
    return (lambda u, v: Dual(*rule(*both(u), *both(v)))), (lambda u, v: Dual(*rule(*both(v), *both(u))))


def single(function, slope):
    return lambda u: Dual(function(u.real), slope(u.real) * u.dual)


class Dual:
    __array_ufunc__ = None

    def __init__(self, real, dual=0.0):
        self.real = np.float64(real)
        self.dual = np.float64(dual)

    def __neg__(self):
        return 0 - self

    def __pow__(self, n):
        n = float(n)
        return Dual(self.real**n, self.dual * n * (self.real ** (n - 1) if n != 1 else 1))

    __add__, __radd__ = pair(PAIRS["add"])
    __sub__, __rsub__ = pair(PAIRS["sub"])
    __mul__, __rmul__ = pair(PAIRS["mul"])
    __truediv__, __rtruediv__ = pair(PAIRS["truediv"])
    exp, log, sin, cos, tanh, sigmoid = (single(*rule) for rule in RULES.values())


def derivative(f, x):
    return np.float64(both(f(Dual(x, 1)))[1])


def gradient(f, x):
    return [both(f([Dual(a, s) for a, s in zip(x, seed)]))[1] for seed in np.eye(len(x))]


def central_difference(f, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in steps]).reshape(x.shape)


def gradient_check(f, grad, x):
    g, n = grad(x), central_difference(f, x)
    return np.sqrt(np.sum((g - n) ** 2)) / max(np.sqrt(np.sum(g**2)) + np.sqrt(np.sum(n**2)), 1e-12)


def differentiate(expression, variable):
    match expression:
        case str():
            return 1.0 * (expression == variable)
        case int() | float():
            return 0.0
        case ("+" | "-") as op, u, v:
            return simplify((op, differentiate(u, variable), differentiate(v, variable)))
        case "*", u, v:
            return simplify(("+", ("*", u, differentiate(v, variable)), ("*", differentiate(u, variable), v)))
        case "/", u, v:
            du, dv = differentiate(u, variable), differentiate(v, variable)
            return simplify(("-", ("/", du, v), ("/", ("*", u, dv), ("*", v, v))))
        case "**", u, n:
            return simplify(("*", ("*", n, differentiate(u, variable)), ("**", u, n - 1)))
        case "sigmoid", u:
            return simplify(("*", ("*", ("sigmoid", u), ("sigmoid", ("-", 0, u))), differentiate(u, variable)))
        case op, u:
            outer = {
                "exp": ("exp", u),
                "log": ("**", u, -1),
                "sin": ("cos", u),
                "cos": ("-", 0, ("sin", u)),
                "tanh": ("-", 1, ("**", ("tanh", u), 2)),
            }[op]
            return simplify(("*", outer, differentiate(u, variable)))


def evaluate(expression, values):
    if isinstance(expression, tuple):
        op, *args = expression
        args = [np.float64(evaluate(a, values)) for a in args]
        return RULES[op][0](*args) if op in RULES else {
            "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power
        }[op](*args)
    return np.float64(values.get(expression, 0) if isinstance(expression, str) else expression)


def simplify(expression):
    while True:
        shorter = once(expression)
        if shorter == expression:
            return expression
        expression = shorter


def once(e):
    if not isinstance(e, tuple):
        return e
    op, *args = e
    args = [once(a) for a in args]
    if not any(isinstance(a, (str, tuple)) for a in args):
        return float(evaluate((op, *args), {}))
    match (op, *args):
        case ("+", 0, u) | ("+", u, 0) | ("-", u, 0) | ("*", 1, u) | ("*", u, 1) | ("/", u, 1) | ("**", u, 1):
            return u
        case ("*", 0, _) | ("*", _, 0) | ("/", 0, _):
            return 0
        case ("**", _, 0):
            return 1
        case ("-", u, v) if u == v:
            return 0
        case ("+", u, v) if u == v:
            return ("*", 2, u)
        case ("log", ("exp", u)):
            return u
        case ("+", float() | int() as a, ("+", float() | int() as b, u)):
            return ("+", a + b, u)
    return (op, *args)
