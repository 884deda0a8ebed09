-- Sends the raw requests of a file in turn, and prints what wrk has measured as one line of JSON. With "once" each request is sent
-- at most once: it stops when they are used up, which does not count (round.ts).
--
--   wrk … -s wrk.lua http://127.0.0.1:PORT -- FILE again|once

local requests, index, once = {}, 0, false

function init(args)
  local file = assert(io.open(args[1], "rb"))
  for one in file:read("*a"):gmatch("([^\30]+)\30") do
    requests[#requests + 1] = one
  end
  file:close()
  once = args[2] == "once"
end

function request()
  index = index + 1
  if index > #requests then
    if once then
      wrk.thread:stop()
      return requests[#requests]
    end
    index = 1
  end
  return requests[index]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"answers":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
