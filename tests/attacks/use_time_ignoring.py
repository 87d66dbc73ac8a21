# attacks: loops for ever and ignores every exception and signal
# outcome: db timeout
# points: 0
import signal


def db(dZ):
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
