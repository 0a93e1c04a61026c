#!/bin/sh
# Run a command beside a private PostgreSQL server, which ends with it: the server's address in HOLDFAST_POSTGRES, or
# nothing there and the reason in HOLDFAST_POSTGRES_WHY, for the command to skip loudly.
#
#     tests/postgres.sh COMMAND...
set -u

HOLDFAST_POSTGRES='' HOLDFAST_POSTGRES_WHY=''
export HOLDFAST_POSTGRES HOLDFAST_POSTGRES_WHY
bin=''
for d in /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/x)")"; do
    [ -x "$d/initdb" ] && bin=$d
done
if [ -z "$bin" ]; then
    HOLDFAST_POSTGRES_WHY='PostgreSQL (Debian package postgresql) is not installed'
    exec "$@"
fi

dir=$(mktemp -d /tmp/holdfast-pg-XXXXXX) # short: the path of a socket has 107 bytes
as=''
user=$(id -un)
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
    user=nobody
    id postgres >/dev/null 2>&1 && user=postgres
    as="runuser -u $user --"
    chown "$user" "$dir"
fi
stop() {
    # shellcheck disable=SC2086 # words
    [ ! -e "$dir/data/postmaster.pid" ] || $as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP
# shellcheck disable=SC2086
if (cd "$dir" && $as "$bin/initdb" -D "$dir/data" -A trust --no-sync -E UTF8 --locale=C >"$dir/log" 2>&1 &&
    $as "$bin/pg_ctl" -D "$dir/data" -w -t 30 -l "$dir/data/server.log" \
        -o "-k $dir -c listen_addresses='' -c fsync=off -c max_connections=80 -c shared_buffers=16MB" start >>"$dir/log" 2>&1); then
    HOLDFAST_POSTGRES="postgresql:///postgres?host=$dir&user=$user"
else
    HOLDFAST_POSTGRES_WHY="PostgreSQL does not start: $(tail -n 1 "$dir/log")"
fi
"$@"
exit $?
