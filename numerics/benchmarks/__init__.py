"""Time, memory and error of the solvers: ``python -m numerics.benchmarks NAME``. No tests: numbers to read."""
