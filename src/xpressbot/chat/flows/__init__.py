"""Scripts: what a bot says, how it is read, edited, published and run."""
