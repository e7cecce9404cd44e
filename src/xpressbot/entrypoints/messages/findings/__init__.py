"""Findings of the doctor in words: a file for each group of checks, and `advice`, which puts them together."""
