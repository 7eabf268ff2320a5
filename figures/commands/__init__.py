"""What a system can be asked: one module for each question, one function for each kind of system that answers it.

The command line (``figures.cli``) and the front door (``ruggedflow``) offer these functions under the same words.
"""

COMMANDS = {
    "derive": "Derive the equations of a system and print them.",
    "thresholds": "Thresholds of a system, to any number of digits.",
    "statics": "Equilibrium: ground state or free energy, entropy, order parameter, static and dynamic temperatures.",
    "complexity": "Kac-Rice complexity of critical points and minima.",
    "neighbourhood": "What lies around a minimum: critical points by overlap with it, and the lowest barrier.",
    "dynamics": "Dynamics at infinite size: overlap, energy and correlation, each with its error.",
    "simulate": "Direct simulation at finite size: averages over samples, each with its error.",
    "phase_diagram": "The main job: phase diagram of gradient flow, as PNG, PDF, CSV, LaTeX table and JSON record.",
}
"""Each with one line about it; a module of the same name answers."""
