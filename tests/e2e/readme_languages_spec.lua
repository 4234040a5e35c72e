-- The README's table of query languages: each expression of a row gives what its last column says.
local program = require "program"

if program.is_missing() then
  return
end

local LANGUAGES = { "jsonpath", "jsonata", "lua" }

-- The rows of the table: {name, jsonpath, jsonata, lua, result}.
local function rows_of(readme)
  local rows = {}
  local text = readme:match("<!%-%- query%-languages: begin %-%->(.-)<!%-%- query%-languages: end %-%->")
  for line in text:gmatch("[^\n]+") do
    local row = { line:match("^| (%l+) | `(.+)` | `(.+)` | `(.+)` | `(.+)` |$") }
    rows[#rows + 1] = row[1] and row
  end
  return rows
end

describe("README.md's table of query languages", function()
  local readme = program.read(program.source .. "/README.md")
  local dir = program.project { ["order.json"] = readme:match("```json order%.json\n(.-)```") }
  local rows = rows_of(readme)

  it("has five rows", function()
    assert.are.equal(5, #rows)
  end)

  for _, row in ipairs(rows) do
    for i, language in ipairs(LANGUAGES) do
      it(("%s in %s"):format(row[1], language), function()
        local result = program.run({ "eval", "--lang", language, row[1 + i], "--input", "@order.json" }, { cwd = dir })
        assert.are.equal(row[5] .. "\n", result.stdout, result.stderr)
      end)

      it(("%s in %s, in a machine"):format(row[1], language), function()
        local names = { jsonpath = "JSONPath", jsonata = "JSONata", lua = "Lua" }
        local state = { Type = "Pass", End = true }
        if language == "jsonpath" then
          state.Parameters, state.OutputPath = { ["v.$"] = row[2] }, "$.v"
        else
          state.Output = "{% " .. row[1 + i] .. " %}"
        end
        program.write(dir .. "/m.json",
          program.encode { QueryLanguage = names[language], StartAt = "S", States = { S = state } })
        local result = program.run({ "run", "m.json", "-q", "--input", "@order.json" }, { cwd = dir })
        assert.are.equal(row[5] .. "\n", result.stdout, result.stderr)
      end)
    end
  end
end)
