# Sourced: serve_checked PORT LOG starts "$gridpin" serve on $GRIDPIN_DATABASE, without a pace, and returns once everything is
# checked; its process is $server, which ends with the script.
serve_checked() {
    GRIDPIN_RATE_LIMIT=0 "$gridpin" serve --bind "127.0.0.1:$1" >"$2" 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null' EXIT
    until curl -fs "http://127.0.0.1:$1/readyz" 2>/dev/null | grep -q '"state":"checked"'; do
        kill -0 $server 2>/dev/null || { echo "the server did not start: $2" >&2; exit 1; }
        sleep 1
    done
}
