# attacks: starts a thread that works on after the answer
# outcome: db error|forbidden
# points: 0
import threading
import time


def db(dZ):
    threading.Thread(target=time.sleep, args=(1000,)).start()
