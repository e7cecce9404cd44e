"""Scripts: their format, how they are read, what they do with a message, what is wrong with one."""
