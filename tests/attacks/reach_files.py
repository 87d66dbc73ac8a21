# attacks: leaves files wherever it can write
# outcome: db error|forbidden
# points: 0
def db(dZ):
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/dev", "/worker", "/", "."):
        try:
            with open(f"{folder}/autograder-left-behind", "w") as out:
                out.write("x")
        except OSError:
            pass
    return open("/tmp/autograder-left-behind").read()
