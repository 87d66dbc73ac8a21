# attacks: imports the grader's own modules
# outcome: db forbidden|error
# points: 0
def db(dZ):
    from autograder.cases import store

    return store.load("backprop").exercises[5].cases[0].expected
