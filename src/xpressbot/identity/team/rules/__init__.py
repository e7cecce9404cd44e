"""What is decided about the team without asking anything: time and rows come in as arguments."""
