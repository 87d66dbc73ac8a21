# attacks: fetches a page with urllib
# outcome: db error|forbidden
# points: 0
import urllib.request

TCP_PORT = 9


def db(dZ):
    return urllib.request.urlopen(f"http://127.0.0.1:{TCP_PORT}/", timeout=1).read()
