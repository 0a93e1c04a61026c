# Fetching collateral from a server that plays PCS, PCCS and KDS, well and badly (tests/http/server.py).
# shellcheck disable=SC2016,SC2154
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/cli/lib.sh"
mkdir docs

# A small PKI of our own.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 3650 -subj /CN=Root 2>/dev/null
cat >ca.conf <<'CONF'
[ca]
default_ca = d
[d]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 30
CONF
: >index.txt
echo 01 >crlnumber
openssl ca -config ca.conf -gencrl -keyfile ca.key -cert ca.pem -out root.pem 2>/dev/null
openssl crl -in root.pem -outform DER -out docs/root.crl
openssl ca -config ca.conf -gencrl -keyfile ca.key -cert ca.pem -crldays 7 -out pck.pem 2>/dev/null
openssl crl -in pck.pem -outform DER -out docs/pck.crl
cp docs/pck.crl docs/amd.crl
cat ca.pem ca.pem >docs/chain.pem
openssl x509 -in ca.pem -outform DER -out docs/vcek.der
cp ca.pem docs/issuer.pem
later=$(date -u -d '+20 days' +%Y-%m-%dT%H:%M:%SZ)
tcb() { echo "{\"tcbInfo\":{\"id\":\"SGX\",\"version\":3,\"note\":\"$1\",\"nextUpdate\":\"$2\"},\"signature\":\"00\"}"; }
tcb standard "$later" >docs/tcb.json
tcb early "$later" >docs/early.json
echo "{\"enclaveIdentity\":{\"id\":\"QE\",\"version\":2,\"nextUpdate\":\"$later\"},\"signature\":\"00\"}" >docs/identity.json

python3 "$here/http/server.py" docs >port 2>server.log &
server=$!
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.pem -days 30 -subj /CN=127.0.0.1 \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null
python3 "$here/http/server.py" docs tls.pem tls.key >sport 2>sserver.log &
sserver=$!
trap 'kill $server $sserver 2>/dev/null; finish' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    [ -s port ] && [ -s sport ] && break
    sleep 0.1
done
check "the server runs" [ -s port -a -s sport ]
[ -s port ] || exit 1
at=http://127.0.0.1:$(cat port)
intel='--fmspc 00906ED50000 --ca processor'
fetch() { holdfast collateral fetch --pause 0 "$@"; }
fresh() { holdfast collateral expire --all >/dev/null; }
asked() { grep -c " $1 " docs/requests; }

# Intel's service, all of it.
# shellcheck disable=SC2086 # words
{
    expect 0 fetch $intel --from "$at/good"
    match "fetched    TCB info                  https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00906ED50000"
    expect 0 fetch $intel --from "$at/good" --json
    answer '.collateral | length == 4 and all(.state == "cached")'
    check "what is there is not asked for again" [ "$(asked good)" = 5 ]
    expect 0 holdfast collateral list --json
    answer '.collateral | map(.kind) | sort == ["certificates","certificates","certificates","crl","crl","identity","tcb-info"]'
    answer '.collateral | all(.over == false)'
    answer '[.collateral[] | select(.url | endswith("#issuer-chain"))] | length == 3'
    check "the user agent is ours" grep -q 'holdfast/' docs/requests
    expect 0 holdfast collateral show 'https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00906ED50000#issuer-chain' --out chain
    check "an issuer chain is what the header held" cmp chain ca.pem
    expect 0 holdfast collateral show https://certificates.trustedservices.intel.com/IntelSGXRootCA.der --out got
    check "bytes are what was sent" cmp got docs/root.crl
    id=$(sha256sum docs/tcb.json | cut -c 1-64)
    expect 0 holdfast collateral show "$(echo "$id" | cut -c 1-12)" --json
    answer ".id == \"$id\" and .valid_until == \"$later\""

    # Early and standard, an evaluation number: kept beside each other.
    expect 0 fetch $intel --from "$at/good" --update early
    expect 0 holdfast collateral show 'https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00906ED50000&update=early' --out -
    match '"note":"early"'
    expect 0 fetch $intel --from "$at/good" --eval 17
    check "the number is asked for" grep -q 'tcbEvaluationDataNumber=17' docs/requests
    expect 64 fetch $intel --from "$at/good" --eval 17 --update early

    # A PCCS: its path in its name, the root's list as hex digits.
    fresh
    expect 0 fetch $intel --tee tdx --from "$at/pccs/sgx/certification/v4/"
    check "the root's list comes from rootcacrl" grep -q ' pccs /sgx/certification/v4/rootcacrl' docs/requests
    expect 0 holdfast collateral show https://certificates.trustedservices.intel.com/IntelSGXRootCA.der
    match "crl"

    # ETags.
    fresh
    expect 0 fetch $intel --from "$at/etag"
    expect 0 fetch $intel --from "$at/etag" --refresh --json
    answer '.collateral | all(.state == "unchanged")'
    expect 0 fetch $intel --from "$at/good" --refresh --json
    answer '.collateral | all(.state == "fetched")'

    # What passes: one refusal, one error, one cut answer.
    for how in 429 429date 500once cutonce hop; do
        fresh
        expect 0 fetch $intel --from "$at/$how" --json
        answer '.collateral | length == 4 and all(.state == "fetched")'
    done
}

