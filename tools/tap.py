"""What the check scripts share: printing TAP."""
import sys


class Tap:
    def __init__(self):
        self.n = 0
        self.failed = 0

    def check(self, good, name, why=""):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}")
        for line in why.splitlines() if not good else []:
            print(f"# {line}")
        return good

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.failed else 0)
