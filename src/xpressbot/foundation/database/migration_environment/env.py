"""Alembic's entry: runs a package's revisions on the connection it is given, inside that connection's transaction."""

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], version_table=attributes["version_table"], transactional_ddl=True)
context.run_migrations()
