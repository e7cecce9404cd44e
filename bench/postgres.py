"""A PostgreSQL server of this run's own, and databases on it."""

from sqlalchemy import create_engine, make_url


def copy_database(url: str, name: str) -> str:
    """Make a database that begins as a copy of this one, and give its URL. No client may be connected to the original."""
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(parsed.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{parsed.database}"')
    engine.dispose()
    return parsed.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
