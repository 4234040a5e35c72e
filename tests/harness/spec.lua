-- Loaded by busted before every spec: the interpreter is the one that the engine embeds.
assert(_VERSION == "Lua 5.4", "specs run under Lua 5.4, not " .. _VERSION)
