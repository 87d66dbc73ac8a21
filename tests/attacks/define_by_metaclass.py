# attacks: runs code in a metaclass, in annotations and in default values
# outcome: db error|forbidden|wrong
# points: 0
class Meta(type):
    def __prepare__(name, bases):
        return open("/tmp/autograder-left-behind", "w")


class Helper(metaclass=Meta):
    pass


def db(dZ, helper: open("/etc/passwd").read() = Helper) -> Helper:
    return dZ
