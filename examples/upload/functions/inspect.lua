-- What a picture is, by what S3 would tell of it. As in S3's events, keys are URL-encoded.
local KINDS = { png = "image/png", jpg = "image/jpeg", gif = "image/gif" }

local function decode(key)
  return (key:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

return function(event, context)
  local object = event.Records[1].s3.object
  local name = decode(object.key)
  local kind = KINDS[name:match("%.(%w+)$")]
  if not kind then
    print(name .. " is refused, attempt " .. context.attempt)
    error { errorType = "NotAPicture", errorMessage = name .. " is not a picture" }
  end
  return { name = name, kind = kind, bytes = object.size }
end
