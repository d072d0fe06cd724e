-- For wrk: one request after the other from the file that PATHS names, a line
-- each: the path, or METHOD, path, bearer token and JSON body parted by blanks.
-- Requests that change something carry an idempotency key of their own.
local lines, at = {}, 0
for line in io.lines(os.getenv("PATHS")) do
  local method, path, token, body = line:match("^(%u+) (%S+) (%S+) (.+)$")
  lines[#lines + 1] = { method or "GET", path or line, token, body }
end
local run = os.getenv("RUN") or ""
request = function()
  at = at + 1
  local l = lines[(at - 1) % #lines + 1]
  if not l[3] then
    return wrk.format(l[1], l[2])
  end
  return wrk.format(l[1], l[2], {
    ["Authorization"] = "Bearer " .. l[3],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = "bench-" .. run .. "-" .. at,
  }, l[4])
end
