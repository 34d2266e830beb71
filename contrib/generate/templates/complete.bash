# bash completion of {{.Name}}
# Generated from what the plugin says of itself (make contrib): do not edit.
# Goes to /usr/share/bash-completion/completions/{{.Name}}.

_noout_{{.Name}}() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	# bash splits words at = signs: --option=value is three of them
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = && $COMP_CWORD -ge 2 ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $prev in
{{- range .Valued}}
	{{if .Short}}-{{.Short}} | {{end}}--{{.Long}})
{{- if .Enum}}
		mapfile -t COMPREPLY < <(compgen -W {{literal (join .Enum " ")}} -- "$cur")
{{- else if eq .Type "file"}}
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
{{- else if eq .Type "directory"}}
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
{{- end}}
		return
		;;
{{- end}}
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W {{literal .Words}} -- "$cur")
	fi
}

complete -F _noout_{{.Name}} {{.Name}}
