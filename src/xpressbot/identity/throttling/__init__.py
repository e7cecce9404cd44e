"""Limits on guessing: buckets, and charging a try before anything is verified."""
