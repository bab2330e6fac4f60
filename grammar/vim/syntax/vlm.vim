" Highlighting of medctc's specs. Made by grammar/highlighting/vim.ts from the grammar's own tables.
if exists("b:current_syntax")
  finish
endif

syntax case match
syntax iskeyword a-z,A-Z,48-57,_

syntax match vlmName ~\v<[A-Za-z_][A-Za-z0-9_]*>~
syntax match vlmFunction ~\v<[A-Za-z_][A-Za-z0-9_]*>\ze\s*\(~
syntax match vlmNumber ~\v[0-9][0-9_]*%(\.[0-9][0-9_]*)?%([eE][+-]?[0-9]+)?%(KB|MB|GB|K|M|B|\%)?~
syntax match vlmDeclaration ~\v<%(roles|function|module|adapter|loss|model|encoder|let|param|buffer|part|forward|train|data|eval)>~
syntax match vlmControl ~\v<%(import|return|for|in|repeat|if|then|else)>~
syntax match vlmRule ~\v<%(wraps|when|as|named|on|also|except|freeze|expect|require)>~
syntax match vlmWordOperator ~\v<%(and|or|not)>~
syntax match vlmValue ~\v<%(infer|true|false|none)>~
syntax match vlmRule ~\v<%(on|except|freeze)>~
syntax match vlmRule ~\v^\s*\zs<%(group|remove)>\ze\s+[A-Za-z_*]%(\s+%(and|or|then|else|in)>)@!~
syntax match vlmRule ~\v%(^\s*add\s+)@<=<group>\ze\s+[A-Za-z_*]~
syntax match vlmRule ~\v^\s*\zs<add>\ze\s+%(%(freeze|train|loss|expect|group)>|[A-Za-z_][A-Za-z0-9_.]*\s*\()~
syntax match vlmRule ~\v%(<%(model\s+[A-Za-z_][A-Za-z0-9_]*|train|data|eval)\s+)@<=<amends>~
syntax match vlmDeclaration ~\v^\s*\zs<input>\ze\s+[A-Za-z_][A-Za-z0-9_]*\s*:~
syntax match vlmDeclaration ~\v^\s*\zs<metric>\ze\s+[A-Za-z_][A-Za-z0-9_]*\s*\=%([=>])@!~
syntax match vlmDeclaration ~\v^\s*\zs<shared>\ze%(\s*\(.*\)\s*|\s+)%(param|buffer)>~
syntax match vlmDeclaration ~\v^\s*\zs<optional>\ze\s+buffer>~
syntax match vlmType ~\v%(:\s*)@<=<%(int|float|bool|string|f32|bf16|i32|list)>~
syntax match vlmType ~\v%(:\s*list\s*\[\s*)@<=<%(int|float|bool|string|f32|bf16|i32|list)>~
syntax match vlmType ~\v<%(f32|bf16|i32)>~
syntax match vlmArgument ~\v<[A-Za-z_][A-Za-z0-9_]*>\ze\s*\=%([=>])@!~
syntax match vlmMember ~\v\.\s*<[A-Za-z_][A-Za-z0-9_]*>~
syntax match vlmOperator ~\v\|\>|\=\>|[=!<>]\=|[-+*/%<>=]|\.\.\.?~
syntax match vlmComment ~\v#.*$~ contains=@Spell
syntax region vlmString start=~"~ skip=~\\.~ end=~"\|$~ contains=vlmEscape,vlmPlaceholder,@Spell
syntax match vlmEscape ~\\["\\nt]~ contained
syntax match vlmPlaceholder ~\v\{[A-Za-z_][A-Za-z0-9_]*\}~ contained
syntax match vlmPattern ~\v"[A-Za-z0-9_ (),.]*-\>[A-Za-z0-9_ ().]*"~

highlight default link vlmDeclaration Structure
highlight default link vlmControl Statement
highlight default link vlmRule Keyword
highlight default link vlmWordOperator Operator
highlight default link vlmValue Constant
highlight default link vlmArgument Identifier
highlight default link vlmComment Comment
highlight default link vlmEscape SpecialChar
highlight default link vlmFunction Function
highlight default link vlmNumber Number
highlight default link vlmOperator Operator
highlight default link vlmPattern Special
highlight default link vlmPlaceholder Special
highlight default link vlmString String
highlight default link vlmType Type

let b:current_syntax = "vlm"
