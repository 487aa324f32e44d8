"""PostgreSQL: the embedded server, migrations, connections, and one module per aggregate."""
