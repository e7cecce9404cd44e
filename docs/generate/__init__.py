"""Fills the tables of the documents that repeat what the code says: `make docs`, or `python -m docs.generate`.

A table between `<!-- generated: NAME -->` and `<!-- end of generated -->` has cells that are computed and cells that a person
wrote. The computed ones are written anew; the others stay as they are. A row whose subject the code no longer has, a subject
without a row, and a row without an explanation are complaints.
"""
