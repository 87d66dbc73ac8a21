# attacks: declares a codec that runs code in its source
# outcome: db wrong|error|missing
# points: 0
# -*- coding: unicode_escape -*-
def db(dZ):
    return 1  # \n    import os; os._exit(0)
