# The command itself: words, options, help, errors, exit statuses.
. "$(dirname "$0")/lib.sh"

expect 64 holdfast
match_err "a command is needed"
expect 0 holdfast --help
match "audit verify"
expect 0 holdfast --version
match "holdfast 0."
expect 0 holdfast help audit
match "audit tail"
mismatch "doctor  "
expect 0 holdfast audit verify --help
match "holdfast audit verify [OPTION]..."
match "Example:"
expect 0 holdfast help audit verify
expect 64 holdfast audit
match_err "needs one of the words above"
expect 64 holdfast audti
match_err 'did you mean "audit"'
expect 64 holdfast audit vreify
match_err 'did you mean "audit verify"'
expect 64 holdfast frobnicate
match_err '"frobnicate" is not a command'
expect 64 holdfast help frobnicate
expect 64 holdfast audit verify --frist 1
match_err "did you mean --first?"
expect 64 holdfast audit verify surplus
match_err "one word too many"
expect 64 holdfast audit tail --lines 0
expect 64 holdfast audit tail --lines many
expect 64 holdfast audit verify --anchor 1:00

# The options of every command stand before, between and behind the words.
expect 0 holdfast --json version
answer .version
expect 0 holdfast audit --json verify
answer .intact
expect 0 holdfast audit verify --json
answer .intact
expect 64 holdfast --state

# A failure is an object on standard output with --json, and a line on standard error always.
expect 64 holdfast audit verify --json --first zero
match_err "holdfast: "
answer '.error == "HF_E_ARG" and (.detail | length > 0) and .code == 64'

# The state directory.
mkdir -m 755 open
touch open/something
expect 77 holdfast --state open audit tail
match_err "chmod 700"
mkdir -m 755 fresh
expect 0 holdfast --state fresh audit tail
check "an empty one is taken, and closed to others" test "$(stat -c %a fresh)" = 700
expect 0 holdfast --state made/by/it audit tail
check "it is made with mode 0700" test "$(stat -c %a made/by/it)" = 700
touch file
expect 66 holdfast --state file audit tail
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    expect 77 setpriv --reuid 65534 --clear-groups holdfast --state "$PWD/made/by/it" audit tail
else
    skip "another user's state directory is refused" "needs root and setpriv"
fi

# Answers must arrive.
expect 69 sh -c 'holdfast version >/dev/full'
match_err "standard output"
expect 0 sh -c 'holdfast audit export | true'

# Man pages and completion.
expect 0 holdfast help --man pages
check "each command has its page" test -s pages/holdfast-audit-verify.1
expect 64 holdfast help --completion tcsh
for shell in bash zsh fish; do
    expect 0 holdfast help --completion $shell
    cp .out completion.$shell
done
if command -v bash >/dev/null; then
    check "bash completes words, options and values" bash -c '
        . ./completion.bash
        try() { COMP_WORDS=(holdfast "$@"); COMP_CWORD=$#; _holdfast; echo "${COMPREPLY[*]}"; }
        [[ "$(try au)" == audit && "$(try audit ver)" == verify && "$(try audit export --format "")" == "json cef" &&
           "$(try audit verify --anc)" == --anchor ]]'
fi
