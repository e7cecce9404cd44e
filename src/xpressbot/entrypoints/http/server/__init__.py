"""uvicorn's protocol with limits on time, size and connections; the listening sockets."""
