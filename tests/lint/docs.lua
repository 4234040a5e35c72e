-- Documentation that can be checked: every module has a README, links lead somewhere, commands that a
-- README shows exist (programs in the tree, presets, `mstep` commands).
local lint = require "lint"

local function parts(text)
  -- Lines inside ```sh blocks, and the text outside every block.
  local commands, prose, fence = {}, {}, nil
  for number, line in lint.each_line(text) do
    local mark = line:match("^```%s*(%w*)")
    if mark then
      fence = fence == nil and mark or nil
    elseif fence == "sh" or fence == "console" then
      commands[#commands + 1] = { line = number, text = line:gsub("^%$%s*", "") }
    elseif fence == nil then
      prose[#prose + 1] = { line = number, text = line }
    end
  end
  return commands, prose
end

local function exists(path, paths)
  path = path:gsub("^%./", ""):gsub("/+$", ""):gsub("[#?].*$", "")
  return path == "" or paths[path] ~= nil
end

local function join(directory, target)
  local steps = {}
  for step in (directory .. "/" .. target):gmatch("[^/]+") do
    if step == ".." then
      table.remove(steps)
    elseif step ~= "." then
      steps[#steps + 1] = step
    end
  end
  return table.concat(steps, "/")
end

local function check_command(file, command, world, report)
  local program = command.text:match("^%s*(%./[%w_/.-]+)")
  local built = program and program:match("^%./build/")
  if program and not built and not exists(program, world.paths) then
    report(file.path, command.line, "%s does not exist", program)
  end
  local preset = command.text:match("%-%-preset[ =]([%w-]+)")
  if preset and world.presets and not world.presets[preset] then
    report(file.path, command.line, "there is no preset %s", preset)
  end
  local word = command.text:match("^%s*mstep%s+(%l+)") or command.text:match("^%s*%S*/mstep%s+(%l+)")
  if word and world.commands and not world.commands[word] then
    report(file.path, command.line, "`mstep %s` is no command of engine/cli/cmds.def", word)
  end
  for argument in command.text:gmatch("@?(examples/[%w_/.-]+)") do
    if not exists(argument, world.paths) then
      report(file.path, command.line, "%s does not exist", argument)
    end
  end
end

local function check_links(file, prose, world, report)
  local directory = file.path:match("^(.*)/[^/]*$") or ""
  for _, line in ipairs(prose) do
    for target in line.text:gmatch("%]%(([^)%s]+)%)") do
      local outside = target:match("^%a+:") or target:match("^#")
      if not outside and not exists(join(directory, target), world.paths) then
        report(file.path, line.line, "the link %s leads nowhere", target)
      end
    end
  end
end

local function read_world(files, context)
  local world = { paths = {}, presets = nil, commands = nil }
  local names = {}
  for _, file in ipairs(files) do
    names[#names + 1] = file.path
    if file.path == "CMakePresets.json" then
      world.presets = {}
      for name in file.text:gmatch('"name":%s*"([%w-]+)"') do
        world.presets[name] = true
      end
    elseif file.path == "engine/cli/cmds.def" then
      world.commands = { help = true }
      for _, row in ipairs(lint.rows(file.text)) do
        world.commands[row[1] or ""] = true
      end
    end
  end
  if context.root then
    names = lint.lines_of(("cd '%s' && find . -path ./.git -prune -o -path ./build -prune -o -print | cut -c3-"):format(context.root))
    world.presets = world.presets or {}
    for name in (lint.read(context.root .. "/CMakePresets.json") or ""):gmatch('"name":%s*"([%w-]+)"') do
      world.presets[name] = true
    end
  end
  for _, name in ipairs(names) do
    local path = name
    while path and path ~= "" do
      world.paths[path] = true
      path = path:match("^(.*)/[^/]*$")
    end
  end
  return world
end

local function check_modules(files, world, report)
  local modules = {}
  for _, file in ipairs(files) do
    local module = file.path:match("^engine/([^/]+)/.*%.c$")
    if module and not modules[module] then
      modules[module] = true
      if not world.paths["engine/" .. module .. "/README.md"] then
        report("engine/" .. module, nil, "has no README.md")
      end
    end
  end
end

local function check(files, report, context)
  local world = read_world(files, context)
  check_modules(files, world, report)
  if not world.paths["README.md"] then
    report("README.md", nil, "is missing")
  end
  for _, file in ipairs(files) do
    if file.path:match("%.md$") then
      local commands, prose = parts(file.text)
      for _, command in ipairs(commands) do
        check_command(file, command, world, report)
      end
      check_links(file, prose, world, report)
      if file.path:match("^engine/[^/]+/README%.md$") and #file.text < 400 then
        report(file.path, nil, "says too little: purpose, types, mechanism, how to add")
      end
    end
  end
end

local PRESETS = '{"name": "dev"}'
local CMDS = 'MS_CMD(run, ms_cmd_run, "make it fly (high")\n'
return lint {
  name = "docs",
  check = check,
  bad = {
    { says = "README.md: is missing", ["a.txt"] = "" },
    { says = "engine/a: has no README", ["README.md"] = "", ["engine/a/a.c"] = "" },
    { says = "says too little", ["README.md"] = "", ["engine/a/README.md"] = "# a\n" },
    { says = "README.md:2: ./tests/all does not exist", ["README.md"] = "```sh\n./tests/all\n```\n" },
    { says = "no preset fast", ["README.md"] = "```sh\ncmake --preset fast\n```\n", ["CMakePresets.json"] = PRESETS },
    { says = "mstep fly", ["README.md"] = "```sh\nmstep fly x\n```\n", ["engine/cli/cmds.def"] = CMDS },
    { says = "examples/no.json does not exist", ["README.md"] = "```sh\nmstep run examples/no.json\n```\n" },
    { says = "the link engine/b leads nowhere", ["README.md"] = "see [b](engine/b)\n" },
    { says = "the link ../c leads nowhere", ["README.md"] = "", ["examples/README.md"] = "[c](../c)\n" },
  },
  good = {
    {
      ["README.md"] = "[a](examples/a.json) [w](https://x.y)\n```sh\n./tests/run --quick\n$ mstep run examples/a.json\n"
        .. "cmake --preset dev\n./build/dev/mstep run x\n```\n```c\nmstep fly\n```\n",
      ["tests/run"] = "", ["examples/a.json"] = "", ["CMakePresets.json"] = PRESETS, ["engine/cli/cmds.def"] = CMDS,
    },
  },
}
