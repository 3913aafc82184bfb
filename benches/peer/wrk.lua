-- wrk -s wrk.lua URL -- LISTFILE ENCODING COOKIE: asks for the paths of a file one after the other, again and again.
local paths, count, at = {}, 0, 0

function init(args)
  wrk.headers["Accept-Encoding"] = args[2]
  if args[3] then wrk.headers["Cookie"] = args[3] end
  for line in io.lines(args[1]) do
    count = count + 1
    paths[count] = wrk.format("GET", line)
  end
end

function request()
  at = at % count + 1
  return paths[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'JSON{"requests":%d,"seconds":%.3f,"bytes":%d,"p50_ms":%.3f,"p99_ms":%.3f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.timeout + errors.read + errors.connect + errors.write))
end
