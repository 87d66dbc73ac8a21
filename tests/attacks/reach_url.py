# attacks: fetches a page with urllib
# outcome: db error|forbidden
# points: 0
import urllib.request


def db(dZ):
    return urllib.request.urlopen("http://127.0.0.1:47111/", timeout=1).read()
