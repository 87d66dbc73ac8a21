# attacks: writes to terminals and devices
# outcome: db error|forbidden
# points: 0
def db(dZ):
    for name in ("tty", "pts/0", "pts/1", "console", "null", "full", "kmsg"):
        try:
            open("/dev/" + name, "w").write("\a\033]0;owned\a")
            return name
        except OSError:
            pass
    open("/dev/tty", "w")
