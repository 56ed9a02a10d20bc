-- Arguments: the method, and the size of the body in bytes. The request is the same each time, so that wrk makes it once.
function init(arguments)
   local size = tonumber(arguments[2])
   wrk.method = arguments[1]
   if size > 0 then
      wrk.headers["Content-Type"] = "application/json"
      wrk.body = '"' .. string.rep("x", size - 2) .. '"'
   end
end

function done(summary, latency, requests)
   local errors = summary.errors
   print(string.format(
      '{"requests":%d,"duration_us":%d,"bytes":%d,"p50_us":%d,"p90_us":%d,"p99_us":%d,"max_us":%d,' ..
      '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(90),
      latency:percentile(99), latency.max, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
