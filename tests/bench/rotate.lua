-- For wrk: one path after the other, from the file that PATHS names.
local paths, at = {}, 0
for line in io.lines(os.getenv("PATHS")) do
  paths[#paths + 1] = line
end
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
