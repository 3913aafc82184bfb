#!/usr/bin/env bash
# Runs every test that the project has and ends with one line: N passed, N failed, N skipped.
# Needs nothing set up before. Logs and screenshots stay in test-output/.
set -uo pipefail
cd "$(dirname "$0")/.."

out=$PWD/test-output
data=$PWD/.data/test
mkdir -p "$out"
passed=0 failed=0 skipped=0
failures=() times=()

finish() {
    ./setup.sh stop "$data"
}
trap finish EXIT
trap 'exit 130' INT TERM

heading() {
    printf '\n== %s\n' "$*"
    begun=$SECONDS
}
# took NAME: how long it took since its heading, for the table at the end.
took() { times+=("$(printf '%5d s  %s' $((SECONDS - begun)) "$1")"); }

# step NAME COMMAND...: one check that passes or fails as a whole.
step() {
    local name=$1
    shift
    heading "$name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1)) failures+=("$name")
        echo "FAILED: $name"
    fi
    took "$name"
}

sum() { awk '{ n += $1 } END { print n + 0 }'; }

# counted NAME LOG COMMAND...: many tests, whose runner says how many passed; `status` is the command's exit code.
counted() {
    local name=$1 log=$out/$2
    shift 2
    heading "$name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    # Without colours, and of vitest's counts only the last.
    sed -i 's/\x1b\[[0-9;]*m//g; /^ *❯.* tests | /d' "$log"
    local p f s
    p=$(grep -v 'Test Files' "$log" | grep -oE '\b[0-9]+ passed' | sum)
    f=$(grep -v 'Test Files' "$log" | grep -oE '\b[0-9]+ failed' | sum)
    s=$(($(grep -v 'Test Files' "$log" | grep -oE '\b[0-9]+ (ignored|skipped)' | sum) + $(grep -c '^SKIPPED' "$log")))
    # A run that broke without a count is a failure all the same; a test that printed SKIPPED did not pass.
    ((status != 0 && f == 0)) && f=1 && failures+=("$name: ended with $status before it counted") &&
        echo "FAILED: $name"
    # cargo's lists of failures, and vitest's.
    local line
    while IFS= read -r line; do failures+=("$name: $line"); done < <(
        sed -nE 's/^test (.*) \.\.\. FAILED$/\1/p; s/^ *FAIL +(.*)$/\1/p' "$log" | sort -u
    )
    took "$name"
    passed=$((passed + p - $(grep -c '^SKIPPED' "$log"))) failed=$((failed + f)) skipped=$((skipped + s))
}

./setup.sh install test || exit 1
./setup.sh start "$data" test || exit 1
GRIDPIN_TEST_DATABASE=$(<"$data/admin-url")
export GRIDPIN_TEST_DATABASE

step 'npm ci' npm --prefix web ci --no-audit --no-fund
step 'web lint' npm --prefix web run --silent lint
step 'web types' npm --prefix web run --silent check
counted 'web tests' vitest.log npm --prefix web test
step 'web build' npm --prefix web run --silent build

# What may be built in: licences, bans and sources (deny.toml). The tool is built once, into the project's own folder.
dependency_policy() {
    local deny=$PWD/.data/tool/bin/cargo-deny
    [[ -x $deny ]] || cargo install --quiet --locked --debug --root "$PWD/.data/tool" cargo-deny@0.20.2 || return 1
    "$deny" --log-level error check --hide-inclusion-graph bans licenses sources
}
step 'dependency policy' dependency_policy
# Known holes in what the page is made with, where the registry has a list of them: an answer counts them.
npm_audit() {
    local said
    said=$(npm --prefix web audit --audit-level=high --json 2>/dev/null) && return 0
    if ! grep -q '"auditReportVersion"' <<<"$said"; then
        echo 'the registry answers no audit: not asked' && return 0
    fi
    echo "$said" && return 1
}
step 'npm audit' npm_audit

# All by the release profile, so that what others wrote is compiled once, for the tests and for the binary that the
# journeys use. Our own code is tested with the checks that only a debug build has, and with little optimization.
careful=()
for option in debug-assertions=true overflow-checks=true opt-level=1; do
    careful+=(--config "profile.release.package.gridpin.$option")
done
step 'rust format' cargo fmt --check
step 'rust lint' cargo clippy --quiet --release --all-targets -- -D warnings
RUSTDOCFLAGS='-D warnings' step 'rust docs' cargo doc --quiet --release --no-deps
counted 'rust tests' cargo.log cargo test --release "${careful[@]}" --no-fail-fast -- --show-output

# The browser's journeys, in a fresh demo town for every run: what an earlier run edited must not decide this one.
# With the binary that `make run` serves.
step 'release build' cargo build --release --quiet
binary=$PWD/target/release/gridpin
fresh_town() {
    psql -X -q "$GRIDPIN_TEST_DATABASE" -c 'drop database if exists gridpin with (force)' &&
        rm -f "$data/database-url" && ./setup.sh start "$data" test &&
        GRIDPIN_DATABASE=$(<"$data/owner-url") "$binary" migrate &&
        GRIDPIN_DATABASE=$(<"$data/database-url") "$binary" demo load
}
step 'fresh demo town' fresh_town
counted 'browser journeys' journey.log \
    env GRIDPIN_BIN="$binary" GRIDPIN_DATABASE="$(<"$data/database-url")" npm --prefix web run --silent journey

printf '\n== what took how long\n'
printf '%s\n' "${times[@]}"
((failed == 0)) || printf 'FAILED: %s\n' "${failures[@]}"
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
