# The example of every command, run as it stands in help and man page: in a folder of its own, on a
# fresh state directory and so on a fresh TPM.
. "$(dirname "$0")/lib.sh"

examples=$PWD/examples
expect 0 holdfast help --examples "$examples"
for example in "$examples"/*.sh; do
    name=$(basename "$example" .sh)
    mkdir "$name"
    mkdir -m 700 "$name.state"
    cd "$name" || exit 1
    HOLDFAST_STATE=../$name.state check "the example of holdfast $name runs" timeout 120 sh -e "$example"
    cd ..
done

# The examples that are scripts of their own.
mkdir made scripts
check "evidence is made" "$HOLDFAST_BUILD/tests/make_evidence" made
cd scripts || exit 1
expect 3 sh "$HOLDFAST_SOURCE/examples/verify.sh" ../made
match "trusted: ../made/nitro.cbor"
match "not trusted: ../made/nitro-debug.cbor"
match "trusted with warnings: ../made/snp.bin"
match '"mrenclave": "e1e1'
cd ..
