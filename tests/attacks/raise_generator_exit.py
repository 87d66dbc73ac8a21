# attacks: raises what no `except Exception` catches
# outcome: db error
# points: 0
class Untouchable(BaseException):
    pass


def db(dZ):
    raise Untouchable
