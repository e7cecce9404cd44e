"""Links that work once: invitations, the owner's first link, re-enrolment, a new password, an address, "This wasn't me"."""
