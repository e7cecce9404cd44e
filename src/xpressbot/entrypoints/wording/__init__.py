"""Words for people that pages and the command line share."""
