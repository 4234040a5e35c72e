-- The README is true: blocks with a file name are written, `console` blocks are run in order in one
-- directory, and what they print is what the README shows. A line `...` stands for any number of lines.
-- Ports are replaced by free ones.
local program = require "program"

if program.is_missing() then
  return
end

-- Blocks of a Markdown text: {kind =, file =, line =, lines = {...}}.
local function blocks_of(text)
  local blocks, block, number = {}, nil, 0
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local kind, file = line:match("^```%s*(%w*)%s*(%S*)")
    if block and line:match("^```") then
      blocks[#blocks + 1], block = block, nil
    elseif kind then
      block = { kind = kind, file = file, line = number, lines = {} }
    elseif block then
      block.lines[#block.lines + 1] = line
    end
  end
  return blocks
end

-- Commands of a console block: {command =, line =, expected = {...}}.
local function commands_of(block)
  local commands = {}
  for i, line in ipairs(block.lines) do
    local command = line:match("^%$ (.*)")
    if command then
      commands[#commands + 1] = { command = command, line = block.line + i, expected = {} }
    else
      table.insert(commands[#commands].expected, line)
    end
  end
  return commands
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n?") do
    lines[#lines + 1] = line
  end
  while lines[#lines] == "" do
    lines[#lines] = nil
  end
  return lines
end

-- Do `lines` from i on match `expected` from j on?
local function matches(lines, i, expected, j)
  while j <= #expected do
    if expected[j] == "..." then
      for k = i, #lines + 1 do
        if matches(lines, k, expected, j + 1) then
          return true
        end
      end
      return false
    elseif lines[i] ~= expected[j] then
      return false
    end
    i, j = i + 1, j + 1
  end
  return i > #lines
end

-- Ports that somebody has, of IPv4 and IPv6.
local function ports_taken()
  local taken = {}
  for _, name in ipairs { "/proc/net/tcp", "/proc/net/tcp6" } do
    for line in io.lines(name) do
      local port = line:match("^%s*%d+: %x+:(%x+) ")
      if port then
        taken[tonumber(port, 16)] = true
      end
    end
  end
  return taken
end

-- The text with free ports in place of those that the README names: as wide, so that tables stay as they are.
local function with_free_ports(text)
  local taken, port_of = ports_taken(), {}
  return (text:gsub("%f[%d]457%d%f[%D]", function(named)
    while not port_of[named] do
      local port = math.random(5000, 9999)
      port_of[named] = not taken[port] and tostring(port) or nil
      taken[port] = true
    end
    return port_of[named]
  end))
end

local function prepare()
  local dir = program.tmpdir()
  os.execute(("ln -s %s %s"):format(program.quote(program.source .. "/examples"), program.quote(dir)))
  os.execute(("mkdir %s/bin && ln -s %s %s/bin/mstep"):format(dir, program.quote(program.bin), dir))
  -- The distribution's `aws`, where there is one, before any other that somebody has installed.
  os.execute(("[ ! -x /usr/bin/aws ] || ln -s /usr/bin/aws %s/bin/aws"):format(dir))
  return dir
end

for _, path in ipairs { "README.md" } do
  describe(path, function()
    local dir = prepare()
    local blocks = blocks_of(with_free_ports(program.read(program.source .. "/" .. path)))
    local ran = 0

    for _, block in ipairs(blocks) do
      if block.file ~= "" then
        local folder = block.file:match("^(.*)/")
        it(("line %d: %s"):format(block.line, block.file), function()
          if folder then
            os.execute(("mkdir -p %s/%s"):format(dir, folder))
          end
          program.write(dir .. "/" .. block.file, table.concat(block.lines, "\n") .. "\n")
        end)
      end
      for _, command in ipairs(block.kind == "console" and commands_of(block) or {}) do
        ran = ran + 1
        it(("line %d: %s"):format(command.line, command.command), function()
          local result = program.shell("PATH=" .. dir .. "/bin:$PATH; exec 2>&1; " .. command.command, { cwd = dir })
          local printed = lines_of(result.stdout)
          assert.is_true(matches(printed, 1, command.expected, 1),
            "expected\n" .. table.concat(command.expected, "\n") .. "\nbut got\n" .. result.stdout)
          if #command.expected == 0 then
            assert.are.equal(0, result.code)
          end
        end)
      end
    end

    it("shows commands that were run", function()
      assert.is_true(ran >= 8)
    end)
  end)
end
