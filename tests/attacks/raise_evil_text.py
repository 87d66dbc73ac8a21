# attacks: raises an exception whose text is a terminal sequence and a script
# outcome: db error
# points: 0
class Evil(Exception):
    def __str__(self):
        return "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script>\u202e" + "x" * 10**6


def db(dZ):
    raise Evil
