-- Opens a spec with the settings of the README, and prints what the language server says of it as JSON.
vim.cmd("filetype plugin on")
vim.filetype.add({ extension = { vlm = "vlm" } })
vim.lsp.config("medctc", { cmd = { "medctc", "lsp" }, filetypes = { "vlm" } })
vim.lsp.enable("medctc")

local function place(text)
  local line = vim.fn.search("\\V" .. text, "nw")
  return { line = line - 1, character = vim.fn.getline(line):find(text, 1, true) + #text - 1 }
end

local function ask(method, position)
  local parameters = { textDocument = vim.lsp.util.make_text_document_params(), position = position }
  local answers = assert(vim.lsp.buf_request_sync(0, method, parameters, 20000), method .. " has no answer")
  for _, answer in pairs(answers) do
    assert(not answer.error, method)
    return answer.result
  end
end

local function main()
  vim.cmd.edit(vim.fn.argv(0))
  assert(vim.wait(20000, function() return #vim.diagnostic.get(0) > 0 end), "no diagnostic came")
  local items = ask("textDocument/completion", place("text.attn."))
  local labels = vim.tbl_map(function(item) return item.label end, items.items or items)
  io.write(vim.json.encode({
    diagnostics = vim.tbl_map(function(each) return each.code .. ": " .. each.message end, vim.diagnostic.get(0)),
    hover = ask("textDocument/hover", place("encoder text")).contents.value,
    completion = labels,
    tokens = #ask("textDocument/semanticTokens/full").data / 5,
  }), "\n")
end

local fine, problem = xpcall(main, debug.traceback)
if not fine then io.stderr:write(problem, "\n") end
vim.cmd(fine and "qall!" or "cquit!")
