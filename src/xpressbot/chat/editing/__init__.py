"""Editing a script: a topic as the fields of a form, what two people typed brought together, and each change that a button makes."""
