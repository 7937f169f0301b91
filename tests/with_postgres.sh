#!/bin/sh
# Runs a command with TEST_POSTGRES_URL pointing to a PostgreSQL that lives as long as the command does.
# Says plainly what is missing on this machine, because tests that need it are skipped.
set -eu

if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
    echo "Chromium is not installed: the tests in a browser are skipped." >&2
fi
if [ -n "${TEST_POSTGRES_URL:-}" ]; then
    exec "$@"
fi
if ! command -v pg_virtualenv >/dev/null; then
    echo "PostgreSQL is not installed (pg_virtualenv of postgresql-common): its tests are skipped." >&2
    exec "$@"
fi
# Nothing in it outlives the command, so it need not be safe on the disk.
exec pg_virtualenv -t -o fsync=off -o full_page_writes=off -o synchronous_commit=off sh -c '
    TEST_POSTGRES_URL="postgresql://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE" exec "$@"
' with_postgres "$@"
