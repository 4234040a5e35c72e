-- One fight: the first blow of every fight misses, the second one hits.
return function(event, context)
  if context.attempt == 1 then
    error { Error = "Missed", Cause = "the dragon stepped aside" }
  end
  local dragon = event.dragon
  return { health = dragon.health - event.hero.strength, fights = dragon.fights + 1 }
end
