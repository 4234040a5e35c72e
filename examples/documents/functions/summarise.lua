return function(event)
  local read, words, set_aside = 0, 0, {}
  for _, document in ipairs(event.documents) do
    if document.isRead then
      read, words = read + 1, words + document.words
    else
      set_aside[#set_aside + 1] = document.name
    end
  end
  return { documents = event.documents, read = read, words = words, setAside = set_aside }
end
