# Nonces from outside, on SQLite and, where it can run, on PostgreSQL.
# shellcheck disable=SC2016
if [ -z "${HOLDFAST_POSTGRES+set}" ]; then exec "$(dirname "$0")/../postgres.sh" sh "$0"; fi
. "$(dirname "$0")/lib.sh"

try() { # URI
    HOLDFAST_STORE=$1
    export HOLDFAST_STORE
    expect 0 holdfast nonce new
    check "64 hex digits" grep -qxE '[0-9a-f]{64}' "$out"
    nonce=$(cat "$out")
    expect 0 holdfast nonce check "$nonce"
    match "fresh"
    expect 1 holdfast nonce check "$nonce"
    match "used_at:"
    match_err "was used at"
    expect 1 holdfast nonce check "$nonce" --json
    answer '.fresh == false and .state == "used" and (.used_at | endswith("Z"))'
    expect 0 holdfast nonce new --bytes 64 --count 3 --for door --ttl 600 --json
    answer '(.nonces | length == 3 and all(length == 128)) and .ttl_seconds == 600 and .for == "door"'
    nonce=$(jq -r '.nonces[1]' "$out")
    expect 1 holdfast nonce check "$nonce"
    match_err "another purpose"
    expect 0 holdfast nonce check "$nonce" --for door
    expect 1 holdfast nonce check 00112233445566778899aabbccddeeff
    match "unknown"
    expect 0 holdfast nonce new --ttl 1
    nonce=$(cat "$out")
    sleep 2.1
    expect 1 holdfast nonce check "$nonce"
    match "expired"
    # Many commands at once: one of them is told yes.
    nonce=$(holdfast nonce new)
    rm -f yes.* no.*
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        (if holdfast nonce check "$nonce" >/dev/null 2>&1; then : >"yes.$i"; else echo $? >"no.$i"; fi) &
    done
    wait
    check "one of twelve is told yes" sh -c 'set -- yes.*; [ -e "$1" ] && [ $# = 1 ]'
    check "the others are told no" sh -c '[ "$(cat no.* | sort | uniq -c | tr -s " ")" = " 11 1" ]'
}
try "sqlite:$PWD/nonces.db"
check "the database is its owner's alone" sh -c '[ "$(stat -c %a nonces.db)" = 600 ]'
check "the store has no nonce" sh -c '! strings -a nonces.db | grep -q "$1"' sh "$nonce"
if [ -n "$HOLDFAST_POSTGRES" ]; then try "$HOLDFAST_POSTGRES"; else skip "nonces in PostgreSQL" "$HOLDFAST_POSTGRES_WHY"; fi

unset HOLDFAST_STORE
expect 0 holdfast nonce new
check "the default is in the state directory" test -f "$HOLDFAST_STATE/holdfast.db"
nonce=$(cat "$out")
expect 0 holdfast nonce check "$nonce" --store "sqlite:$HOLDFAST_STATE/holdfast.db"
expect 0 holdfast audit tail --json
answer '[.records[] | select(.op == "nonce.check" and .result == "HF_OK")] | length > 0'
check "the audit trail has no nonce" sh -c '! grep -q "$1" "$HOLDFAST_STATE/audit.log"' sh "$nonce"

expect 64 holdfast nonce new --bytes 8
match_err "16 to 64"
expect 64 holdfast nonce new --count 0
expect 64 holdfast nonce new --ttl 0
expect 64 holdfast nonce check
expect 64 holdfast nonce check 00
expect 65 holdfast nonce check xyz
expect 64 holdfast nonce new --store mysql://x
match_err "sqlite:PATH"
expect 69 holdfast nonce new --store postgresql://user:secretword@127.0.0.1:1/x
check "no password is shown" sh -c '! grep -q secretword "$1"' sh "$err"
expect 69 holdfast nonce new --count 11 --max 10
match_err "limit of 10"
echo "no database at all, but long enough to be looked at" >"$HOLDFAST_STATE/holdfast.db"
expect 65 holdfast nonce new
match_err "damaged"
