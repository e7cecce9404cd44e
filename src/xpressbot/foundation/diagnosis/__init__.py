"""What can be wrong with an installation's surroundings, and how to find out without changing anything."""
