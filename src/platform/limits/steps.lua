-- The steps of rule.rs, on keys that several processes share. For each key five
-- arguments: the step and four numbers, spans in microseconds. Answers for each
-- key the wait, what is left, and the time until all is there again.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answers = {}

local function keep(key, text, forget)
  redis.call('SET', key, text, 'PX', math.ceil((forget - now) / 1000) + 1)
end

local function answer(wait, left, reset)
  answers[#answers + 1] = wait
  answers[#answers + 1] = left
  answers[#answers + 1] = reset
end

for i, key in ipairs(KEYS) do
  local step = ARGV[5 * i - 4]
  local a, b = tonumber(ARGV[5 * i - 3]), tonumber(ARGV[5 * i - 2])
  local c, d = tonumber(ARGV[5 * i - 1]), tonumber(ARGV[5 * i])
  local known = redis.call('GET', key)
  if step == 'take' or step == 'look' or step == 'charge' then
    local interval, whole = a, a * b
    local full_at = math.max(tonumber(known or 0) or 0, now)
    local next_full = full_at + interval
    if step == 'charge' then
      next_full = math.min(next_full, now + whole)
      keep(key, string.format('%.0f', next_full), next_full)
      answer(0, 0, 0)
    elseif next_full - now > whole then
      answer(next_full - now - whole, 0, full_at - now)
    else
      if step == 'take' then
        full_at = next_full
        keep(key, string.format('%.0f', full_at), full_at)
      end
      answer(0, math.floor((whole - (full_at - now)) / interval), full_at - now)
    end
  elseif step == 'miss' then
    local misses = 1
    if known then
      misses = (tonumber(string.match(known, '^(%d+):')) or 0) + 1
    end
    local wait = 0
    if misses >= a then
      wait = math.min(b * 2 ^ math.min(misses - a, 30), c)
    end
    keep(key, string.format('%d:%.0f', misses, now + wait), now + wait + d)
    answer(wait, 0, 0)
  elseif step == 'lookback' then
    local until_ = known and tonumber(string.match(known, ':(%d+)$')) or 0
    answer(math.max(until_ - now, 0), 0, 0)
  else
    redis.call('DEL', key)
    answer(0, 0, 0)
  end
end
return answers
