"""Pages for the customers of bots: nobody is signed in on them, and no cookie of the dashboard is read."""
