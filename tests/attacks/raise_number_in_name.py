# attacks: raises an exception whose class gives no text as its name
# outcome: db error|crashed
# points: 0
class Meta(type):
    __name__ = property(lambda cls: 10**100)


class Evil(Exception, metaclass=Meta):
    pass


def db(dZ):
    raise Evil
