-- Signature Version 4, written from its specification for specs: `signing.headers{...}` gives the header lines of
-- a signed POST. Digests are those of `openssl dgst`.
local program = require "program"

local M = {}

local function digest(text, options)
  local path = program.write(os.tmpname(), text)
  local pipe = assert(io.popen("openssl dgst -sha256 -hex " .. options .. " " .. path))
  local hex = pipe:read("a"):match("(%x+)%s*$")
  pipe:close()
  os.remove(path)
  assert(hex, "openssl gave no digest")
  return hex
end

local function hash(text)
  return digest(text, "")
end

local function hmac(hexkey, text)
  return digest(text, "-mac HMAC -macopt hexkey:" .. hexkey)
end

local function to_hex(text)
  return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- request: host, target, body, key, secret; and where they differ: service, region, at (seconds since 1970).
-- The result is a list of header lines.
function M.headers(request)
  local stamp = os.date("!%Y%m%dT%H%M%SZ", request.at or os.time())
  local day, region, service = stamp:sub(1, 8), request.region or "us-east-1", request.service or "states"
  local names = "content-type;host;x-amz-date;x-amz-target"
  local canonical = table.concat({ "POST", "/", "", "content-type:application/x-amz-json-1.0", "host:" .. request.host,
    "x-amz-date:" .. stamp, "x-amz-target:" .. request.target, "", names, hash(request.body) }, "\n")
  local scope = table.concat({ day, region, service, "aws4_request" }, "/")
  local key = to_hex("AWS4" .. request.secret)
  for _, part in ipairs { day, region, service, "aws4_request" } do
    key = hmac(key, part)
  end
  local signature = hmac(key, table.concat({ "AWS4-HMAC-SHA256", stamp, scope, hash(canonical) }, "\n"))
  return {
    "Content-Type: application/x-amz-json-1.0",
    "X-Amz-Target: " .. request.target,
    "X-Amz-Date: " .. stamp,
    ("Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"):format(
      request.key, scope, names, signature),
  }
end

return M
