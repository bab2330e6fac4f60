-- Prints the group of Vim's syntax at every byte of the files that are given, a line of JSON for each file.
vim.opt.runtimepath:prepend("grammar/vim")
vim.cmd("filetype plugin on | syntax enable")

local function main()
  for _, path in ipairs(vim.fn.argv()) do
    vim.cmd.edit(path)
    assert(vim.bo.filetype == "vlm", path .. " has the filetype " .. vim.bo.filetype)
    local rows = {}
    for line = 1, vim.fn.line("$") do
      rows[line] = {}
      for column = 1, #vim.fn.getline(line) do
        rows[line][column] = vim.fn.synIDattr(vim.fn.synID(line, column, 1), "name")
      end
    end
    io.write(vim.json.encode({ path = path, rows = rows }), "\n")
  end
end

local fine, problem = xpcall(main, debug.traceback)
if not fine then io.stderr:write(problem, "\n") end
vim.cmd(fine and "qall!" or "cquit!")
