/** What shells need to ask `kubectl-stash __complete WORD...`, the word at the cursor last. */

/** bash breaks words at `=` and `:`; the program sees whole ones, and what bash has already is taken off again. */
const bash = `# bash completion of kubectl-stash
_kubectl_stash() {
  local -a words=()
  local index word line directive=4 glue= broken=
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == [=:] && \${#words[@]} -gt 0 ]]; then
      words[-1]+=$word glue=1
    elif [[ -n $glue ]]; then
      words[-1]+=$word glue=
    else
      words+=("$word")
    fi
  done
  word=\${words[-1]}
  [[ $word == *[=:]* ]] && broken=\${word%"\${word##*[=:]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :* ]]; then
      directive=\${line#:}
    else
      line=\${line%%$'\\t'*}
      COMPREPLY+=("\${line#"$broken"}")
    fi
  done < <("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2> /dev/null)
  if ((directive & 2)); then compopt -o nospace; fi
  if ! ((directive & 4)); then compopt -o default; fi
}
complete -F _kubectl_stash kubectl-stash
`;

const zsh = `#compdef kubectl-stash
_kubectl_stash() {
  local line directive=4
  local -a described plain
  while IFS= read -r line; do
    if [[ $line == :* ]]; then
      directive=\${line#:}
    else
      plain+=("\${line%%$'\\t'*}")
      described+=("\${line/$'\\t'/  -- }")
    fi
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2> /dev/null)
  if ((directive & 2)); then
    compadd -S '' -d described -a plain
  else
    compadd -d described -a plain
  fi
  if ! ((directive & 4)); then _files; fi
}
compdef _kubectl_stash kubectl-stash
`;

const fish = `# fish completion of kubectl-stash
function __kubectl_stash_complete
    set -l words (commandline -opc)
    set -a words (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null | string match --invert --regex '^:[0-9]+$'
end
complete --command kubectl-stash --no-files --arguments '(__kubectl_stash_complete)'
`;

const powershell = `# PowerShell completion of kubectl-stash
Register-ArgumentCompleter -Native -CommandName kubectl-stash -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($wordToComplete -eq '') { $words += '' }
  & $commandAst.CommandElements[0].Value __complete @words 2>$null |
    Where-Object { $_ -notmatch '^:\\d+$' } |
    ForEach-Object {
      $text, $description = $_ -split "\`t", 2
      if (-not $description) { $description = $text }
      [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $description)
    }
}
`;

export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish, powershell };
