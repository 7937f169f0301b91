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
exec pg_virtualenv -t sh -c '
    server="postgresql://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT"
    createdb second && createdb third && createdb fourth  # for suites that run beside the first
    TEST_POSTGRES_URL="$server/$PGDATABASE" TEST_POSTGRES_URL_2="$server/second" TEST_POSTGRES_URL_3="$server/third" \
        TEST_POSTGRES_URL_4="$server/fourth" \
        exec "$@"
' with_postgres "$@"
