"""Use cases: one for each thing a person means to do. Each owns its unit of work and commits it."""
