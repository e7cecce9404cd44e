"""Mail: the outbox, messages, and the two ways in which they leave: by SMTP, or as files."""
