# attacks: loops for ever when the notebook is loaded
# outcome: db timeout
# points: 0
while True:
    db = None
