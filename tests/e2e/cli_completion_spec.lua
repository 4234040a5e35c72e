-- `mstep completion`: scripts that the shells accept and that know the program's commands.
local program = require "program"
if program.is_missing() then
  return
end

local function script(shell)
  local result = program.run { "completion", shell }
  assert.are.equal(0, result.code)
  return result.stdout
end

local function bash_completes(words)
  local list = {}
  for i, word in ipairs(words) do
    list[i] = program.quote(word)
  end
  local text = ("%s completion bash > c; . ./c; COMP_WORDS=(%s); COMP_CWORD=%d; _mstep; printf '%%s\\n' \"${COMPREPLY[@]}\"")
    :format(program.quote(program.bin), table.concat(list, " "), #words - 1)
  return program.shell("bash -c " .. program.quote(text), { cwd = program.tmpdir() }).stdout
end

describe("mstep completion", function()
  it("completes commands, verbs, options and values in bash", function()
    assert.are.equal("validate\nversion\n", bash_completes { "mstep", "v" })
    assert.are.equal("receive\n", bash_completes { "mstep", "queue", "rec" })
    assert.are.equal("--virtual-time\n", bash_completes { "mstep", "run", "--vi" })
    assert.are.equal("json\n", bash_completes { "mstep", "list", "--output", "j" })
    assert.are.equal("fish\n", bash_completes { "mstep", "completion", "f" })
  end)

  it("has every command in every shell", function()
    local help = program.run({ "help" }).stdout
    local count = 0
    for name in help:match("commands:(\n.-)\n\n"):gmatch("\n  (%l+) ") do
      count = count + 1
      for _, shell in ipairs { "bash", "zsh", "fish" } do
        assert.is_truthy(script(shell):find(name, 1, true), name)
      end
    end
    assert.is_truthy(count > 20)
  end)

  it("is a script that the shell can read, where there is that shell", function()
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      if program.shell("command -v " .. shell).code == 0 then
        local result = program.shell(("%s completion %s > c && %s -n c"):format(program.quote(program.bin), shell, shell),
          { cwd = program.tmpdir() })
        assert.are.equal(0, result.code, result.stderr)
      end
    end
  end)

  it("knows three shells", function()
    local result = program.run { "completion", "cmd" }
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find('there is no completion for "cmd"', 1, true))
  end)
end)
