# Evidence that counts once: a nonce that is used up, and what was accepted before.
# shellcheck disable=SC2086 # words
if [ -z "${HOLDFAST_POSTGRES+set}" ]; then exec "$(dirname "$0")/../postgres.sh" sh "$0"; fi
. "$(dirname "$0")/lib.sh"

mkdir made
check "evidence is made" "$HOLDFAST_BUILD/tests/make_evidence" made
own="--root made/nitro-root.der --at $(cat made/at)"
nonce=$(printf 'a nonce of these tests' | od -An -tx1 | tr -d ' \n')

# The nonce of the evidence, as if it had been issued here.
issue() { # purpose
    id=$(printf 'a nonce of these tests' | sha256sum | cut -c 1-64)
    now=$(date +%s)
    holdfast nonce new >/dev/null
    sqlite3 "$HOLDFAST_STATE/holdfast.db" "INSERT OR REPLACE INTO hf_nonces (id, purpose, issued_at, expires_at, forget_at) \
        VALUES (x'$id', '$1', $now, $now + 300, $now + 600)"
}

expect 1 holdfast verify made/nitro.cbor $own --nonce "$nonce" --burn
match "failed          nonce use"
match "unknown"
issue door
expect 1 holdfast verify made/nitro.cbor $own --nonce "$nonce" --burn
match "another purpose"
expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce" --burn --for door
match "ok              nonce use"
expect 1 holdfast verify made/nitro.cbor $own --nonce "$nonce" --burn --for door --json
answer '[.checks[] | select(.status == "failed").name] == ["nonce use"]'

expect 1 holdfast verify made/nitro.cbor $own --nonce "$nonce" --burn --for door --format pot
answer '.status == "invalid" and (.failures | index("replay_attack") != null)'

# An attempt uses the nonce up, whatever becomes of it.
issue ''
expect 1 holdfast verify made/nitro-debug.cbor $own --nonce "$nonce" --burn
expect 1 holdfast verify made/nitro.cbor $own --nonce "$nonce" --burn
match "was used at"
expect 64 holdfast verify made/nitro.cbor $own --burn
match_err "--nonce"
expect 64 holdfast verify made/nitro.cbor $own --nonce "$nonce" --for door
expect 64 holdfast verify made/nitro.cbor $own --nonce "$nonce" --once 4000000

once() { # URI
    HOLDFAST_STORE=$1
    export HOLDFAST_STORE
    # What is refused is not remembered; what is accepted is, in any form.
    expect 1 holdfast verify made/nitro.cbor --root made/snp-root.der --at "$(cat made/at)" --nonce "$nonce" --once 60
    expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce" --once 60
    match "ok              replay"
    expect 1 holdfast verify made/nitro.cbor $own --nonce "$nonce" --once 60
    match "failed          replay"
    base64 made/nitro.cbor >nitro.b64
    expect 1 holdfast verify nitro.b64 $own --nonce "$nonce" --once 60 --json
    answer '[.checks[] | select(.status == "failed").name] == ["replay"]'
    expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce"
    # Evidence that is text throughout: another nonce in the same second is another piece.
    for n in 00112233445566778899aabbccddeeff ffeeddccbbaa99887766554433221100; do
        printf '{"holdfast": "mock/1", "mock_measurement": "m", "nonce": "%s", "timestamp": %d}' "$n" "$made" >mock
        expect 3 holdfast verify mock --policy testmode --once 60
        match "ok              replay"
    done
    expect 1 holdfast verify mock --policy testmode --once 60
    match "failed          replay"
}
made=$(date +%s)
printf 'required_security_level: low\nallowed_providers: [mock]\nallow_test_mode: true\n' >testmode
once "sqlite:$PWD/once.db"
if [ -n "$HOLDFAST_POSTGRES" ]; then once "$HOLDFAST_POSTGRES"; else skip "replays in PostgreSQL" "$HOLDFAST_POSTGRES_WHY"; fi

# A store that does not answer gives no verdict.
expect 69 holdfast verify made/nitro.cbor $own --nonce "$nonce" --once 60 --store postgresql://127.0.0.1:1/x
check "nothing is printed" [ ! -s "$out" ]
