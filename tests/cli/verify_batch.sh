# Many files judged at once: counts that add up, nonces beside files and in lists, interrupts, broken input.
. "$(dirname "$0")/lib.sh"

mkdir made many many/a many/a/b
check "evidence is made" "$HOLDFAST_BUILD/tests/make_evidence" made
at=$(cat made/at)
nonce=$(printf 'a nonce of these tests' | od -An -tx1 | tr -d ' \n')
own="--root made/nitro-root.der --root made/snp-root.der --collateral made/snp --at $at -q"

cp made/nitro.cbor many/a/good
printf '%s\n' "$nonce" >many/a/good.nonce
cp made/nitro.cbor many/a/b/good2
printf '%s' "$nonce" >many/a/b/good2.nonce
expect 0 holdfast verify-batch many $own
match "affirming:          2"
cp made/nitro.cbor many/unasked
expect 3 holdfast verify-batch many $own
match "warning:            1"
cp made/nitro-debug.cbor many/debug
cp made/snp.bin many/snp
cp made/at many/nothing
: >many/empty
expect 1 holdfast verify-batch many $own
match "files:              7"
match "contraindicated:    1"
match "not judged:         2"

# Each line, and in JSON.
expect 1 holdfast verify-batch many $own --lines
check "a line says file, kind and why" grep -q '^contraindicated many/debug  nitro-document  debug: ' "$out"
check "a file that is none is one of them" grep -q '^error           many/nothing' "$out"
expect 1 holdfast verify-batch many $own --lines --json
check "an object a line, and the summary last" jq -es \
    'length == 8 and (.[7].summary.total == 7) and ([.[:7][] | select(.verdict == "error")] | length == 2) and
     ([.[:7][] | select(.file == "many/debug")][0].checks | any(.name == "debug" and .status == "failed"))' "$out"
expect 1 holdfast verify-batch many $own --json
answer '.total == 7 and .valid + .invalid == 7 and .affirming == 2 and .warning == 2 and .contraindicated == 1 and
        .not_judged == 2 and .complete'

# Any number of workers says the same.
for jobs in 1 2 7; do
    expect 1 holdfast verify-batch many $own --json --jobs $jobs
    answer '.total == 7 and .affirming == 2 and .warning == 2 and .contraindicated == 1 and .not_judged == 2'
done
expect 64 holdfast verify-batch many --jobs 1000

# A folder that cannot be read does not end the run: what is behind it is judged.
deep=many/deep
for i in $(seq 70); do deep=$deep/d; done
mkdir -p "$deep" && cp made/snp.bin "$deep/snp"
expect 1 holdfast verify-batch many $own --json
answer '.total == 8 and .not_judged == 3 and .affirming == 2 and .warning == 2 and .complete'
expect 1 holdfast verify-batch many $own --lines
match "folders more than 64 deep"
rm -r many/deep

# Files, and lists of paths.
expect 3 holdfast verify-batch made/nitro.cbor many/a $own
find many -type f ! -name '*.nonce' >list
sh -c "holdfast verify-batch - $own --json <list" >"$out" 2>"$err"
check "a list on standard input says the same as the folder" jq -e '.total == 7 and .affirming == 2' "$out"
printf 'made/nitro.cbor\nmade/nitro.cbor\nmade/nitro.cbor\n' >list
printf '%s\n%s\n%s\n' "$nonce" 00 "$nonce" >nonces
sh -c "holdfast verify-batch - $own --json --nonces nonces <list" >"$out" 2>"$err"
check "each path has the nonce of its line" jq -e '.total == 3 and .affirming == 2 and .contraindicated == 1' "$out"
printf '%s\n' "$nonce" >nonces
sh -c "holdfast verify-batch - $own --nonces nonces <list" >"$out" 2>"$err"
check "lists of unequal length are an error" test $? -eq 64
match_err "fewer lines"
printf '%s\n%s\n%s\n%s\n' "$nonce" "$nonce" "$nonce" "$nonce" >nonces
check "the other way round too" sh -c "holdfast verify-batch - $own --nonces nonces <list; test \$? -eq 64"
expect 64 holdfast verify-batch many $own --nonces nonces
expect 66 holdfast verify-batch - $own --nonces not-there

# A nonce file that says nothing must not pass for none.
mkdir silent
cp made/nitro.cbor silent/doc
: >silent/doc.nonce
expect 1 holdfast verify-batch silent $own --json
answer '.not_judged == 1'
printf 'xyz' >silent/doc.nonce
expect 1 holdfast verify-batch silent $own --json
answer '.not_judged == 1'

# Loops of links, folders that cannot be read, pipes, deep folders, nothing at all.
ln -s .. many/a/up
ln -s many/a/up/many around
mkfifo many/a/pipe
expect 1 holdfast verify-batch many $own --json
answer '.total == 7'
mkdir none
expect 66 holdfast verify-batch none $own
expect 1 holdfast verify-batch not-there $own --json
answer '.not_judged == 1'
expect 64 holdfast verify-batch
odd=$(printf 'many/\033[2Jx')
cp made/nitro.cbor "$odd"
expect 1 holdfast verify-batch many $own --lines
check "a file's name does nothing to a terminal" sh -c "! grep -q \"\$(printf '\\033')\" $out"
rm "$odd"

# An interrupt ends it with what was counted.
mkdir lots
i=0
while [ $i -lt 1500 ]; do
    ln made/nitro.cbor lots/$i
    i=$((i + 1))
done
if command -v timeout >/dev/null; then
    timeout -s INT 0.3 sh -c 'exec holdfast verify-batch lots lots lots lots lots lots lots lots '"$own"' --json --jobs 1' >"$out" 2>"$err"
    status=$?
    check "it ends by itself, with status 75 under timeout's 124" test "$status" -eq 124 -o "$status" -eq 0
    check "the summary says that it is not complete" jq -e '.complete == false and .total < 12000 and .total > 0' "$out"
fi

# A pipe that nobody writes to holds nothing up.
mkfifo pipe
printf '%s\n' pipe made/nitro.cbor >listed
expect 1 timeout 20 sh -c 'holdfast verify-batch - '"$own"' --json <listed'
answer '.total == 2 and .warning == 1'

# A worker that dies takes no file with it.
holdfast verify-batch lots lots lots lots $own --json --jobs 2 >"$out" 2>"$err" &
batch=$!
sleep 0.3
for worker in $(ps -o pid= --ppid $batch 2>/dev/null); do kill -SEGV "$worker"; done
wait $batch
check "every file is counted, whatever became of the workers" jq -e '.total == 6000 and .warning == 6000 and .complete' "$out"

check "its beginning and its end are recorded" sh -c \
    "test \$(grep -c '\"op\":\"evidence.verify-batch\"' $HOLDFAST_STATE/audit.log) -ge 20"
