autocmd BufNewFile,BufRead *.vlm setfiletype vlm
