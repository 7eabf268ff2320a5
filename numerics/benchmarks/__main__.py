"""``python -m numerics.benchmarks NAME``: print one table."""

import sys
from importlib import import_module

BENCHMARKS = ("dynamics", "risk", "simulation")


def main(words: list[str]) -> int:
    """Run the benchmark of that name; a mistake gets one line and 2, Ctrl-C 130."""
    if len(words) != 1 or words[0] not in BENCHMARKS:
        given = " ".join(words) or "nothing"
        print(f"error: {given}: expected one of {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    try:
        import_module(f".{words[0]}", __package__).main()
    except KeyboardInterrupt:
        return 130
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
