"""The reference: pages of HTML made from the docstrings, with the equations as mathematics, readable offline.

``python -m figures.reference [FOLDER]``, with the extra ``docs``.
"""
