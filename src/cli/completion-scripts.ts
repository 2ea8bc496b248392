/** Scripts that make shells call `kubectl-stash __complete WORD...`; the last word is the word at the cursor. */

/** bash splits words at `=` and `:`. The script joins them for the program, and then removes the part that bash has. */
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

/** In a directory of $fpath, zsh runs the file as a function at the first Tab. If it is sourced, it registers itself. */
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
  if ! ((directive & 4)); then
    if [[ $PREFIX == -*=* ]]; then compset -P '*='; fi
    _files
  fi
}
if [[ \${funcstack[1]} == _kubectl-stash ]]; then
  _kubectl_stash "$@"
else
  compdef _kubectl_stash kubectl-stash
fi
`;

/** If the condition fails, fish offers files. */
const fish = `# fish completion of kubectl-stash
function __kubectl_stash_ask
    set -l words (commandline -opc)
    set -a words (commandline -ct)
    set -l directive 4
    set -g __kubectl_stash_found
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if string match --quiet ':*' -- $line
            set directive (string sub --start 2 -- $line)
        else
            set -a __kubectl_stash_found $line
        end
    end
    test $directive -ge 4
end
complete --command kubectl-stash --no-files --condition __kubectl_stash_ask --arguments '$__kubectl_stash_found'
`;

/** PowerShell offers files if a completer returns nothing, and no files if it returns an empty string. */
const powershell = `# PowerShell completion of kubectl-stash
Register-ArgumentCompleter -Native -CommandName kubectl-stash -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($wordToComplete -eq '') { $words += '' }
  $directive = 4
  $found = @(
    foreach ($line in @(& $commandAst.CommandElements[0].Value __complete @words 2>$null)) {
      if ($line -match '^:(\\d+)$') {
        $directive = [int]$Matches[1]
      } else {
        $text, $description = $line -split "\`t", 2
        if (-not $description) { $description = $text }
        [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $description)
      }
    }
  )
  if (-not ($directive -band 4)) {
    $flag = if ($wordToComplete -match '^-[^=]*=') { $Matches[0] } else { '' }
    $found += @(
      [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete.Substring($flag.Length)) |
        ForEach-Object {
          [System.Management.Automation.CompletionResult]::new(
            $flag + $_.CompletionText, $_.ListItemText, $_.ResultType, $_.ToolTip)
        }
    )
  }
  if ($found.Count -eq 0) { '' } else { $found }
}
`;

export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish, powershell };
