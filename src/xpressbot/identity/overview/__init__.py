"""What a person sees of their own account, put together from several packages. Reads only."""
