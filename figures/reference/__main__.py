"""``python -m figures.reference [FOLDER]``: write the pages, and where they begin."""

import sys

from .build import build

if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[-1].startswith("-"):
        sys.exit("usage: python -m figures.reference [FOLDER]; the folder is reference if none is given")
    print(f"open {build(sys.argv[1] if len(sys.argv) == 2 else 'reference')}")
