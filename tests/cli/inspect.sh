# What is in evidence, field by field, whether or not it would verify.
. "$(dirname "$0")/lib.sh"

mkdir made
check "evidence is made" "$HOLDFAST_BUILD/tests/make_evidence" made
expect 0 holdfast evidence kinds
match "nitro-document"
match "snp-report"
expect 0 holdfast evidence kinds --json
answer '.kinds | length > 5 and all(has("kind") and has("family") and has("judged") and has("about"))'
answer '.kinds | map(.kind) == (map(.kind) | sort)'

expect 0 holdfast evidence inspect made/nitro.cbor
match "module_id"
match "i-0123-enc4567"
expect 0 holdfast evidence inspect made/nitro.cbor --json
answer '.items[0].kind == "nitro-document" and .items[0].problem == null'
answer '.items[0] as $i | $i.fields | all(.offset + .size <= $i.bytes)'
answer '.items[0].fields | any(.name == "module_id" and .value == "i-0123-enc4567")'
expect 0 holdfast evidence inspect made/snp.bin --kind snp
expect 0 holdfast evidence inspect made/snp.bin --json
answer '.items[0].bytes == 1184 and ([.items[0].fields[] | select(.name | ascii_downcase == "measurement")] | length == 1)'
base64 made/nitro.cbor >nitro.b64
expect 0 holdfast evidence inspect nitro.b64 --json
answer '.items[0].kind == "nitro-document" and .items[0].where != ""'

# Bytes that are changed, cut or longer are told as far as they go.
head -c 2000 made/nitro.cbor >cut.bin
expect 65 holdfast evidence inspect cut.bin
expect 65 holdfast evidence inspect cut.bin --json
answer '.items[0].problem != null'
{
    printf '\001'
    tail -c +2 made/snp.bin
} >version1
expect 65 holdfast evidence inspect version1
match_err "unknown report version 1; known are 2 to 5"
head -c 700 made/snp.bin >cut.bin
expect 65 holdfast evidence inspect cut.bin --kind snp
{
    head -c 600 made/snp.bin
    head -c 584 /dev/zero
} >unsigned
expect 0 holdfast evidence inspect unsigned

# A version that nobody knows is the data's fault as well.
{
    printf '\007\000\002\000\000\000\000\000\000\000\000\000'
    printf '\223\232\162\063\367\234\114\251\224\012\015\263\225\177\006\007'
    head -c 2000 /dev/zero
} >version7
expect 65 holdfast evidence inspect version7
match_err "known are 3 to 5"
printf -- '-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END CERTIFICATE-----\n' >headers.pem
expect 65 holdfast evidence inspect headers.pem
expect 65 holdfast verify headers.pem

expect 65 holdfast evidence inspect made/nitro.cbor --kind snp
expect 64 holdfast evidence inspect made/nitro.cbor --kind teapot
expect 64 holdfast evidence inspect
expect 64 holdfast evidence inspect made
expect 66 holdfast evidence inspect not-there
: >empty
expect 65 holdfast evidence inspect empty
truncate -s 4G big
expect 65 holdfast evidence inspect big
rm big
ln -s round round
expect 64 holdfast evidence inspect round

vectors=${HOLDFAST_VECTORS:-}/evidence
if [ ! -d "$vectors" ]; then
    skip "real evidence" "HOLDFAST_VECTORS names no folder"
    exit 0
fi
for file in "$vectors"/sgx/quotes/* "$vectors"/tdx/quotes/* "$vectors"/snp/report-* "$vectors"/nitro/doc-*; do
    holdfast evidence inspect "$file" >"$out" 2>"$err" || {
        point 1 "it tells ${file##*/}"
        said
    }
done
point 0 "it tells every real quote, report and document"
expect 0 holdfast evidence inspect "$vectors/sgx/quotes/q3-00606a000000-2008020f.bin"
match "21f21b2c3a7db9bff95e96a391182fc79adb14f1e7251f3398aa9430c3c47f21"
