"""Scripts: the format, how one is read and written, what it does with a message, what is wrong with one. Pure, but for the ready ones."""
