package main

// scriptFor is what has the shell complete kubectl-creds, "" for one that is not known. Each gives the words up to the cursor
// to __complete and offers what it answers.
func scriptFor(shell string) string {
	switch shell {
	case "bash":
		return forBash
	case "zsh":
		return forZsh
	case "fish":
		return forFish
	case "powershell":
		return forPowerShell
	}
	return ""
}

// bash splits words at : = and @, which names may hold: the words are read from the line again, and what stands before the
// last of those characters is cut off the candidates, because bash replaces only what follows it.
const forBash = `_kubectl_creds() {
	local line=${COMP_LINE:0:COMP_POINT} words word answer directive
	read -a words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	word=${words[-1]}
	COMPREPLY=()
	while IFS= read -r answer; do
		if [[ $answer == :[0-9]* ]]; then
			directive=$answer
			continue
		fi
		answer=${answer%%$'\t'*}
		printf -v answer %q "${answer#"${word%"${word##*[:=@]}"}"}"
		COMPREPLY+=("$answer")
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	[[ $directive == :0 ]] && compopt -o default
	[[ ${#COMPREPLY[@]} == 1 && $COMPREPLY == *= ]] && compopt -o nospace
	return 0
}
complete -F _kubectl_creds kubectl-creds
`

const forZsh = `#compdef kubectl-creds
_kubectl_creds() {
	local answer directive
	local -a words_so_far found
	words_so_far=("${(@Q)words[2,CURRENT]}")
	while IFS= read -r answer; do
		if [[ $answer == :<-> ]]; then
			directive=$answer
			continue
		fi
		found+=("${${answer%%$'\t'*}//:/\\:}:${answer#*$'\t'}")
	done < <("${(Q)words[1]}" __complete "${(@)words_so_far}" 2>/dev/null)
	_describe -V kubectl-creds found
	[[ $directive == :0 ]] && _files
	return 0
}
compdef _kubectl_creds kubectl-creds
`

const forFish = `function __kubectl_creds
	set -l words (commandline --tokenize --cut-at-cursor --current-process)
	for answer in ($words[1] __complete $words[2..] (commandline --cut-at-cursor --current-token) 2>/dev/null)
		string match --quiet --regex '^:\d+$' -- $answer; and return
		echo $answer
	end
end
function __kubectl_creds_files
	set -l words (commandline --tokenize --cut-at-cursor --current-process)
	contains -- :0 ($words[1] __complete $words[2..] (commandline --cut-at-cursor --current-token) 2>/dev/null)
end
complete --command kubectl-creds --no-files --arguments '(__kubectl_creds)'
complete --command kubectl-creds --condition __kubectl_creds_files --force-files
`

const forPowerShell = `Register-ArgumentCompleter -Native -CommandName kubectl-creds -ScriptBlock {
	param($word, $line, $cursor)
	$words = @($line.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursor } | ForEach-Object {
		if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
	})
	if ($word -eq '') { $words += '""' }
	$program = $words[0]
	& $program __complete $words[1..($words.Count - 1)] 2>$null | ForEach-Object {
		$found, $about = $_ -split [char]9, 2
		if ($found -match '^:\d+$') { return }
		if (-not $about) { $about = $found }
		$text = $found
		if ($text -match '\s') { $text = "'" + $text.Replace("'", "''") + "'" }
		[System.Management.Automation.CompletionResult]::new($text, $found, 'ParameterValue', $about)
	}
}
`
