"""Worker threads for requests, and threads that hash passwords while other work goes first."""
