# The cache of collateral from outside, without a network. Fetching: tests/interop/collateral.sh.
. "$(dirname "$0")/lib.sh"

expect 0 holdfast collateral list
check "it is empty at first" [ ! -s "$out" ]
expect 0 holdfast collateral list --json
answer '.collateral == []'
expect 66 holdfast collateral show 0123456789ab
expect 66 holdfast collateral expire 0123456789ab
expect 0 holdfast collateral expire
match "dropped:            0"
expect 64 holdfast collateral show
expect 64 holdfast collateral expire --all --before 0
expect 65 holdfast collateral expire --before yesterday

# What would be asked for.
expect 66 holdfast collateral fetch --offline --fmspc 00906ed50000 --ca platform --tee tdx --json
answer '.collateral | length == 4 and all(.state == "missing")'
answer '.collateral[0].url == "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=00906ED50000"'
expect 66 holdfast collateral fetch --offline --product Milan
match "https://kdsintf.amd.com/vcek/v1/Milan/cert_chain"
match "https://kdsintf.amd.com/vcek/v1/Milan/crl"
expect 64 holdfast collateral fetch
match_err "says what to fetch"
expect 64 holdfast collateral fetch --fmspc xyz
expect 64 holdfast collateral fetch --fmspc 00906ed50000 --ca root
expect 64 holdfast collateral fetch --ca platform
expect 64 holdfast collateral fetch --vcek 00
expect 64 holdfast collateral fetch --product Naples
expect 64 holdfast collateral fetch --offline --fmspc 00906ed50000 --update late
expect 64 holdfast collateral fetch --url x --timeout 0

# Evidence that is none.
echo nonsense >file
expect 65 holdfast collateral fetch --offline file
: >empty
expect 65 holdfast collateral fetch --offline empty
match_err "is empty"
expect 66 holdfast collateral fetch --offline no-such-file
expect 64 holdfast collateral fetch --offline .

# Entries, put in as a fetch would.
cache=$HOLDFAST_STATE/collateral
old=$(printf old | sha256sum | cut -c 1-64)
new=$(printf new | sha256sum | cut -c 1-64)
printf old >"$cache/$old"
printf new >"$cache/$new"
entry() { # url sha256 until
    echo "{\"url\": \"$1\", \"from\": \"\", \"sha256\": \"$2\", \"kind\": \"other\", \"etag\": \"\", \"fetched_at\": 1, \"valid_until\": $3, \"size\": 3}"
}
index() { echo "{\"version\": 1, \"entries\": [$(entry https://a/old "$old" 1000), $(entry https://a/new "$new" 4000000000)]}" >"$cache/index.json"; }
index
expect 0 holdfast collateral list
match "over  https://a/old"
match "ok    https://a/new"
expect 0 holdfast collateral show https://a/new --out -
match "new"
expect 0 holdfast collateral show "$(echo "$old" | cut -c 1-8)"
match "1970-01-01T00:16:40Z (over)"
expect 0 holdfast collateral expire --json
answer '.dropped == 1'
check "its file went with it" [ ! -e "$cache/$old" ]
expect 0 holdfast collateral expire --before 2100-01-01T00:00:00Z
match "dropped:            1"
printf old >"$cache/$old"
printf changed >"$cache/$new"
index
expect 66 holdfast collateral show https://a/new
match_err "damaged"
expect 0 holdfast collateral list --json
answer '.collateral | map(.url) == ["https://a/old"]'
expect 0 holdfast collateral expire "$old"
check "the folder is its owner's alone" [ "$(stat -c %a "$cache")" = 700 ]

# Links and folders in its place.
rm -rf "$cache"
ln -s /tmp "$cache"
expect 64 holdfast collateral list
