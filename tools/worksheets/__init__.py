"""Pencil-and-paper worksheets: `make worksheets SEED=7 CLASS=30`.

`sheets` draws the numbers and lets the library compute the solutions, `pages` puts them on paper.
"""
