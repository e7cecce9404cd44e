"""What is wrong with an installation: the doctor and what a check is, the checks of foundation, and readiness."""
