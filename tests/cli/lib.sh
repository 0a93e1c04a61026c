# What the shell tests share. A test sources it first: . "$(dirname "$0")/lib.sh"
# It runs in an empty folder with a fresh state directory (tools/check sees to that; by hand, a
# temporary one is made), and prints TAP. The plan comes last.
#
#   expect STATUS COMMAND...    run it; its exit status must be STATUS. $out and $err keep what it said
#   match TEXT                  the standard output of the last expect must have this text
#   match_err TEXT              its standard error must
#   mismatch TEXT               its standard output must not have it
#   check NAME COMMAND...       any command that must succeed; it may read $out and $err of the last expect
#   answer FILTER               the last expect printed one JSON value, and jq's FILTER holds for it
#   skip NAME REASON            say that something is not tested
set -u

if [ -z "${HOLDFAST_STATE:-}" ]; then
    place=$(mktemp -d)
    mkdir -m 700 "$place/state"
    cd "$place" || exit 1
    HOLDFAST_STATE=$place/state HOLDFAST_TPM=embedded HOLDFAST_TPM_IDLE_MS=2000
    export HOLDFAST_STATE HOLDFAST_TPM HOLDFAST_TPM_IDLE_MS
fi
points=0
failed=0
out=$PWD/.out
err=$PWD/.err

point() { # status name
    points=$((points + 1))
    if [ "$1" = 0 ]; then
        echo "ok $points - $2"
    else
        failed=$((failed + 1))
        echo "not ok $points - $2"
    fi
}

said() { # for a failure: what the last command said
    sed 's/^/# stdout: /' "$out" | head -20
    sed 's/^/# stderr: /' "$err" | head -20
}

expect() {
    want=$1
    shift
    "$@" >"$out" 2>"$err" </dev/null
    got=$?
    if [ "$got" = "$want" ]; then point 0 "$* exits with $want"; else
        point 1 "$* exits with $want"
        echo "# it exited with $got"
        said
    fi
}

match() {
    if grep -qF -- "$1" "$out"; then point 0 "it prints: $1"; else
        point 1 "it prints: $1"
        said
    fi
}

match_err() {
    if grep -qF -- "$1" "$err"; then point 0 "it says: $1"; else
        point 1 "it says: $1"
        said
    fi
}

mismatch() {
    if grep -qF -- "$1" "$out"; then
        point 1 "it does not print: $1"
        said
    else point 0 "it does not print: $1"; fi
}

check() {
    name=$1
    shift
    if "$@" >"$out.check" 2>"$err.check" </dev/null; then point 0 "$name"; else
        point 1 "$name"
        sed 's/^/# /' "$out.check" "$err.check" | head -20
    fi
}

# jq takes no input for no objection, so the number of answers is part of the question.
answer() {
    check "the answer has: $1" jq -es "length == 1 and (.[0] | ($1))" "$out"
}

skip() {
    points=$((points + 1))
    echo "ok $points - $1 # SKIP $2"
}

finish() {
    status=$?
    [ "$status" = 0 ] || [ "$failed" != 0 ] || point 1 "the script reaches its end (status $status)"
    echo "1..$points"
    [ -z "${place:-}" ] || rm -rf "$place"
    [ "$failed" = 0 ] || exit 1
}
trap finish EXIT
