-- GET /gallery/{name}
local gallery = require("mstep").table("gallery")

return function(request)
  local picture = gallery:get { name = request.pathParameters.name }
  if not picture then
    return { statusCode = 404, body = "there is no such picture\n" }
  end
  return picture
end