# AMD's service.
fresh
chip=$(head -c 64 /dev/zero | od -An -v -tx1 | tr -d ' \n')
expect 0 fetch --product Milan --vcek "$chip" --tcb bl=4,tee=0,snp=22,ucode=213 --from "$at/good"
check "the levels are asked for" grep -q 'blSPL=04&teeSPL=00&snpSPL=22&ucodeSPL=213' docs/requests
expect 0 fetch --product Turin --vcek "$chip" --tcb bl=1,tee=1,snp=4,ucode=82,fmc=1 --from "$at/good"
check "Turin's id has 8 bytes" grep -q '/vcek/v1/Turin/0000000000000000 .*fmcSPL=01' docs/requests
expect 64 fetch --product Milan --vcek "$chip" --tcb bl=4,tee=0,snp=22 --from "$at/good"
match_err "ucode is missing"
expect 64 fetch --product Milan --vcek "$chip" --tcb bl=4,tee=0,snp=22,ucode=256 --from "$at/good"
expect 64 fetch --product Milan --vcek "$chip" --tcb bl=4,tee=0,snp=22,ucode=2,fmc=1 --from "$at/good"
expect 64 fetch --product Milan --vcek abcd --tcb bl=4,tee=0,snp=22,ucode=213 --from "$at/good"
expect 64 fetch --product Rome
expect 64 fetch --product Milan --signer vlek --vcek "$chip" --tcb bl=4,tee=0,snp=22,ucode=213
expect 0 fetch --product Genoa --signer vlek --from "$at/good"
expect 64 fetch --fmspc 00906ED5000
expect 64 fetch

# Requests to one host are apart, over processes too.
fresh
before=$(date +%s%N)
holdfast collateral fetch --pause 1 --product Milan --from "$at/good" >/dev/null 2>&1 &
one=$!
holdfast collateral fetch --pause 1 --product Genoa --from "$at/good" >/dev/null 2>&1
wait "$one"
check "four requests take three pauses" [ $(($(date +%s%N) - before)) -ge 2900000000 ]

