-- The steps of rule.rs, on keys that several processes share. For each key five
-- arguments: the step and four numbers, spans in microseconds. Answers for each
-- key the wait, what is left, and the time until all is there again. If one has to
-- wait, nothing is written. No key may stand here twice.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answers, writes, refused = {}, {}, false

local function keep(key, text, forget)
  writes[#writes + 1] = {'SET', key, text, 'PX', math.ceil((forget - now) / 1000) + 1}
end

local function drop(key)
  writes[#writes + 1] = {'DEL', key}
end

local function answer(wait, left, reset)
  refused = refused or wait > 0
  answers[#answers + 1] = wait
  answers[#answers + 1] = left
  answers[#answers + 1] = reset
end

local function take(key, known, interval, whole)
  local full_at = math.max(tonumber(known or 0) or 0, now)
  local next_full = full_at + interval
  if next_full - now > whole then
    answer(next_full - now - whole, 0, full_at - now)
  else
    keep(key, string.format('%.0f', next_full), next_full)
    answer(0, math.floor((whole - (next_full - now)) / interval), next_full - now)
  end
end

local function give_back(key, known, interval)
  local full_at = (tonumber(known or 0) or 0) - interval
  if full_at > now then
    keep(key, string.format('%.0f', full_at), full_at)
  else
    drop(key)
  end
  answer(0, 0, 0)
end

local function miss(key, misses, until_, free, first, longest, memory)
  if until_ > now then
    answer(until_ - now, 0, 0)
    return
  end
  misses = misses + 1
  local wait = 0
  if misses >= free then
    wait = math.min(first * 2 ^ math.min(misses - free, 30), longest)
  end
  keep(key, string.format('%d:%.0f', misses, now + wait), now + wait + memory)
  answer(0, 0, 0)
end

local function forgive(key, misses, until_)
  local left = redis.call('PTTL', key)
  if misses > 1 and left > 0 then
    keep(key, string.format('%d:%.0f', misses - 1, math.min(until_, now)), now + left * 1000)
  else
    drop(key)
  end
  answer(0, 0, 0)
end

for i, key in ipairs(KEYS) do
  local step = ARGV[5 * i - 4]
  local a, b = tonumber(ARGV[5 * i - 3]), tonumber(ARGV[5 * i - 2])
  local c, d = tonumber(ARGV[5 * i - 1]), tonumber(ARGV[5 * i])
  local known = redis.call('GET', key)
  if step == 'take' then
    take(key, known, a, a * b)
  elseif step == 'giveback' then
    give_back(key, known, a)
  elseif step == 'miss' or step == 'forgive' then
    local misses, until_ = string.match(known or '', '^(%d+):(%d+)$')
    misses, until_ = tonumber(misses or 0), tonumber(until_ or 0)
    if step == 'miss' then
      miss(key, misses, until_, a, b, c, d)
    else
      forgive(key, misses, until_)
    end
  else
    drop(key)
    answer(0, 0, 0)
  end
end
if not refused then
  for _, write in ipairs(writes) do
    redis.call(unpack(write))
  end
end
return answers
