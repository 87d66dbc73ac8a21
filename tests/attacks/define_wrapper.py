# attacks: passes by calling a right function that is deleted afterwards
# outcome: dZ_output correct
# points: 10
def right(A, Y):
    return A - Y


dZ_output = (lambda function: lambda A, Y: function(A, Y))(right)
del right
