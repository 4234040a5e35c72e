local words = require "words"

return function(event)
  return #words.each(event.lines)
end
