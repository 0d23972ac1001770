"""What the centre knows and must not lose: SQLAlchemy Core tables and repositories; SQLite or PostgreSQL, no SQL of one only."""
