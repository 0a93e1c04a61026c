# The audit trail from outside.
. "$(dirname "$0")/lib.sh"

expect 0 holdfast audit tail
match "audit.tail"
expect 0 holdfast audit verify
match "intact"
anchor=$(sed -n 's/^anchor: *//p' .out)
expect 0 holdfast audit verify --anchor "$anchor" --json
answer '.anchored and .intact and .records == 2'
expect 0 holdfast audit tail --lines 2 --json
answer '.records | length == 2 and .[1].op == "audit.tail" and .[1].seq == 4'
expect 0 holdfast audit export --format json
check "every line is an object" jq -es 'length == 5 and all(.hash | length == 64)' .out
expect 0 holdfast audit export --format cef
match "CEF:0|holdfast|holdfast|"
match "externalId=1 "
expect 64 holdfast audit export --format xml

# Somebody cuts it off: without the anchor nobody can tell, with it everybody can.
cp "$HOLDFAST_STATE/audit.log" kept
expect 0 holdfast audit verify
anchor=$(sed -n 's/^anchor: *//p' .out)
head -2 kept >"$HOLDFAST_STATE/audit.log"
expect 0 holdfast audit verify
cp kept "$HOLDFAST_STATE/audit.log"
head -2 kept >"$HOLDFAST_STATE/audit.log"
expect 1 holdfast audit verify --anchor "$anchor"
match "cut off"

# Somebody changes it.
sed '3s/HF_OK/HF_NO/' kept >"$HOLDFAST_STATE/audit.log"
expect 1 holdfast audit verify
match "record 3 was altered"
match "audit.log line 3"
expect 1 holdfast audit verify --json
answer '.intact == false and .line == 3'
sed 3d kept >"$HOLDFAST_STATE/audit.log"
expect 1 holdfast audit verify
match "records 3 to 3 are missing"

# Power is lost within a line.
cp kept "$HOLDFAST_STATE/audit.log"
printf '{"seq":7,"time":17' >>"$HOLDFAST_STATE/audit.log"
expect 3 holdfast audit verify
match "torn tails:         1"
check "what was torn is kept" sh -c 'grep -q "seq.:7" "$HOLDFAST_STATE"/audit.torn.*'

# The trail cannot be written: nothing is done.
rm -f "$HOLDFAST_STATE"/audit.*
mkdir "$HOLDFAST_STATE/audit.log"
expect 64 holdfast audit tail
match_err "was not done, for it could not be recorded"
rmdir "$HOLDFAST_STATE/audit.log"

# Many at once.
twenty() {
    pids=''
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        holdfast audit tail >/dev/null &
        pids="$pids $!"
    done
    for pid in $pids; do wait "$pid" || return 1; done
}
check "twenty processes at once" twenty
expect 0 holdfast audit verify --json
answer '.records == 20 and .intact'
