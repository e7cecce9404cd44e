"""Links that work once: invitations, the owner's first link, re-enrolment, a new password, "This wasn't me"."""
