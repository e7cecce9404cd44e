"""Links that work once: invitations, the owner's first link, re-enrolment."""
