"""Who is signed in: sessions, the gate that every use case of a signed-in person passes, known browsers."""
