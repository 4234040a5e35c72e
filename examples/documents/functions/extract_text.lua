-- The lines of a document. One without text cannot be read: the pipeline sets it aside.
return function(event)
  if event.text == "" then
    error { Error = "Document.Unreadable", Cause = event.name .. " has no text" }
  end
  local lines = {}
  for line in event.text:gmatch("[^\n]+") do
    lines[#lines + 1] = line
  end
  return lines
end
