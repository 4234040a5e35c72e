-- Signature Version 4, written from its specification for specs: `signing.headers{...}` gives the header lines of
-- a signed request, `signing.presign{...}` the query of one that anybody may send. Digests are `openssl dgst`'s.
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

-- The signature of a canonical request, and its scope.
local function sign(request, stamp, canonical)
  local day, region, service = stamp:sub(1, 8), request.region or "us-east-1", request.service or "states"
  local scope = table.concat({ day, region, service, "aws4_request" }, "/")
  local key = to_hex("AWS4" .. request.secret)
  for _, part in ipairs { day, region, service, "aws4_request" } do
    key = hmac(key, part)
  end
  return hmac(key, table.concat({ "AWS4-HMAC-SHA256", stamp, scope, hash(canonical) }, "\n")), scope
end

local function stamp_of(request)
  return os.date("!%Y%m%dT%H%M%SZ", request.at or os.time())
end

-- request: host, key, secret, body; target where the protocol has one; and where they differ: method, path,
-- query (in canonical form), type, service, region, at (seconds since 1970). The result is a list of header lines.
function M.headers(request)
  local stamp, kind = stamp_of(request), request.type or "application/x-amz-json-1.0"
  local lines = { "Content-Type: " .. kind, "X-Amz-Date: " .. stamp }
  local signed = { "content-type:" .. kind, "host:" .. request.host, "x-amz-date:" .. stamp }
  local names = "content-type;host;x-amz-date"
  if request.target then
    table.insert(lines, 2, "X-Amz-Target: " .. request.target)
    signed[#signed + 1] = "x-amz-target:" .. request.target
    names = names .. ";x-amz-target"
  end
  local signature, scope = sign(request, stamp, table.concat({ request.method or "POST", request.path or "/",
    request.query or "", table.concat(signed, "\n"), "", names, hash(request.body or "") }, "\n"))
  lines[#lines + 1] = ("Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"):format(
    request.key, scope, names, signature)
  return lines
end

-- The query of a presigned GET without parameters of its own; request.expires: seconds.
function M.presign(request)
  local stamp = stamp_of(request)
  local scope = table.concat({ stamp:sub(1, 8), request.region or "us-east-1", request.service or "states",
    "aws4_request" }, "/")
  local query = ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%s&X-Amz-Date=%s&X-Amz-Expires=%d"
    .. "&X-Amz-SignedHeaders=host"):format((request.key .. "/" .. scope):gsub("/", "%%2F"), stamp, request.expires)
  local signature = sign(request, stamp, table.concat({ "GET", request.path or "/", query, "host:" .. request.host, "",
    "host", hash("") }, "\n"))
  return query .. "&X-Amz-Signature=" .. signature
end

return M