# What does not pass: each with its status, and nothing of it is kept.
bad() { # status, how, what it says
    fresh
    expect "$1" fetch --timeout 4 --product Milan --from "$at/$2"
    match "$3"
    expect 0 holdfast collateral list
    check "nothing of it is kept" [ ! -s "$out" ]
}
bad 75 429always "HTTP 429"
bad 69 503 "HTTP 503"
bad 77 403 "HTTP 403"
bad 69 400 "HTTP 400"
bad 69 drip ""
bad 69 silent "timed out"
bad 69 cut ""
bad 65 big "larger than"
bad 65 bigsaid "larger than"
bad 69 loop "more than 5 times"
bad 64 away "only https"
bad 64 file "no address"
bad 69 nowhere "redirects to nowhere"
bad 65 html '"<html><body>Please log i"'
bad 65 error_json "kind json"
bad 65 empty "0 bytes"
bad 69 garbage ""
bad 65 headers "kind tcb-info"
bad 69 drop ""
fresh
expect 66 fetch --url "$at/good/nothing"
match "404"
expect 0 fetch --url "$at/good/vcek/v1/Milan/crl" # an address of anybody's
expect 69 fetch --url http://127.0.0.1:1/x --timeout 2
expect 64 fetch --url http://192.0.2.1/x
match "only https"
expect 64 fetch --url "http://127.0.0.1@192.0.2.1/x"
expect 64 fetch --url ftp://127.0.0.1/x
expect 64 fetch --url "http://user:word@127.0.0.1/x"
check "no password is shown" sh -c '! grep -q "with a.*word@" .err'
expect 64 fetch --url "http://127.0.0.1.example.com/x"
expect 64 fetch --url nonsense
expect 69 fetch --insecure-http --timeout 1 --url http://192.0.2.1/x

# One that fails does not keep the others from being fetched.
rm docs/amd.crl
expect 69 fetch --product Milan --from "$at/good" --timeout 2 --json
answer '.collateral | map(.state) == ["fetched", "failed"]'
cp docs/pck.crl docs/amd.crl

# HTTPS: a certificate that nobody vouches for, until it is named.
s=https://127.0.0.1:$(cat sport)
expect 69 fetch --url "$s/good/vcek/v1/Milan/crl"
match "is not trusted"
expect 0 fetch --ca-file tls.pem --url "$s/good/vcek/v1/Milan/crl"
expect 69 fetch --ca-file ca.pem --refresh --url "$s/good/vcek/v1/Milan/crl"
expect 69 fetch --ca-file /nonexistent --refresh --url "$s/good/vcek/v1/Milan/crl"
expect 69 fetch --ca-file tls.pem --refresh --url "https://localhost:$(cat sport)/good/vcek/v1/Milan/crl" # another name

# Nobody is asked when nobody may be.
fresh
requests=$(wc -l <docs/requests)
expect 66 fetch --offline --product Milan --from "$at/good"
match "missing"
check "no request was sent" [ "$(wc -l <docs/requests)" = "$requests" ]

# What evidence needs: of two addresses that stand for each other one is enough, and one thing leads to the next.
if [ -x "${HOLDFAST_BUILD:-/nowhere}/tests/make_evidence" ]; then
    mkdir made
    check "evidence is made" "$HOLDFAST_BUILD/tests/make_evidence" made
    when=$(cat made/at)
    cp made/snp/vcek.der docs/vcek.der
    cp made/snp/crl.der docs/amd.crl
    for c in snp/ask snp-root; do openssl x509 -inform DER -in "made/$c.der"; done >docs/chain.pem
    fresh
    expect 3 holdfast verify made/snp.bin --root made/snp-root.der --at "$when" --collateral made/snp
    expect 1 holdfast verify made/snp.bin --root made/snp-root.der --at "$when"
    expect 66 holdfast collateral fetch --offline made/snp.bin --at "$when"
    match "https://kdsintf.amd.com/vcek/v1/Milan/"
    expect 0 fetch made/snp.bin --at "$when" --from "$at/good" --json
    answer '.collateral | length == 3 and all(.state == "fetched")'
    expect 0 fetch made/snp.bin --at "$when" --offline
    expect 3 holdfast verify made/snp.bin --root made/snp-root.der --at "$when" --json
    answer '[.checks[] | select(.status != "ok" and .status != "not applicable").name] == ["freshness"]'
    expect 1 holdfast verify made/snp.bin --root made/snp-root.der --at "$when" --no-cache
else
    skip "fetching what evidence needs" "HOLDFAST_BUILD names no build with make_evidence"
fi
