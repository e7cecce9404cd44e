"""Second factors: what each kind must state, enrolment, adding and removing, turning 2FA on and off. A package for each kind."""
