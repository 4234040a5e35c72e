# Writes OUT, a C file that holds every Lua file in FILES as bytes, with the table that
# engine/luavm/lua_sources.h declares. A module's name is its path below ROOT: mstep/context.lua is
# "mstep.context", mstep/init.lua is "mstep". Run by the build: cmake -D ROOT= -D OUT= -D FILES= -P.
set(arrays "")
set(rows "")
set(count 0)
foreach(file IN LISTS FILES)
  file(RELATIVE_PATH name ${ROOT} ${file})
  string(REGEX REPLACE "\\.lua$" "" name "${name}")
  string(REGEX REPLACE "/init$" "" name "${name}")
  string(REPLACE "/" "." name "${name}")
  file(READ ${file} hex HEX)
  file(SIZE ${file} size)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)"
         "\\1\n  " bytes "${bytes}")
  string(APPEND arrays "static const unsigned char source_${count}[] = {\n  ${bytes}0x00};\n\n")
  string(APPEND rows "  {\"${name}\", (const char *)source_${count}, ${size}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUT}
"/* Written by lua/embed.cmake from lua/mstep; do not edit. */
#include \"luavm/lua_sources.h\"

${arrays}const struct ms_lua_source ms_lua_sources[] = {
${rows}  {NULL, NULL, 0},
};
const size_t ms_lua_source_count = ${count};
")
