# attacks: matches a regular expression in exponential time
# outcome: db timeout
# points: 0
import re


def db(dZ):
    return re.match("(a+)+$", "a" * 60 + "b")
